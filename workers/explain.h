// Reads a whole rclone log, also one that Drayage did not make, and says what happened: the same
// code that judges a run. And the readable form of a log for people. Pure: bytes come in any
// chunks.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "workers/exit_judge.h"
#include "workers/rclone_log.h"

namespace dray {

// What the log itself does not tell.
struct ExitFacts {
  int exit_code = 0;
  int signal = 0;  // when not 0, exit_code means nothing
  StopReason stop = StopReason::none;
  std::optional<RcloneVersion> version = std::nullopt;
  RcloneVerb verb = RcloneVerb::unknown;
};

class LogExplainer {
 public:
  void feed(std::span<const char> bytes) { reader_.feed(bytes, collector_); }
  // Call once, after the last byte.
  Judgement finish(const ExitFacts& facts);
  const RunEvidence& evidence() const { return collector_.evidence(); }

 private:
  LogReader reader_;
  EvidenceCollector collector_;
};

// One line:
// {"outcome","class","retry","hint","bytes","files","checks","deletes","errors","deciding_line"}.
std::string to_json(const Judgement& judgement);

// "SIGTERM", "term", "15"; nullopt for what is no signal.
std::optional<int> parse_signal(std::string_view text);

// "05:47:03 INFO   dir/file: Copied (new)", one line each, free of controls, direction marks and
// secrets. Lines that are no records come out as they are, cleaned the same way.
class LogRenderer final : private LogHandler {
 public:
  // Appends what has become complete to `out`.
  void feed(std::span<const char> bytes, std::string& out);
  void finish(std::string& out);

 private:
  void on_stats(const LogLine& line, const StatsRecord&) override { render(line); }
  void on_object(const LogLine& line, ObjectAction) override { render(line); }
  void on_dry_run(const LogLine& line) override { render(line); }
  void on_retry(const LogLine& line, const RetryRecord&) override { render(line); }
  void on_check(const LogLine& line, CheckCount, int64_t) override { render(line); }
  void on_rc_serving(const LogLine& line, uint16_t) override { render(line); }
  void on_error(const LogLine& line) override { render(line); }
  void on_note(const LogLine& line) override { render(line); }
  void on_plain(std::string_view text) override;
  void render(const LogLine& line);

  LogReader reader_;
  std::string* out_ = nullptr;
};

}  // namespace dray
