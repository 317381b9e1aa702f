// What goes over the wire, by kind of channel.
#include "daemon/notifier/outgoing.h"

#include "daemon/base/digest.h"
#include "daemon/notifier/notice.h"
#include "daemon/notifier/render.h"
#include "schemas/json_fields.h"
#include "schemas/notify_channels.h"
#include "tests/support/catch.h"

using namespace dray;
using namespace dray::notify;
using Catch::Matchers::Contains;

namespace {

const WallTime kNow = from_unix_us(1'800'000'000'000'000);

NotifyChannel channel(ChannelKind kind, std::map<std::string, std::string> settings) {
  NotifyChannel row;
  row.name = "out";
  row.kind = kind;
  row.settings = std::move(settings);
  return row;
}

Delivery delivery(NotifyEvent event) {
  Notice notice = sample_notice(event, kNow);
  complete(notice, "https://dray.example.org");
  const Rendered rendered = Renderer().render(notice);
  Delivery row;
  row.view.id = 5;
  row.view.event = event;
  row.view.job = notice.job;
  row.view.recipient = "ann@example.org";
  row.view.subject = rendered.subject;
  row.view.message_id = "dray.1@host";
  row.view.created_at = kNow;
  row.text = rendered.text;
  row.html = rendered.html;
  row.payload = to_json(notice);
  return row;
}

Secrets secrets(std::map<std::string, std::string> values) {
  Secrets out;
  for (const auto& [name, value] : values)
    out.emplace(name, SecretString(value));
  return out;
}

Call built(const NotifyChannel& row, const Secrets& with, const Delivery& what) {
  Result<Call> call = build_call(row, with, what, {"host.example.org", kNow});
  if (!call) FAIL(call.error().message);
  return std::move(*call);
}

WebCall web(const NotifyChannel& row, std::map<std::string, std::string> with, NotifyEvent event) {
  return std::get<WebCall>(built(row, secrets(std::move(with)), delivery(event)).what);
}

std::string header(const WebCall& call, std::string_view name) {
  for (const std::string& line : call.headers)
    if (line.starts_with(name)) return line.substr(name.size() + 2);
  return "";
}

}  // namespace

TEST_CASE("mail goes to the port that its security means, unless another is given") {
  struct Row {
    std::string security, port;
    MailSecurity means;
    uint16_t to;
  };
  for (const Row& row :
       {Row{"", "", MailSecurity::starttls, 587}, Row{"tls", "", MailSecurity::tls, 465},
        Row{"none", "", MailSecurity::none, 25},
        Row{"starttls", "2525", MailSecurity::starttls, 2525}}) {
    std::map<std::string, std::string> settings{
        {"host", "mail.example.org"}, {"from", "dray@example.org"}, {"user", "me"}};
    if (!row.security.empty()) settings["security"] = row.security;
    if (!row.port.empty()) settings["port"] = row.port;
    const Call call = built(channel(ChannelKind::smtp, settings), secrets({{"password", "pw"}}),
                            delivery(NotifyEvent::failure));
    const auto& mail = std::get<MailCall>(call.what);
    CHECK(mail.security == row.means);
    CHECK(mail.port == row.to);
    CHECK(mail.to == "ann@example.org");
    CHECK(mail.password.reveal() == "pw");
    CHECK_THAT(mail.message, Contains("Message-ID: <dray.1@host>\r\n") &&
                                 Contains("References: <job.photos@host.example.org>\r\n"));
    CHECK(call.timeout == seconds{60});
  }
}

TEST_CASE("a webhook gets the whole notice, signed with the time of sending") {
  const WebCall call =
      web(channel(ChannelKind::webhook, {{"url", "https://hook.example.org/x"}}),
          {{"secret", "key"}, {"authorization", "Bearer abc"}}, NotifyEvent::failure);
  CHECK(call.url.reveal() == "https://hook.example.org/x");
  CHECK(call.authorization.reveal() == "Bearer abc");
  CHECK(header(call, "X-Dray-Event") == "failure");
  CHECK(header(call, "X-Dray-Delivery") == "dray.1@host");
  CHECK(header(call, "X-Dray-Signature") == webhook_signature("key", call.body, kNow));
  const auto notice = from_json<Notice>(call.body);
  REQUIRE(notice);
  CHECK(notice->job == "photos");
  CHECK(notice->link == "https://dray.example.org/#/runs/42");
}

TEST_CASE("the signature is the one that the manual describes") {
  // printf '1800000000.{}' | openssl dgst -sha256 -hmac key
  CHECK(webhook_signature("key", "{}", kNow) ==
        "t=1800000000,v1=7321475872b03ff21bdc2dfd86ea2d99ec29c479fbe4a77aa6acf4509505493f");
}

TEST_CASE("pings go to the address that says how it went") {
  const NotifyChannel row = channel(ChannelKind::healthchecks, {});
  const auto url = [&](NotifyEvent event) {
    return std::string(web(row, {{"url", "https://hc.example.org/uuid/"}}, event).url.reveal());
  };
  CHECK(url(NotifyEvent::success) == "https://hc.example.org/uuid");
  CHECK(url(NotifyEvent::fixed) == "https://hc.example.org/uuid");
  CHECK(url(NotifyEvent::started) == "https://hc.example.org/uuid/start");
  CHECK(url(NotifyEvent::failure) == "https://hc.example.org/uuid/fail");
  CHECK(url(NotifyEvent::test) == "https://hc.example.org/uuid/log");
}

TEST_CASE("chat and push messages show what they mean, with their markup escaped") {
  const WebCall chat = web(channel(ChannelKind::slack, {}), {{"url", "https://chat.example.org/s"}},
                           NotifyEvent::failure);
  CHECK_THAT(chat.body, Contains(":x: ") && Contains("&lt;b&gt;IMG&lt;/b&gt; &amp; co.jpg"));
  const WebCall push = web(channel(ChannelKind::ntfy, {{"url", "https://ntfy.example.org/t"}}),
                           {{"token", "tk_1"}}, NotifyEvent::failure);
  CHECK(header(push, "Priority") == "4");
  CHECK(header(push, "Tags") == "x");
  CHECK(push.authorization.reveal() == "Bearer tk_1");
  CHECK_THAT(push.body, Contains("photos failed"));
}

TEST_CASE("an alert begins with a failure and ends with a good run") {
  const NotifyChannel row =
      channel(ChannelKind::alertmanager, {{"url", "http://alerts.example.org:9093/"}});
  const WebCall bad = web(row, {}, NotifyEvent::failure);
  CHECK(bad.url.reveal() == "http://alerts.example.org:9093/api/v2/alerts");
  CHECK_THAT(bad.body, Contains(R"("alertname":"DrayBackup","severity":"critical")") &&
                           Contains(R"("job":"photos")") &&
                           Contains(R"("startsAt":"2027-01-15T08:00:00Z")"));
  const WebCall good = web(row, {}, NotifyEvent::success);
  CHECK_THAT(good.body, Contains(R"("severity":"critical")") &&
                            Contains(R"("severity":"warning")") &&
                            Contains(R"("endsAt":"2027-01-15T08:00:00Z")"));
}

TEST_CASE("secrets open for their channel and place only") {
  const SealingKeyPair key = generate_sealing_keypair();
  NotifyChannel row = channel(ChannelKind::smtp, {{"host", "mail.example.org"}});
  row.sealed = seal(key.public_key, channel_seal_context(row), R"({"password":"pw"})");
  const Result<Secrets> opened = open_secrets(key, row);
  REQUIRE(opened);
  CHECK(opened->at("password").reveal() == "pw");

  NotifyChannel moved = row;
  moved.settings["host"] = "evil.example.org";
  REQUIRE_FALSE(open_secrets(key, moved));
  CHECK_THAT(open_secrets(key, moved).error().message, Contains("enter them again"));
  NotifyChannel renamed = row;
  renamed.name = "other";
  CHECK_FALSE(open_secrets(key, renamed));
  CHECK_FALSE(open_secrets(generate_sealing_keypair(), row));
  row.settings["from"] = "new@example.org";  // no part of the place
  CHECK(open_secrets(key, row));
}
