#include "workers/step.h"

#include "daemon/base/text.h"
#include "schemas/limits.h"

namespace dray::worker {

StepEnd start_failure(const Error& error) {
  const bool ours = error.code == ErrorCode::invalid || error.code == ErrorCode::denied ||
                    error.code == ErrorCode::corrupt;
  StepEnd end;
  end.outcome = Outcome::failed;
  end.error_class = ours ? ErrorClass::config : ErrorClass::resources;
  end.retry = !ours;
  end.hint = shorten(error.message, limits::kMaxHintBytes);
  end.never_started = true;
  return end;
}

StepEnd stopped_end(StopReason reason) {
  struct Row {
    StopReason reason;
    StepEnd end;
  };
  static const Row kRows[] = {
      {StopReason::cancel, {Outcome::cancelled, ErrorClass::none, false, "", "", -1, 0, false, ""}},
      {StopReason::pause, {Outcome::cancelled, ErrorClass::none, true, "", "", -1, 0, false, ""}},
      {StopReason::stale, {Outcome::cancelled, ErrorClass::none, false, "", "", -1, 0, false, ""}},
      {StopReason::shutdown,
       {Outcome::cancelled, ErrorClass::none, true, "The worker was stopped.", "", -1, 0, false,
        ""}},
      {StopReason::lease,
       {Outcome::failed, ErrorClass::network, true,
        "The scheduler was out of reach for too long; the run was stopped to be safe.", "", -1, 0,
        false, ""}},
      {StopReason::stall,
       {Outcome::failed, ErrorClass::network, true, "Nothing moved for too long.", "", -1, 0, false,
        ""}},
      {StopReason::time_limit,
       {Outcome::failed, ErrorClass::limit, false, "The run took longer than it may.", "", -1, 0,
        false, ""}},
  };
  for (const Row& row : kRows)
    if (row.reason == reason) return row.end;
  return {};
}

}  // namespace dray::worker
