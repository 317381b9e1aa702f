#include "workers/exit_judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>

#include "workers/clean_text.h"
#include "workers/error_decision.h"
#include "workers/error_table.h"

namespace dray {
namespace {

// ── exit codes and signals ──

struct CodeRow {
  int code;
  ErrorClass error_class;  // when no text says more
  bool retry;              // false: no text makes another attempt worthwhile
};
// The meaning up to 1.68; from 1.69 on 2 is a usage error (see code_row).
constexpr CodeRow kCodes[] = {
    {1, ErrorClass::unknown, true},    {2, ErrorClass::unknown, true},
    {3, ErrorClass::not_found, false}, {4, ErrorClass::not_found, false},
    {5, ErrorClass::network, true},    {6, ErrorClass::source_changed, false},
    {7, ErrorClass::unknown, false},   {8, ErrorClass::limit, false},
    {10, ErrorClass::limit, false},
};

CodeRow code_row(const RunEvidence& evidence) {
  const bool swapped =
      evidence.version ? *evidence.version >= kExitCodesSwapped : evidence.notice_level;
  if (evidence.exit_code == 2 && swapped) return {2, ErrorClass::usage, false};
  for (const CodeRow& row : kCodes)
    if (row.code == evidence.exit_code) return row;
  return {evidence.exit_code, ErrorClass::unknown, true};
}

struct SignalRow {
  int signal;
  std::string_view name;
  ErrorClass error_class;
  std::string_view hint;
};
constexpr std::string_view kByOthers =
    "rclone was stopped by somebody else on this machine (a shutdown or an administrator); it can "
    "run again.";
constexpr std::string_view kByCrash =
    "rclone crashed; if this repeats, install another rclone version and report it to its authors.";
constexpr SignalRow kSignals[] = {
    {SIGKILL, "SIGKILL", ErrorClass::resources,
     "rclone was killed, most likely because memory ran out; look into the kernel log, lower the "
     "number of transfers or give it more memory."},
    {SIGTERM, "SIGTERM", ErrorClass::unknown, kByOthers},
    {SIGINT, "SIGINT", ErrorClass::unknown, kByOthers},
    {SIGHUP, "SIGHUP", ErrorClass::unknown, kByOthers},
    {SIGQUIT, "SIGQUIT", ErrorClass::unknown, kByOthers},
    {SIGPIPE, "SIGPIPE", ErrorClass::unknown,
     "The reader of rclone's log went away and rclone ended with it; it can run again."},
    {SIGSEGV, "SIGSEGV", ErrorClass::crash, kByCrash},
    {SIGABRT, "SIGABRT", ErrorClass::crash, kByCrash},
    {SIGBUS, "SIGBUS", ErrorClass::crash, kByCrash},
    {SIGILL, "SIGILL", ErrorClass::crash, kByCrash},
    {SIGFPE, "SIGFPE", ErrorClass::crash, kByCrash},
    {SIGSYS, "SIGSYS", ErrorClass::crash, kByCrash},
    {SIGTRAP, "SIGTRAP", ErrorClass::crash, kByCrash},
    {SIGXCPU, "SIGXCPU", ErrorClass::resources,
     "rclone used up its processor time limit; raise it."},
    {SIGXFSZ, "SIGXFSZ", ErrorClass::resources,
     "rclone hit the file size limit of this worker; raise it."},
};

// An exit handler of rclone and a shell or sandbox around it turn signal n into exit code 128 + n.
int ending_signal(const RunEvidence& evidence) {
  constexpr int kShift = 128;
  constexpr int kLastSignal = 64;
  if (evidence.signal != 0) return evidence.signal;
  const int signal = evidence.exit_code - kShift;
  return signal > 0 && signal <= kLastSignal ? signal : 0;
}

struct StopRow {
  StopReason reason;
  Outcome outcome;
  ErrorClass error_class;
  bool retry;
  std::string_view hint;
};
constexpr StopRow kStops[] = {
    {StopReason::requested, Outcome::cancelled, ErrorClass::none, false,
     "The run was stopped on request."},
    {StopReason::stall, Outcome::failed, ErrorClass::network, true,
     "Nothing moved for too long, so the run was stopped; check the network and both servers."},
    {StopReason::lease, Outcome::failed, ErrorClass::network, true,
     "The worker lost touch with the scheduler for too long and stopped the run; check the "
     "connection between them."},
    {StopReason::time_limit, Outcome::failed, ErrorClass::limit, false,
     "The run reached its time limit; the next run continues, or raise the limit."},
};

// ── what the counters prove ──

// The last stats record shows work that was not finished: rclone was told to quit.
bool is_cut_short(const RunEvidence& e) {
  if (!e.has_stats || e.dry_run || e.verb == RcloneVerb::check || e.has_check_summary) return false;
  return e.transferring > 0 ||
         (e.stats.transfers < e.stats.total_transfers && e.stats.bytes < e.stats.total_bytes);
}

int64_t deletes_of(const RunEvidence& e) {
  return std::max({e.has_stats ? e.stats.deletes : 0, e.deleted, e.would_delete});
}

// rclone counts each delete, and each move into a backup directory, as a check too. Only what
// remains are comparisons of a source file with its copy. Where renames differ from deletes they
// come from
// --track-renames or from replaced files, and prove a source file by themselves.
bool source_proven(const RunEvidence& e) {
  const StatsRecord& s = e.stats;
  const int64_t deletes = s.deletes;
  if (s.transfers > 0 || s.server_side_copies > 0 || e.copied > 0 || e.would_copy > 0 ||
      e.renamed > 0)
    return true;
  if (s.renames > 0 && s.renames != deletes) return true;
  return s.checks - deletes - s.renames > 0;
}

bool deletes_extras(const RunEvidence& e) {
  return e.verb == RcloneVerb::unknown || e.verb == RcloneVerb::sync;
}

// ── the verdicts ──

void set(Judgement& j, Outcome outcome, ErrorClass error_class, bool retry, std::string_view hint,
         std::string_view line = {}) {
  j.outcome = outcome;
  j.error_class = error_class;
  j.retry = retry;
  j.hint = hint;
  j.deciding_line = clean_line(line);
}

std::string last_statistics(const RunEvidence& e) {
  return fmt::format("last statistics: {} of {} bytes, {} of {} files, {} checks, {} deletes",
                     e.stats.bytes, e.stats.total_bytes, e.stats.transfers, e.stats.total_transfers,
                     e.stats.checks, e.stats.deletes);
}

bool judge_stop(const RunEvidence& e, int signal, Judgement& j) {
  if (e.stop == StopReason::none) return false;
  const bool complete = e.exit_code == 0 && signal == 0 && !is_cut_short(e);
  const bool ours = signal != 0 || e.exit_code == 0 || !e.crash_text.empty() ||
                    normalise_error(e.final_text).find("context canceled") != std::string::npos ||
                    e.stop != StopReason::requested;
  if (complete || !ours) return false;
  for (const StopRow& row : kStops)
    if (row.reason == e.stop)
      set(j, row.outcome, row.error_class, row.retry, row.hint, e.final_text);
  return true;
}

bool is_memory_crash(const RunEvidence& e) {
  const ErrorRule* rule = find_error_rule(normalise_error(e.crash_text));
  return rule != nullptr && rule->error_class == ErrorClass::resources;
}

void judge_signal(const RunEvidence& e, int signal, Judgement& j) {
  const std::string line =
      e.crash_text.empty() ? fmt::format("ended by signal {}", signal) : e.crash_text;
  set(j, Outcome::killed, ErrorClass::unknown, true, kByOthers, line);
  for (const SignalRow& row : kSignals) {
    if (row.signal != signal) continue;
    set(j, Outcome::killed, row.error_class, true, row.hint,
        e.crash_text.empty() ? fmt::format("ended by signal {} ({})", signal, row.name)
                             : e.crash_text);
  }
  if (is_memory_crash(e)) {
    j.error_class = ErrorClass::resources;
    j.hint = general_hint(ErrorClass::resources);
  }
}

void judge_empty(const RunEvidence& e, Judgement& j) {
  const int64_t deletes = deletes_of(e);
  if (e.same_path) {
    return set(j, Outcome::warning, ErrorClass::config, false,
               "Source and destination are the same path, so nothing was copied; correct the job.",
               "Nothing to do as source and destination are the same");
  }
  const std::string lost = deletes == 0 ? std::string("nothing was copied")
                                        : fmt::format("{} file{} {} deleted at the destination",
                                                      deletes, deletes == 1 ? "" : "s",
                                                      e.dry_run      ? "would be"
                                                      : deletes == 1 ? "was"
                                                                     : "were");
  set(j, Outcome::warning, ErrorClass::guard, false,
      fmt::format(
          "The source looked empty and {}; check the source path and, for an encrypted remote, its "
          "password.",
          lost),
      last_statistics(e));
}

std::string success_note(const RunEvidence& e) {
  if (e.config_save_failures > 0)
    return "rclone could not save its configuration, so a renewed login may be lost; make its "
           "directory "
           "writable.";
  if (e.no_common_hash)
    return "The two remotes share no hash, so only sizes were compared; use a download check to be "
           "sure.";
  if (e.skipped_special > 0)
    return fmt::format(
        "{} links or special files were skipped; use --links or --copy-links if they matter.",
        e.skipped_special);
  return {};
}

void judge_clean_check(const RunEvidence& e, Judgement& j) {
  const auto count = [&](CheckCount kind) { return e.checks[static_cast<size_t>(kind)]; };
  if (e.has_check_summary && count(CheckCount::matching) == 0 && e.stats.checks == 0) {
    return set(j, Outcome::warning, ErrorClass::guard, false,
               "Both sides looked empty, so nothing was compared; check the paths.",
               last_statistics(e));
  }
  std::string note = success_note(e);
  if (count(CheckCount::unchecked_hashes) > 0)
    note = fmt::format("{} files were compared by size only; use a download check to be sure.",
                       count(CheckCount::unchecked_hashes));
  set(j, Outcome::succeeded, ErrorClass::none, false, note);
}

void judge_leftover_errors(const RunEvidence& e, Judgement& j) {
  const Finding found = decide(e);
  const ErrorClass error_class =
      found.rule == nullptr ? ErrorClass::unknown : found.rule->error_class;
  set(j, Outcome::warning, error_class, false,
      found.rule == nullptr ? general_hint(error_class) : found.rule->hint, found.text);
}

// Exit 0, or 9 (nothing was transferred, with --error-on-no-transfer).
void judge_clean(const RunEvidence& e, Judgement& j) {
  if (is_cut_short(e))
    return set(
        j, Outcome::failed, ErrorClass::unknown, true,
        "rclone ended early although it reported success: it was told to quit; run it again.",
        last_statistics(e));
  if (e.has_stats && e.stats.errors > 0) return judge_leftover_errors(e, j);
  if (e.verb == RcloneVerb::check || e.has_check_summary) return judge_clean_check(e, j);
  if (e.verb == RcloneVerb::list || e.verb == RcloneVerb::remove)
    return set(j, Outcome::succeeded, ErrorClass::none, false, success_note(e));
  const bool worked = e.stats.transfers + e.stats.renames + e.stats.server_side_copies + e.copied +
                          e.renamed + e.would_copy >
                      0;
  const bool deleted = deletes_of(e) > 0;
  if (!e.has_stats && !worked && !deleted && e.exit_code == 0)
    return set(j, Outcome::warning, ErrorClass::unknown, false,
               "rclone reported success, but the log holds no statistics that prove it; run it "
               "with --stats 1s "
               "--stats-log-level NOTICE.");
  const bool proven = source_proven(e) || (!e.has_stats && e.exit_code == 9);
  if (!proven && (!deleted || deletes_extras(e))) return judge_empty(e, j);
  if (worked || deleted)
    return set(j, Outcome::succeeded, ErrorClass::none, false, success_note(e));
  set(j, Outcome::nothing_to_do, ErrorClass::none, false, success_note(e));
}

bool judge_crash(const RunEvidence& e, Judgement& j) {
  if (e.crash_text.empty() || e.exit_code != 2) return false;
  const ErrorClass error_class = is_memory_crash(e) ? ErrorClass::resources : ErrorClass::crash;
  const bool dumped = e.crash_text.starts_with("SIGQUIT");
  set(j, Outcome::failed, error_class, true,
      dumped ? "rclone was told to dump its state and quit (SIGQUIT); it can run again."
             : general_hint(error_class),
      e.crash_text);
  return true;
}

// Differences that a comparison found, unless the comparison itself could not be made.
bool judge_differences(const RunEvidence& e, Judgement& j) {
  const int64_t differences = e.checks[static_cast<size_t>(CheckCount::differences)];
  if (!e.has_check_summary || differences == 0) return false;
  const bool real = std::ranges::any_of(e.errors, [](const ErrorSample& sample) {
    const ErrorRule* rule = find_error_rule(normalise_error(sample.text));
    return rule != nullptr && rule->error_class == ErrorClass::integrity;
  });
  const bool unlisted = std::ranges::any_of(e.errors, [](const ErrorSample& sample) {
    const ErrorRule* rule = find_error_rule(normalise_error(sample.text));
    return sample.text.starts_with("error reading") && rule != nullptr;
  });
  if (!real || unlisted) return false;
  const bool none_there =
      e.checks[static_cast<size_t>(CheckCount::matching)] == 0 && e.stats.checks == 0;
  set(j, Outcome::failed, ErrorClass::integrity, false,
      none_there ? "None of the files is on the other side; check the paths, then run the backup "
                   "and check again."
                 : "Source and destination differ; run the backup again, then check once more.",
      e.final_text);
  return true;
}

// Some files went over, and the errors are those of single files.
bool is_partial(const RunEvidence& e, ErrorScope scope) {
  const bool code = e.exit_code == 1 || e.exit_code == 5 || e.exit_code == 6;
  if (!code || scope != ErrorScope::object || !only_object_errors(e)) return false;
  const int64_t fine = e.stats.checks - e.stats.deletes - e.error_records;
  return std::max(e.stats.transfers, e.copied) > 0 || (e.exit_code == 6 && fine > 0);
}

void judge_failure(const RunEvidence& e, Judgement& j) {
  const CodeRow code = code_row(e);
  const Finding found = decide(e);
  const bool by_code = code.error_class == ErrorClass::limit || found.rule == nullptr;
  const ErrorClass error_class = by_code ? code.error_class : found.rule->error_class;
  const bool retry = by_code ? code.retry : code.retry && found.rule->retry;
  // Without a rule, errors of single files are taken as such.
  const ErrorScope scope = found.rule == nullptr ? ErrorScope::object : found.rule->scope;
  const bool same = found.rule != nullptr && found.rule->error_class == error_class;
  std::string_view hint = same ? found.rule->hint : general_hint(error_class);
  if (is_partial(e, scope) && error_class == ErrorClass::unknown && found.rule == nullptr)
    hint = "Some files could not be copied; read the errors in the log.";
  if (is_partial(e, scope) && error_class != ErrorClass::network)
    return set(j, Outcome::warning, error_class, false, hint, found.text);
  if (error_class == ErrorClass::limit && j.files > 0)
    return set(j, Outcome::warning, error_class, false, hint, found.text);
  set(j, Outcome::failed, error_class, retry, hint, found.text);
  if (error_class == ErrorClass::guard && deletes_of(e) > 0 && e.has_stats && !source_proven(e))
    j.hint =
        "The source looked empty and the limit on deletions stopped the run; check the source path "
        "and, "
        "for an encrypted remote, its password.";
}

}  // namespace

Judgement judge(const RunEvidence& e) {
  Judgement j;
  j.bytes = e.stats.bytes;
  j.files = std::max(e.stats.transfers, e.has_stats ? 0 : e.copied);
  j.checks = e.stats.checks;
  j.deletes = e.has_stats ? e.stats.deletes : e.deleted;
  j.errors = e.has_stats ? e.stats.errors : e.error_records;
  const int signal = ending_signal(e);
  if (judge_stop(e, signal, j)) return j;
  if (signal != 0) {
    judge_signal(e, signal, j);
  } else if (e.exit_code == 0 || e.exit_code == 9) {
    judge_clean(e, j);
  } else if (!judge_crash(e, j) && !judge_differences(e, j)) {
    judge_failure(e, j);
  }
  return j;
}

}  // namespace dray
