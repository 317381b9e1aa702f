// How a run of rclone ended, judged from everything that is known. Pure.
//
// The exit status alone says little: 0 is also given for a run that was told to quit, for a wiped
// destination and for a wrong crypt password, and most failures are 1. Rules:
//
// * succeeded, nothing_to_do: exit 0 (or 9), the last stats record is complete and without errors,
// and
//   something was transferred, deleted or renamed; or nothing was, and comparisons took place,
//   which prove that the source is not empty.
// * warning / guard: exit 0, but the source looked empty (no transfer, no comparison), whether or
// not files
//   were deleted for it.
// * warning is a final verdict: useful work was done, something needs a look, and another attempt
// would not
//   help now. A failure is only that when rclone ended with 1, 5 or 6, at least one file went over,
//   and all errors concern single files for reasons of their own (changed, unreadable, damaged).
//   What stands in the way of everything (login, full disk, network, quota) is `failed` even when
//   some files went over.
// * cancelled: ended by a signal, or cut short, after somebody asked for it. killed: ended by a
// signal that
//   we did not send.
// * Among several errors the one that a person must act upon decides (login before network), so a
// mix is
//   not retried in vain.
#pragma once

#include <cstdint>
#include <string>

#include "schemas/outcome.h"
#include "workers/run_evidence.h"

namespace dray {

struct Judgement {
  Outcome outcome = Outcome::none;
  ErrorClass error_class = ErrorClass::none;
  bool retry = false;  // another attempt, after a pause, has a chance
  std::string hint;    // one sentence for a person; empty when there is nothing to say
  std::string
      deciding_line;  // the line that decided, cleaned of controls and secrets, at most 400 bytes
  int64_t bytes = 0;
  int64_t files = 0;  // transferred
  int64_t checks = 0;
  int64_t deletes = 0;  // attempts, as rclone counts them
  int64_t errors = 0;
};

Judgement judge(const RunEvidence& evidence);

}  // namespace dray
