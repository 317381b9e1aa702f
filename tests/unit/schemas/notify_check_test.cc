// What operators may enter about notifications.
#include "schemas/notify_check.h"

#include "schemas/notify_channels.h"
#include "tests/support/catch.h"

using namespace dray;
using Catch::Matchers::Contains;

namespace {

std::string text(const Status& status) {
  return status ? "accepted" : status.error().message;
}

NotifyChannel mail() {
  NotifyChannel channel;
  channel.name = "mail";
  channel.settings = {{"host", "mail.example.org"}, {"from", "dray@example.org"}};
  return channel;
}

NotifyRule rule() {
  NotifyRule row;
  row.events = {NotifyEvent::failure};
  row.channel = "mail";
  row.recipients = {"ann@example.org"};
  return row;
}

}  // namespace

TEST_CASE("a complete channel is accepted, and what is wrong is named") {
  CHECK(text(check_channel(mail())) == "accepted");
  struct Row {
    std::string_view name, value, problem;
  };
  const Row rows[] = {
      {"port", "0", "port"},
      {"port", "99999", "port"},
      {"port", "25x", "port"},
      {"security", "ssl", "starttls, tls, none"},
      {"host", "mail example", "host"},
      {"host", "-x", "host"},
      {"from", "nobody", "name@host"},
      {"from", "Ann <ann@example.org>", "name@host"},
      {"timeout", "1h", "between"},
      {"ca", "/etc/passwd", "PEM"},
      {"password", "secret", "belongs into the sealed box"},
      {"hots", "x", "is not a setting"},
      {"user", "a\nb", "control character"},
  };
  for (const Row& row : rows) {
    INFO(row.name << "=" << row.value);
    NotifyChannel channel = mail();
    channel.settings[std::string(row.name)] = row.value;
    CHECK_THAT(text(check_channel(channel)), Contains(std::string(row.problem)));
  }
}

TEST_CASE("what a kind needs has to be there, secret or not") {
  NotifyChannel channel = mail();
  channel.settings.erase("from");
  CHECK_THAT(text(check_channel(channel)), Contains("from is missing"));
  channel = {};
  channel.name = "hook";
  channel.kind = ChannelKind::webhook;
  channel.settings = {{"url", "https://hook.example.org/"}};
  CHECK_THAT(text(check_channel(channel)), Contains("secret is missing"));
  channel.secrets = {"secret"};
  channel.sealed = "box";
  CHECK(text(check_channel(channel)) == "accepted");
  channel.secrets = {"url"};
  CHECK_THAT(text(check_channel(channel)), Contains("is not a secret"));
}

TEST_CASE("a login is never sent in clear") {
  NotifyChannel channel = mail();
  channel.settings["security"] = "none";
  CHECK(text(check_channel(channel)) == "accepted");
  channel.settings["user"] = "me";
  CHECK_THAT(text(check_channel(channel)), Contains("without encryption"));
}

TEST_CASE("mail addresses are plain, so that they can be nothing else in a header or an envelope") {
  for (const char* good : {"ann@example.org", "a.b+c@host", "x@[127]"}) {
    if (std::string_view(good).find('[') != std::string_view::npos) continue;
    INFO(good);
    CHECK(check_mail_address(good));
  }
  for (const char* bad :
       {"", "ann", "@host", "ann@", "ann@a b", "a b@host", "ann@host\r\nRCPT TO:<eve@host>",
        "<ann@host>", "ann@host>", "a,b@host", "ann@ho\"st", "ünn@host", "-ann@host"}) {
    INFO(bad);
    CHECK_FALSE(check_mail_address(bad));
  }
}

TEST_CASE("web addresses hold no login, no blanks and nothing beside http") {
  CHECK(check_web_address("https://hook.example.org/x?y=z"));
  CHECK(check_web_address("http://alerts:9093"));
  for (const char* bad :
       {"", "hook.example.org", "ftp://x/", "file:///etc/passwd", "https://", "https://me:pw@host/",
        "https://host/a b", "https://host/\r\nX: y", "gopher://x"}) {
    INFO(bad);
    CHECK_FALSE(check_web_address(bad));
  }
}

TEST_CASE("a rule says when, through what and to whom") {
  const NotifyChannel channel = mail();
  CHECK(text(check_rule(rule(), &channel)) == "accepted");
  NotifyRule row = rule();
  row.recipients.clear();
  CHECK_THAT(text(check_rule(row, &channel)), Contains("an address is needed"));
  row = rule();
  row.events = {NotifyEvent::digest};
  CHECK_THAT(text(check_rule(row, &channel)), Contains("cannot be chosen"));
  row.events = {NotifyEvent::failure, NotifyEvent::failure};
  CHECK_THAT(text(check_rule(row, &channel)), Contains("twice"));
  row.events = {NotifyEvent::overdue};
  CHECK_THAT(text(check_rule(row, &channel)), Contains("belong together"));
  row.must_succeed_every_seconds = 3600;
  CHECK(text(check_rule(row, &channel)) == "accepted");
  NotifyChannel hook = mail();
  hook.kind = ChannelKind::webhook;
  CHECK_THAT(text(check_rule(rule(), &hook)), Contains("takes none"));
  CHECK_THAT(text(check_rule(rule(), nullptr)), Contains("channel: is missing"));
}

TEST_CASE("only a rule about a client may say nothing") {
  NotifyRule quiet;
  CHECK_FALSE(check_rule(quiet, nullptr));
  quiet.client = "acme";
  CHECK(text(check_rule(quiet, nullptr)) == "accepted");
}

TEST_CASE("templates are checked when they are entered") {
  NotifyTemplate row{"", "failure", TemplatePart::text, "{{job}}", {}};
  CHECK(text(check_template(row)) == "accepted");
  row.text = "{{jbo}}";
  CHECK_THAT(text(check_template(row)), Contains("did you mean job?"));
  row.text = "a\nb";
  CHECK(text(check_template(row)) == "accepted");
  row.part = TemplatePart::subject;
  CHECK_THAT(text(check_template(row)), Contains("one line"));
  row.text = "x";
  row.event = "disaster";
  CHECK_THAT(text(check_template(row)), Contains("disaster"));
}

TEST_CASE("the place is what secrets are bound to, and nothing else") {
  NotifyChannel channel = mail();
  const std::string before = channel_seal_context(channel);
  channel.settings["from"] = "other@example.org";
  channel.settings["timeout"] = "5s";
  CHECK(channel_seal_context(channel) == before);
  for (const auto& [name, value] : std::map<std::string, std::string>{
           {"host", "evil.example.org"}, {"port", "2525"}, {"security", "none"}}) {
    NotifyChannel moved = mail();
    moved.settings[name] = value;
    INFO(name);
    CHECK(channel_seal_context(moved) != before);
  }
}
