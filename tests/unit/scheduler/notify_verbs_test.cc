// Channels, rules and templates of notifications, as people and the notifier ask for them.
#include "schemas/answers_notify.h"
#include "schemas/notify_channels.h"
#include "tests/unit/scheduler/verbs_rig.h"

using namespace dray;
using Catch::Matchers::Contains;

namespace {

struct NotifyRig : ShellRig {
  SealingKeyPair notifier = generate_sealing_keypair();

  NotifyRig() {
    ready();
    add_job();
    REQUIRE(text("client.put", R"({"name":"acme"})") != "");
    REQUIRE(text("notify.register",
                 fmt::format(R"({{"public_key":"{}"}})", format_sealing_key(notifier.public_key)),
                 Role::notifier) == "{}");
  }
  std::string channel(const std::string& more = "", const std::string& name = "mail") {
    return text(
        "notify.channel.put",
        fmt::format(R"({{"name":"{}","kind":"smtp","settings":{{"host":"h","from":"a@b"}}{}}})",
                    name, more));
  }
  std::string sealed(const std::string& name, const std::string& host) {
    NotifyChannel row;
    row.name = name;
    row.settings = {{"host", host}, {"from", "a@b"}};
    return fmt::format(
        R"(,"secrets":["password"],"sealed":"{}","sealed_for":"{}")",
        base64_encode(seal(notifier.public_key, channel_seal_context(row), R"({"password":"pw"})")),
        fingerprint(notifier.public_key));
  }
  // On behalf of somebody of the client acme.
  std::string as_acme(const std::string& verb, const std::string& body) {
    posted.clear();
    Request request{verb, body, "eve", "", {}};
    request.acting = {static_cast<uint8_t>(Scope::admin), "acme", "192.0.2.1"};
    shell->request(request, {{51}, next_id++, "notifier"}, Role::notifier, now);
    shell->finish_turn(now);
    const auto responses = sent<Response>();
    if (responses.empty()) return "relayed";
    return responses.front().code == 0 ? responses.front().body : responses.front().message;
  }
};

constexpr const char* kRule = R"({"events":["failure"],"channel":"mail","recipients":["x@y"]})";

}  // namespace

TEST_CASE("who makes a channel overwrites none, and who changes one makes none") {
  NotifyRig rig;
  CHECK_THAT(rig.channel(R"(,"create":false)"), Contains("there is no channel 'mail'"));
  CHECK_THAT(rig.channel(R"(,"create":true)"), Contains(R"("name":"mail")"));
  CHECK_THAT(rig.channel(R"(,"create":true)"), Contains("there is a channel 'mail' already"));
  CHECK_THAT(rig.channel(R"(,"create":false,"max_per_hour":7)"), Contains(R"("max_per_hour":7)"));
  CHECK_THAT(
      rig.as_acme("notify.channel.put", R"({"name":"mail","create":false,"max_per_hour":1})"),
      Contains("there is no channel 'mail'"));
}

TEST_CASE("what is sealed goes to the notifier and to nobody else") {
  NotifyRig rig;
  CHECK_THAT(rig.channel(rig.sealed("mail", "h")),
             !Contains("sealed\":\"A") && Contains("password"));
  CHECK_THAT(rig.text("notify.channel.list"), Contains(R"("sealed":"")"));
  CHECK_THAT(rig.text("audit.list"), !Contains(rig.sealed("mail", "h").substr(40, 30)));
  CHECK_THAT(rig.text("notify.config"), Contains("denied"));
  const std::string config = rig.text("notify.config", "{}", Role::notifier);
  const auto answer = from_json<NotifyConfigAnswer>(config);
  REQUIRE(answer);
  REQUIRE(answer->channels.size() == 1);
  CHECK(open_sealed(rig.notifier, channel_seal_context(answer->channels[0]),
                    answer->channels[0].sealed)
            ->reveal() == R"({"password":"pw"})");
}

TEST_CASE("whoever changes where messages go has to enter the secrets again") {
  NotifyRig rig;
  rig.channel(rig.sealed("mail", "h"));
  CHECK_THAT(
      rig.text("notify.channel.put", R"({"name":"mail","settings":{"host":"evil","from":"a@b"}})"),
      Contains("enter the secrets again"));
  CHECK_THAT(rig.text("notify.channel.put", R"({"name":"mail","max_per_hour":5})"),
             Contains(R"("max_per_hour":5)"));
  CHECK_THAT(rig.text("notify.channel.put", R"({"name":"mail","kind":"ntfy"})"),
             Contains("cannot be changed") || Contains("is not a setting"));
}

TEST_CASE("secrets that are sealed to another key are refused") {
  NotifyRig rig;
  const std::string old = rig.sealed("mail", "h");
  rig.notifier = generate_sealing_keypair();
  rig.text("notify.register",
           fmt::format(R"({{"public_key":"{}"}})", format_sealing_key(rig.notifier.public_key)),
           Role::notifier);
  CHECK_THAT(rig.channel(old), Contains("seal again"));
  CHECK_THAT(rig.text("notify.register", R"({"public_key":"x"})"), Contains("denied"));
}

TEST_CASE("a rule needs a channel that it may use and a job that is its client's") {
  NotifyRig rig;
  CHECK_THAT(rig.text("notify.rule.put", kRule), Contains("there is no channel 'mail'"));
  rig.channel();
  CHECK_THAT(rig.text("notify.rule.put", kRule), Contains(R"("id":1)"));
  CHECK_THAT(rig.text("notify.rule.put", R"({"id":1,"events":["held"]})"),
             Contains(R"("events":["held"])") && Contains("x@y"));
  CHECK_THAT(
      rig.text("notify.rule.put",
               R"({"job":"nope","events":["failure"],"channel":"mail","recipients":["x@y"]})"),
      Contains("there is no job"));
  CHECK_THAT(
      rig.text("notify.rule.put",
               R"({"job":"photos","events":["failure"],"channel":"mail","recipients":["x@y"]})"),
      Contains(R"("client":"default")"));
  CHECK_THAT(rig.text("notify.channel.remove", R"({"name":"mail"})"), Contains("used by rule 1"));
}

