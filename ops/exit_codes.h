// How `dray` ends. Scripts rely on these numbers: append only, never renumber. The manual page and
// `dray help exit-codes` print this table.
#pragma once

#include <string_view>

#include "daemon/base/result.h"
#include "schemas/outcome.h"
#include "schemas/run_state.h"

namespace dray::ops {

enum class Exit : int {
  ok = 0,
  failed = 1,
  usage = 2,
  not_found = 3,
  denied = 4,
  conflict = 5,
  warnings = 6,
  cancelled = 7,
  validation_failed = 8,
  unreachable = 9,
  timed_out = 10,
  held = 11,
};

struct ExitRow {
  Exit code;
  std::string_view meaning;
};
inline constexpr ExitRow kExitTable[] = {
    {Exit::ok, "done; a run that was waited for succeeded"},
    {Exit::failed, "failed; a run that was waited for failed"},
    {Exit::usage, "the command line or a value in it is wrong"},
    {Exit::not_found, "a job, run, remote, client, worker or file of that name does not exist"},
    {Exit::denied, "not allowed"},
    {Exit::conflict, "the state does not allow it: already exists, already finished, overlap"},
    {Exit::warnings, "the run finished, with warnings"},
    {Exit::cancelled, "the run was cancelled"},
    {Exit::validation_failed, "the copy does not match the source"},
    {Exit::unreachable, "a daemon cannot be reached"},
    {Exit::timed_out, "stopped waiting (time-out or Ctrl-C); what was asked for goes on"},
    {Exit::held, "the run waits for approval: its guard stopped it before anything was changed"},
};

constexpr Exit exit_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid:
      return Exit::usage;
    case ErrorCode::not_found:
      return Exit::not_found;
    case ErrorCode::denied:
      return Exit::denied;
    case ErrorCode::conflict:
      return Exit::conflict;
    case ErrorCode::timeout:
      return Exit::timed_out;
    case ErrorCode::unavailable:
      return Exit::unreachable;
    case ErrorCode::exhausted:
    case ErrorCode::io:
    case ErrorCode::corrupt:
      break;
  }
  return Exit::failed;
}

// The outcome of a finished run. A run that is not finished counts as stopped waiting.
constexpr Exit exit_of(RunState state, ErrorClass error_class = ErrorClass::none) {
  switch (state) {
    case RunState::succeeded:
      return Exit::ok;
    case RunState::warning:
      return Exit::warnings;
    case RunState::failed:
      return error_class == ErrorClass::integrity ? Exit::validation_failed : Exit::failed;
    case RunState::cancelled:
      return Exit::cancelled;
    case RunState::skipped:
      return Exit::conflict;
    case RunState::missed:
      return Exit::failed;
    case RunState::held:
      return Exit::held;
    default:
      return Exit::timed_out;
  }
}

}  // namespace dray::ops
