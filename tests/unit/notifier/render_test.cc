// What people read, compared with golden files. DRAY_UPDATE_GOLDEN=1 writes them anew.
#include "daemon/notifier/render.h"

#include <cstdlib>

#include "daemon/base/files.h"
#include "tests/support/catch.h"

using namespace dray;
using namespace dray::notify;
using Catch::Matchers::Contains;

namespace {

const WallTime kNow = from_unix_us(1'800'000'000'000'000);

std::string golden(const std::string& name, const std::string& actual) {
  const std::string path = std::string(DRAY_SOURCE_DIR) + "/tests/golden/notify/" + name;
  if (std::getenv("DRAY_UPDATE_GOLDEN") != nullptr)
    if (!write_file_atomic(path, actual, 0644)) return "cannot write " + path;
  const auto expected = read_file(path, 1 << 20);
  return expected ? *expected : expected.error().message;
}

Rendered rendered(NotifyEvent event, const Renderer& renderer = {}) {
  Notice notice = sample_notice(event, kNow);
  complete(notice, "https://dray.example.org/");
  return renderer.render(notice);
}

NotifyTemplate a_template(std::string client, std::string event, std::string text) {
  return {std::move(client), std::move(event), TemplatePart::subject, std::move(text), {}};
}

}  // namespace

TEST_CASE("every event has a message that says what happened and what happens next") {
  for (const EnumRow<NotifyEvent>& row : EnumNames<NotifyEvent>::kRows) {
    const Rendered out = rendered(row.value);
    const std::string all =
        fmt::format("Subject: {}\n\n{}\n-- html --\n{}", out.subject, out.text, out.html);
    CHECK(golden(fmt::format("{}.txt", row.name), all) == all);
  }
}

TEST_CASE("an operator's mail carries everything that it takes to act") {
  const Rendered out = rendered(NotifyEvent::failure);
  for (const char* part : {"photos", "acme", "failed", "permission", "check its rights", "1.21 GiB",
                           "1200 files", "2h 05m", "Validation  partial",
                           "Albums/2024/IMG_0001.jpg", "https://dray.example.org/#/runs/42",
                           "The job runs again", "attempts: 3", "Failures    2 in a row"}) {
    INFO(part);
    CHECK_THAT(out.text, Contains(part));
  }
}

TEST_CASE("names of files are text in HTML, whatever they are") {
  const Rendered out = rendered(NotifyEvent::failure);
  CHECK_THAT(out.html, Contains("&lt;b&gt;IMG&lt;/b&gt; &amp; co.jpg"));
  CHECK(out.html.find("<b>IMG") == std::string::npos);
  CHECK_THAT(out.text, Contains("<b>IMG</b> & co.jpg"));
}

TEST_CASE(
    "templates of the client come first, then the operator's, the special before the general") {
  Renderer renderer;
  const auto subject = [&](NotifyEvent event) { return rendered(event, renderer).subject; };
  renderer.load({a_template("", "", "operator {{job}}")});
  CHECK(subject(NotifyEvent::failure) == "operator photos");
  renderer.load({a_template("", "", "operator"), a_template("", "failure", "operator failure")});
  CHECK(subject(NotifyEvent::failure) == "operator failure");
  CHECK(subject(NotifyEvent::success) == "operator");
  renderer.load({a_template("", "failure", "operator failure"), a_template("acme", "", "acme"),
                 a_template("other", "failure", "other")});
  CHECK(subject(NotifyEvent::failure) == "acme");
  renderer.load({a_template("acme", "", "acme"), a_template("acme", "failure", "acme failure")});
  CHECK(subject(NotifyEvent::failure) == "acme failure");
}

TEST_CASE("a general template is not used for digests, whose list it does not know") {
  Renderer renderer;
  renderer.load({a_template("", "", "mine")});
  CHECK_THAT(rendered(NotifyEvent::digest, renderer).subject, Contains("2 notices"));
  renderer.load({a_template("", "digest", "{{count}} things")});
  CHECK(rendered(NotifyEvent::digest, renderer).subject == "2 things");
}

TEST_CASE("a template that cannot be used gives way to what is built in") {
  Renderer renderer;
  renderer.load({a_template("", "", "{{nonsense}}")});
  CHECK_THAT(rendered(NotifyEvent::failure, renderer).subject, Contains("photos failed"));
}

TEST_CASE("a subject is one line, however the values are") {
  Renderer renderer;
  Notice notice = sample_notice(NotifyEvent::failure, kNow);
  notice.job = "a\r\nBcc: eve@example.org";
  complete(notice, "");
  const std::string subject = renderer.render(notice).subject;
  CHECK(subject.find('\n') == std::string::npos);
  CHECK(subject.find('\r') == std::string::npos);
}
