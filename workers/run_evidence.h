// What is known about a run of rclone when it has ended: how the process ended, and what the log
// said. EvidenceCollector fills the log's part while the lines pass by, in bounded memory, whatever
// their number.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/enum_names.h"
#include "workers/rclone_events.h"
#include "workers/rclone_version.h"

namespace dray {

// What rclone was asked to do, as far as it matters for judging its end. unknown is judged like
// sync.
enum class RcloneVerb : uint8_t {
  unknown = 0,
  sync = 1,
  copy = 2,
  move = 3,
  check = 4,
  stream = 5,  // rcat, cat
  remove = 6,  // delete, purge, deletefile, cleanup
  list = 7,    // ls, lsjson, size and everything that changes nothing
};

template <>
struct EnumNames<RcloneVerb> {
  static constexpr std::string_view kWhat = "kind";
  static constexpr EnumRow<RcloneVerb> kRows[] = {
      {RcloneVerb::unknown, "unknown"}, {RcloneVerb::sync, "sync"},
      {RcloneVerb::copy, "copy"},       {RcloneVerb::move, "move"},
      {RcloneVerb::check, "check"},     {RcloneVerb::stream, "stream"},
      {RcloneVerb::remove, "remove"},   {RcloneVerb::list, "list"},
  };
};

// Why we ended the process, if we did.
enum class StopReason : uint8_t {
  none = 0,
  requested = 1,  // somebody asked
  stall = 2,      // the stall watch: no counter moved
  lease = 3,      // the scheduler was out of reach for too long
  time_limit = 4,
};

template <>
struct EnumNames<StopReason> {
  static constexpr std::string_view kWhat = "stop reason";
  static constexpr EnumRow<StopReason> kRows[] = {
      {StopReason::none, "none"},
      {StopReason::requested, "requested"},
      {StopReason::stall, "stall"},
      {StopReason::lease, "lease"},
      {StopReason::time_limit, "time_limit"},
  };
};

struct ErrorSample {
  std::string text;         // as logged, cut after kMaxText; not cleaned
  bool per_object = false;  // concerns one file, not the listing or the whole run
  int64_t count = 0;        // records that say the same about different files
};

struct RunEvidence {
  static constexpr size_t kMaxSamples = 64;
  static constexpr size_t kMaxTail = 50;
  static constexpr size_t kMaxText = 4096;

  // ── told by who ran it ──
  int exit_code = 0;
  int signal = 0;  // when not 0 the process was ended by it and exit_code means nothing
  StopReason stop = StopReason::none;
  std::optional<RcloneVersion> version = std::nullopt;
  RcloneVerb verb = RcloneVerb::unknown;
  bool dry_run = false;

  // ── read from the log ──
  bool has_stats = false;
  StatsRecord stats;                // of the last stats record, without its views
  std::string last_error;           // its lastError
  size_t transferring = 0;          // files still on their way in it
  std::vector<ErrorSample> errors;  // of rclone's last attempt; alike ones share a sample
  int64_t error_records = 0;        // of rclone's last attempt
  std::string final_text;  // "Failed to sync: ..." with its continuation lines, without date
  std::string crash_text;  // first line of a Go crash: "panic: ...", "fatal error: out of memory"
  std::deque<std::string> tail;     // the last kMaxTail lines that were no records
  std::array<int64_t, 5> checks{};  // by CheckCount; sums where a log tells a count twice
  bool has_check_summary = false;
  int64_t copied = 0;  // object records, which exist only with -v
  int64_t deleted = 0;
  int64_t renamed = 0;
  int64_t would_copy = 0;  // dry run
  int64_t would_delete = 0;
  int64_t skipped_special = 0;  // links, sockets and the like that rclone does not copy
  int64_t config_save_failures = 0;
  bool no_common_hash = false;
  bool same_path = false;     // source and destination are the same path
  bool notice_level = false;  // the log uses levels of 1.70 and later
};

class EvidenceCollector final : public LogHandler {
 public:
  RunEvidence& evidence() { return evidence_; }
  const RunEvidence& evidence() const { return evidence_; }

  void on_stats(const LogLine& line, const StatsRecord& stats) override;
  void on_object(const LogLine& line, ObjectAction action) override;
  void on_dry_run(const LogLine& line) override;
  void on_retry(const LogLine& line, const RetryRecord& record) override;
  void on_check(const LogLine& line, CheckCount kind, int64_t count) override;
  void on_error(const LogLine& line) override;
  void on_note(const LogLine& line) override;
  void on_plain(std::string_view text) override;

 private:
  bool take_final_text(std::string_view message);
  void add_error(std::string_view text, bool per_object);
  void note_harmless(std::string_view message);
  void read_text_stats(std::string_view text);
  void keep_tail(std::string_view text);

  RunEvidence evidence_;
  std::vector<std::string> sample_keys_;  // normalised text of each sample
  bool attempt_over_ = false;             // the next error belongs to rclone's next attempt
  bool final_open_ = false;               // the next plain line continues final_text
  bool json_stats_ = false;               // then "Transferred:" lines are no source
};

}  // namespace dray