TEST_CASE("rules go with their job and their client, and a channel keeps its client") {
  NotifyRig rig;
  rig.channel();
  rig.text("notify.rule.put",
           R"({"job":"photos","events":["failure"],"channel":"mail","recipients":["x@y"]})");
  rig.text("notify.rule.put",
           R"({"client":"acme","events":["failure"],"channel":"mail","recipients":["x@y"]})");
  rig.channel(R"(,"client":"acme")", "own");
  CHECK_THAT(rig.text("client.remove", R"({"name":"acme"})"),
             Contains("notification channel 'own'"));
  rig.text("notify.channel.remove", R"({"name":"own"})");
  CHECK(rig.text("client.remove", R"({"name":"acme"})") == "{}");
  CHECK(rig.text("job.remove", R"({"name":"photos"})") == "{}");
  CHECK(rig.text("notify.rule.list") == R"({"rules":[]})");
}

TEST_CASE("a change is written into the journal, so that the notifier reads it") {
  NotifyRig rig;
  rig.channel();
  rig.text("notify.rule.put", kRule);
  rig.text("notify.template.put", R"({"part":"subject","text":"{{job}}"})");
  CHECK_THAT(rig.text("event.list"), Contains(R"("kind":"notify.changed")"));
  CHECK_THAT(rig.text("audit.list"), Contains("notify.rule.put") && !Contains("notify.register"));
}

TEST_CASE("one channel may step in for another, one step deep") {
  NotifyRig rig;
  rig.channel("", "second");
  CHECK_THAT(rig.channel(R"(,"fallback":"second")", "first"), Contains(R"("fallback":"second")"));
  CHECK_THAT(rig.channel(R"(,"fallback":"first")", "third"), Contains("has none of its own"));
  CHECK_THAT(rig.text("notify.channel.put", R"({"name":"second","fallback":"third"})"),
             Contains("there is no channel") || Contains("has none of its own"));
  CHECK_THAT(rig.text("notify.channel.remove", R"({"name":"second"})"), Contains("is used by"));
}

TEST_CASE("a client's people reach what is theirs and use what is everybody's") {
  NotifyRig rig;
  rig.channel();
  rig.text("notify.rule.put", kRule);
  CHECK_THAT(rig.as_acme("notify.channel.list", "{}"),
             Contains(R"("name":"mail")") && Contains(R"("settings":{})"));
  CHECK_THAT(rig.as_acme("notify.rule.list", "{}"), Contains(R"("rules":[])"));
  CHECK_THAT(rig.as_acme("notify.rule.remove", R"({"id":1})"), Contains("there is no rule 1"));
  CHECK_THAT(rig.as_acme("notify.rule.put", R"({"id":1,"events":["success"]})"),
             Contains("there is no rule 1"));
  CHECK_THAT(rig.as_acme("notify.rule.put", kRule), Contains(R"("client":"acme")"));
  CHECK_THAT(
      rig.as_acme("notify.rule.put",
                  R"({"job":"photos","events":["failure"],"channel":"mail","recipients":["x@y"]})"),
      Contains("there is no job"));
  CHECK_THAT(rig.as_acme("notify.channel.remove", R"({"name":"mail"})"),
             Contains("there is no channel"));
  CHECK_THAT(rig.as_acme("notify.channel.put", R"({"name":"mail","max_per_hour":1})"),
             Contains("cannot be changed"));
  CHECK_THAT(rig.as_acme("notify.test", R"({"channel":"mail","recipient":"x@y"})"),
             Contains("there is no channel"));
  CHECK_THAT(rig.as_acme("notify.retry", R"({"channel":"mail"})"), Contains("operators"));
  CHECK_THAT(rig.as_acme("notify.config", "{}"), Contains("nobody's behalf"));
}

TEST_CASE("questions about deliveries are passed on to the notifier, when there is one") {
  NotifyRig rig;
  CHECK_THAT(rig.text("notify.deliveries"), Contains("no notifier is connected"));
  rig.shell->surroundings().notifier = SessionId{90};
  rig.ask("notify.deliveries", R"({"job":"photos"})");
  REQUIRE(rig.relays.size() == 1);
  CHECK(rig.relays[0].worker == SessionId{90});
  CHECK_THAT(std::get<WorkerQuery>(rig.relays[0].question).body,
             Contains(R"("job":"photos")") && Contains(R"("owner":"")"));
  rig.as_acme("notify.deliveries", "{}");
  REQUIRE(rig.relays.size() == 2);
  CHECK_THAT(std::get<WorkerQuery>(rig.relays[1].question).body, Contains(R"("owner":"acme")"));
}

TEST_CASE("a run that somebody was told of says when") {
  NotifyRig rig;
  RunRow run = a_run(7, RunState::succeeded);
  REQUIRE(rig.write(scheduler::InsertRun{run}));
  CHECK_THAT(rig.text("run.show", R"({"run":7})"), Contains(R"("notified_at":null)"));
  const std::string mark = R"({"runs":[{"run":7,"at":"2027-01-15T08:00:00Z"}]})";
  CHECK(rig.text("notify.mark", mark, Role::notifier) == "{}");
  CHECK_THAT(rig.text("run.show", R"({"run":7})"),
             Contains(R"("notified_at":"2027-01-15T08:00:00Z")"));
  CHECK_THAT(rig.text("notify.mark", mark), Contains("denied"));
}
