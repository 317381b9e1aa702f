// dray notify against a scripted scheduler.
#include "daemon/base/seal.h"
#include "schemas/answers_notify.h"
#include "schemas/notify_channels.h"
#include "tests/support/catch.h"
#include "tests/unit/ops/fake_backend.h"

using namespace dray;
using namespace dray::ops;
using namespace dray::ops::test;
using Catch::Matchers::Contains;

namespace {

struct Daemon {
  FakeBackend backend;
  SealingKeyPair notifier = generate_sealing_keypair();
  std::vector<NotifyChannel> known;

  Daemon() {
    backend.on("notify.key", to_json(SealKeyAnswer{format_sealing_key(notifier.public_key),
                                                   fingerprint(notifier.public_key)}));
    backend.on("notify.channel.list", [this](const std::string&) -> Result<std::string> {
      return to_json(ChannelListAnswer{known});
    });
    backend.on("notify.channel.put", "{}");
    backend.on("notify.rule.put", to_json(RuleAnswer{}));
  }
  NotifyChannel put() const {
    Result<NotifyChannel> channel = from_json<NotifyChannel>(backend.body_of("notify.channel.put"));
    REQUIRE(channel);
    return std::move(*channel);
  }
};

}  // namespace

TEST_CASE("secrets of a channel leave the command sealed, for the place that was entered") {
  Daemon daemon;
  const Call c = call(daemon.backend,
                      {"notify", "add-channel", "mail", "smtp", "host=mail.example.org",
                       "from=dray@example.org", "user=me", "--secret", "password"},
                      "canary\n");
  CHECK(c.err == "");
  CHECK(c.exit == Exit::ok);
  CHECK(daemon.backend.body_of("notify.channel.put").find("canary") == std::string::npos);
  const NotifyChannel sent = daemon.put();
  CHECK(sent.secrets == std::vector<std::string>{"password"});
  CHECK(sent.settings.at("host") == "mail.example.org");
  CHECK(open_sealed(daemon.notifier, channel_seal_context(sent), sent.sealed)->reveal() ==
        R"({"password":"canary"})");
}

TEST_CASE("what a channel lacks or does not know is said before anything is sent") {
  Daemon daemon;
  CHECK_THAT(call(daemon.backend, {"notify", "add-channel", "mail", "smtp", "host=h"}).err,
             Contains("from is missing: sender's address"));
  CHECK_THAT(
      call(daemon.backend, {"notify", "add-channel", "hook", "webhook", "url=https://h/"}).err,
      Contains("secret is missing") && Contains("--prompt secret"));
  CHECK_THAT(
      call(daemon.backend, {"notify", "add-channel", "mail", "smtp", "hots=h", "from=a@b"}).err,
      Contains("'hots' is not a setting"));
  CHECK_THAT(call(daemon.backend, {"notify", "add-channel", "x", "pigeon"}).err,
             Contains("smtp, webhook"));
  CHECK(daemon.backend.body_of("notify.channel.put").empty());
}

TEST_CASE("changing a channel keeps the rest, and one secret means all of them") {
  Daemon daemon;
  NotifyChannel known;
  known.name = "hook";
  known.kind = ChannelKind::webhook;
  known.settings = {{"url", "https://h/"}, {"timeout", "9s"}};
  known.secrets = {"authorization", "secret"};
  daemon.known = {known};
  CHECK(call(daemon.backend, {"notify", "set-channel", "hook", "timeout=5s"}).exit == Exit::ok);
  CHECK(daemon.put().settings ==
        std::map<std::string, std::string>{{"timeout", "5s"}, {"url", "https://h/"}});
  CHECK(daemon.backend.body_of("notify.channel.put").find("\"sealed\"") == std::string::npos);
  CHECK_THAT(call(daemon.backend, {"notify", "set-channel", "hook", "--secret", "secret"}, "x").err,
             Contains("enter all secrets of the channel again: authorization, secret"));
}

TEST_CASE("a rule is sent as it was typed") {
  Daemon daemon;
  const Call c = call(daemon.backend,
                      {"notify", "add", "--channel", "mail", "--on", "failure, fixed", "--on",
                       "held", "--every", "26h", "--to", "a@b", "--to", "c@d", "--job", "photos"});
  CHECK(c.err == "");
  const auto rule = from_json<NotifyRule>(daemon.backend.body_of("notify.rule.put"));
  REQUIRE(rule);
  CHECK(rule->events == std::vector<NotifyEvent>{NotifyEvent::failure, NotifyEvent::fixed,
                                                 NotifyEvent::held, NotifyEvent::overdue});
  CHECK(rule->must_succeed_every_seconds == 26 * 3600);
  CHECK(rule->recipients == std::vector<std::string>{"a@b", "c@d"});
  CHECK(rule->job == "photos");
  CHECK_THAT(call(daemon.backend, {"notify", "add", "--channel", "mail"}).err,
             Contains("say when"));
  CHECK_THAT(call(daemon.backend, {"notify", "add", "--channel", "mail", "--on", "disaster"}).err,
             Contains("disaster") && Contains("failure"));
}

TEST_CASE("a test that fails ends with 1 and the reason, cleaned") {
  Daemon daemon;
  daemon.backend.on("notify.test", to_json(TestAnswer{false, "550 no\x1b[2J", 12}));
  const Call c = call(daemon.backend, {"notify", "test", "mail", "--to", "a@b"});
  CHECK(c.exit == Exit::failed);
  CHECK_THAT(c.err, Contains("channel mail does not work: 550 no"));
  CHECK(c.err.find('\x1b') == std::string::npos);
}

TEST_CASE("deliveries are a table of what became of messages") {
  Daemon daemon;
  DeliveryView row;
  row.id = 7;
  row.state = DeliveryState::failed;
  row.channel = "mail";
  row.recipient = "ann@example.org";
  row.subject = "photos failed";
  row.attempts = 3;
  row.last_error = "550 no such user";
  daemon.backend.on("notify.deliveries", to_json(DeliveryListAnswer{{row}}));
  const Call c = call(daemon.backend, {"notify", "deliveries", "--state", "failed"}, "", 200);
  CHECK_THAT(c.out, Contains("7") && Contains("failed") && Contains("ann@example.org") &&
                        Contains("550 no such user"));
  CHECK_THAT(daemon.backend.body_of("notify.deliveries"), Contains(R"("state":"failed")"));
}
