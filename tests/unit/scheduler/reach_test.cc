// What a person that belongs to a client may reach, and what the notifier may for itself.
#include "schemas/access.h"
#include "tests/support/catch.h"
#include "tests/unit/scheduler/verbs_rig.h"

namespace dray {
namespace {

using Catch::Matchers::Contains;

constexpr uint8_t kOperate = static_cast<uint8_t>(Scope::operate);
constexpr uint8_t kAdmin = static_cast<uint8_t>(Scope::admin);

struct ReachRig : ShellRig {
  ReachRig() {
    ready();
    add_job("photos");
    REQUIRE(ask("client.put", R"({"name":"acme"})").code == 0);
  }
  // As somebody whom the notifier proved.
  std::string as(const Acting& acting, const std::string& verb, const std::string& body = "{}") {
    posted.clear();
    Request request{verb, body, "ann", "", acting};
    shell->request(request, {{50}, next_id++, "dray-notifier"}, Role::notifier, now);
    shell->finish_turn(now);
    const auto responses = sent<Response>();
    REQUIRE(responses.size() == 1);
    return responses[0].code == 0
               ? responses[0].body
               : fmt::format("{}: {}", to_string(from_wire_code(responses[0].code)),
                             responses[0].message);
  }
};

TEST_CASE("a scope that is too small is refused, whoever asks through the notifier") {
  ReachRig rig;
  CHECK(rig.as({kOperate, "", ""}, "client.put", R"({"name":"x"})") ==
        "denied: client.put needs the scope admin");
  CHECK_THAT(rig.as({kAdmin, "", ""}, "client.put", R"({"name":"x"})"), Contains("\"name\":\"x\""));
}

TEST_CASE("the notifier asks for itself only what is its own") {
  ReachRig rig;
  CHECK_THAT(rig.as({}, "job.list"), Contains("denied"));
  CHECK(rig.as({}, "access.used", R"({"tokens":[]})") == "{}");
  CHECK_THAT(rig.as({kAdmin, "", ""}, "access.used", R"({"tokens":[]})"), Contains("denied"));
}

TEST_CASE("what belongs to another client looks as if it were not there") {
  ReachRig rig;
  const Acting acme{kAdmin, "acme", ""};
  CHECK(rig.as(acme, "job.show", R"({"name":"photos"})") == "not_found: there is no job 'photos'");
  CHECK(rig.as(acme, "job.show", R"({"name":"nothing"})") ==
        "not_found: there is no job 'nothing'");
  CHECK(rig.as(acme, "job.list") == R"({"jobs":[]})");
  CHECK(rig.as(acme, "job.list", R"({"client":"default"})") ==
        "not_found: there is no client 'default'");
  CHECK_THAT(rig.as(acme, "job.put", R"({"name":"photos","priority":1})"),
             Contains("conflict: the name 'photos' is taken"));
  CHECK_THAT(rig.as(acme, "client.list"), !Contains("default"));
  CHECK_THAT(rig.as(acme, "settings.list"), Contains("denied"));
}

TEST_CASE(
    "every verb says what a person of a client is held to, and none lets another's job through") {
  ReachRig rig;
  const Acting acme{kAdmin, "acme", ""};
  for (const Verb& verb : kVerbs) {
    if (verb.reach != Reach::job_name && verb.reach != Reach::job) continue;
    INFO(verb.name);
    const std::string field = verb.reach == Reach::job ? "job" : "name";
    CHECK(rig.as(acme, std::string(verb.name), fmt::format(R"({{"{}":"photos"}})", field)) ==
          "not_found: there is no job 'photos'");
  }
}

TEST_CASE("runs are started and cancelled within the own client only") {
  ReachRig rig;
  const auto enqueue = [&](const Acting& acting) {
    rig.posted.clear();
    Enqueue request;
    request.job = "photos";
    request.acting = acting;
    rig.shell->enqueue(request, {{50}, rig.next_id++, "dray-notifier"}, Role::notifier, rig.now);
    rig.shell->finish_turn(rig.now);
    return rig.sent<Enqueued>().at(0);
  };
  CHECK(enqueue({}).code == to_wire_code(ErrorCode::denied));
  CHECK(enqueue({kOperate, "acme", ""}).code == to_wire_code(ErrorCode::not_found));
  const Enqueued good = enqueue({kOperate, "default", ""});
  REQUIRE(good.code == 0);
  const auto cancel = [&](CancelRequest request) {
    rig.posted.clear();
    rig.shell->cancel(request, {{50}, rig.next_id++, "dray-notifier"}, Role::notifier, rig.now);
    rig.shell->finish_turn(rig.now);
    return rig.sent<CancelReply>().at(0);
  };
  CancelRequest all;
  all.all = true;
  all.acting = {kOperate, "acme", ""};
  CHECK(cancel(all).rows.empty());
  CancelRequest one;
  one.runs = {good.run};
  one.acting = all.acting;
  CHECK(cancel(one).code == to_wire_code(ErrorCode::not_found));
}

TEST_CASE("the last administrator cannot be removed, disabled or lowered") {
  ReachRig rig;
  const std::string hash =
      "$argon2id$v=19$m=65536,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
  const auto put = [&](const std::string& more) {
    return rig.text("user.put", fmt::format(R"({{"name":"ann"{}}})", more));
  };
  CHECK_THAT(put(R"(,"scope":"admin","password":"clear")"), Contains("must be an Argon2id text"));
  CHECK_THAT(put(fmt::format(R"(,"scope":"admin","password":"{}")", hash)), !Contains("argon2"));
  CHECK_THAT(put(R"(,"enabled":false)"), Contains("last administrator"));
  CHECK_THAT(put(R"(,"scope":"read")"), Contains("last administrator"));
  CHECK_THAT(rig.text("user.remove", R"({"name":"ann"})"), Contains("last administrator"));
  CHECK_THAT(
      rig.text(
          "user.put",
          fmt::format(R"({{"name":"eve","first":true,"scope":"admin","password":"{}"}})", hash)),
      Contains("the first user was made already"));
}

TEST_CASE("a token is stored as a keyed hash, and shown without it") {
  ReachRig rig;
  const MadeToken made = make_token();
  CHECK(token_id(made.text) == made.id);
  CHECK_FALSE(token_id(made.text + "0"));
  std::string mistyped = made.text;
  mistyped[30] = mistyped[30] == '0' ? '1' : '0';
  CHECK_FALSE(token_id(mistyped));
  const std::string body =
      fmt::format(R"({{"id":"{}","name":"probe","scope":"read","proof":"{}"}})", made.id,
                  base64_encode(token_proof(made.text)));
  CHECK_THAT(rig.text("token.put", body), Contains(made.id) && !Contains("proof"));
  CHECK_THAT(rig.text("token.put", body), Contains("conflict"));
  CHECK_THAT(rig.text("token.list"), Contains("probe"));
  CHECK(rig.text("token.remove", fmt::format(R"({{"id":"{}"}})", made.id)) == "{}");
  CHECK(rig.text("token.list") == R"({"tokens":[]})");
}

}  // namespace
}  // namespace dray
