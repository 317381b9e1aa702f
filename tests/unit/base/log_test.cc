#include "daemon/base/log.h"

#include <string>
#include <vector>

#include "tests/support/catch.h"

namespace dray {
namespace {

// Collects lines for one test and leaves a quiet logger behind.
class Lines {
 public:
  explicit Lines(LogFormat format, LogLevel level = LogLevel::info) {
    init_log("drayd", {.level = level, .format = format, .sink = [this](std::string_view line) {
                         lines_.emplace_back(line);
                       }});
  }
  ~Lines() { init_log("test", {.level = LogLevel::error, .sink = {}}); }
  const std::vector<std::string>& all() const { return lines_; }
  const std::string& last() const { return lines_.back(); }

 private:
  std::vector<std::string> lines_;
};

std::string after_time(const std::string& line) {
  return line.substr(line.find('Z') + 2);
}

TEST_CASE("a human line has time, level, program, message and fields") {
  const Lines lines{LogFormat::human};
  log_info({"run.started", {{"run", "r1"}, {"attempt", 2}, {"why", "two words"}}}, "run {} started",
           "r1");
  CHECK(after_time(lines.last()) ==
        "info  drayd: run r1 started run=r1 attempt=2 why=\"two words\"\n");
}

TEST_CASE("a JSON line is one object with typed names") {
  const Lines lines{LogFormat::json};
  log_warn({"disk.low", {{"level", LogLevel::warn}}}, "only {} left", "1 \"G\"");
  const std::string& line = lines.last();
  CHECK(line.starts_with(R"({"time":"2)"));
  CHECK(line.ends_with(R"("level":"warn","program":"drayd","event":"disk.low",)"
                       R"("message":"only 1 \"G\" left","level":"warn"})"
                       "\n"));
}

TEST_CASE("no value can forge a line") {
  for (const LogFormat format : {LogFormat::human, LogFormat::json}) {
    const Lines lines{format};
    log_info({"run.failed", {{"path", "a\n2026-01-01T00:00:00Z error drayd: owned\x1b[2J"}}},
             "name {}", "x\r\ny\xe2\x80\xae");
    REQUIRE(lines.all().size() == 1);
    const std::string& line = lines.last();
    CHECK(line.find('\n') == line.size() - 1);
    CHECK(line.find('\r') == std::string::npos);
    CHECK(line.find('\x1b') == std::string::npos);
    CHECK(line.find("\xe2\x80\xae") == std::string::npos);
  }
}

TEST_CASE("the level can change while the program runs") {
  const Lines lines{LogFormat::human, LogLevel::warn};
  log_info("a.b", "hidden");
  CHECK(lines.all().empty());
  set_log_level(LogLevel::debug);
  CHECK(log_enabled(LogLevel::debug));
  CHECK_FALSE(log_enabled(LogLevel::trace));
  log_debug("a.b", "shown");
  log_trace("a.b", "hidden");
  CHECK(lines.all().size() == 1);
}

TEST_CASE("a message with braces from outside is not a format") {
  const Lines lines{LogFormat::human};
  log_error("a.b", "{}", "{} {0} %s");
  CHECK(after_time(lines.last()) == "error drayd: {} {0} %s\n");
}

}  // namespace
}  // namespace dray
