// What rclone says on its standard error, as typed records. workers/rclone_log.h makes them out of
// bytes, from JSON lines of every version since 1.60 and from rclone's plain text form alike.
//
// Every string_view in a record points into a buffer of the reader and dies when the handler
// returns. Names and messages are hostile: they may hold control characters (see
// workers/clean_text.h).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace dray {

// rclone 1.60-1.69 writes "warning" for its NOTICE, later versions write "notice"; both are
// `notice` here. critical: "critical", "fatal", "panic", "alert" and "emergency".
enum class RecordLevel : uint8_t { debug, info, notice, error, critical };

// What all records of one line have in common.
struct LogLine {
  std::string_view time = {};  // as written: RFC 3339 or "2026/11/20 05:54:38"; may be empty
  RecordLevel level = RecordLevel::info;
  std::string_view
      object;  // path relative to the remote's root, or a remote's description; may be empty
  std::string_view object_type =
      {};  // Go type of the source object ("*local.Object"); may be empty
  std::string_view message = {};
  int64_t size = -1;              // bytes, when the record tells it
  std::string_view skipped = {};  // dry run: what was not done ("copy", "delete")
};

struct TransferringFile {
  std::string_view name = {};
  int64_t size = -1;  // -1: unknown
  int64_t bytes = 0;
  int percent = 0;
  double bytes_per_second = 0;
};

// rclone's counters. Cumulative over rclone's own attempts, except `errors`, which it resets before
// each. `deletes` counts attempts, not successes. Keys a version does not write stay 0.
struct StatsRecord {
  // Larger numbers are cut to this, so that sums of counters cannot overflow: 64 PiB or files.
  static constexpr int64_t kMaxCount = int64_t{1} << 56;

  int64_t bytes = 0;
  int64_t total_bytes = 0;  // grows while the listing runs, shrinks when transfers fail
  int64_t checks = 0;       // comparisons, deletes and moves
  int64_t total_checks = 0;
  int64_t transfers = 0;
  int64_t total_transfers = 0;
  int64_t deletes = 0;
  int64_t deleted_dirs = 0;
  int64_t renames = 0;
  int64_t errors = 0;
  int64_t server_side_copies = 0;
  int64_t server_side_copy_bytes = 0;
  int64_t server_side_moves = 0;
  int64_t server_side_move_bytes = 0;
  int64_t listed = 0;
  double speed = 0;             // bytes per second, rclone's average
  int64_t eta_seconds = -1;     // -1: unknown
  double elapsed_seconds = 0;   // since rclone started
  double transfer_seconds = 0;  // time in which something was transferred
  bool fatal_error = false;
  bool retry_error = false;  // also true for permanent errors: useless to decide a retry
  std::string_view last_error;
  std::span<const TransferringFile> transferring;  // at most LogReader::kMaxCurrentFiles
  std::span<const std::string_view> checking;      // at most LogReader::kMaxCurrentFiles
};

enum class ObjectAction : uint8_t {
  copied,
  server_side_copied,
  deleted,
  moved_to_backup,
  moved,
  renamed,
  metadata_updated,
  directory_made,
  directory_removed,
};

enum class RetryKind : uint8_t {
  attempt_failed,
  attempt_succeeded,  // rclone logs this at level error
  fatal,              // rclone gave up at a fatal error
  not_retryable,      // rclone gave up because none of the errors can be retried
};

struct RetryRecord {
  RetryKind kind = RetryKind::attempt_failed;
  int attempt = 0;  // 0: not told
  int attempts = 0;
  std::string_view error = {};  // of a failed attempt
};

enum class CheckCount : uint8_t { differences, errors, unchecked_hashes, matching, missing };

// Receives the records of a log, in its order. Every method has an empty default.
class LogHandler {
 public:
  virtual ~LogHandler() = default;
  virtual void on_stats(const LogLine&, const StatsRecord&) {}
  virtual void on_object(const LogLine&, ObjectAction) {}
  virtual void on_dry_run(const LogLine&) {}  // line.skipped says what was not done
  virtual void on_retry(const LogLine&, const RetryRecord&) {}
  virtual void on_check(const LogLine&, CheckCount, int64_t) {}
  virtual void on_rc_serving(const LogLine&, uint16_t /*port*/) {}
  virtual void on_error(const LogLine&) {}  // level error or above, none of the kinds before
  virtual void on_note(const LogLine&) {}   // any other record
  // A line that is no record, without its newline: usage texts, Go traces, continuation lines.
  virtual void on_plain(std::string_view) {}
};

}  // namespace dray
