// Situations that simulations must get into. A simulator that no longer reaches one proves less
// than it seems to: campaigns print what they did not reach, and the proof fails without it.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "daemon/base/enum_names.h"

namespace dray::sim {

enum class Mark : uint8_t {
  frame_lost = 0,
  frame_doubled,
  frame_late,
  scheduler_killed,
  broker_killed,
  worker_killed,
  worker_frozen,
  worker_rebooted,
  power_lost,
  sectors_lost,
  sectors_torn,
  commit_found,
  commit_vanished,
  checkpoint,
  disk_full,
  write_error,
  sync_error,
  renewed_while_broken,
  store_recovered,
  center_paused,
  worker_paused,
  pause_survived,
  guard_after_pause,
  guard_ended,
  spool_failed,
  result_kept,
  adopted,
  stale_answer,
  withdrawn,
  rejected,
  lost,
  retried,
  skipped,
  missed,
  missed_summary,
  uncounted_summary,
  daylight_saving,
  key_repeated,
  cancelled_queued,
  cancelled_waiting,
  cancelled_starting,
  cancelled_running,
};
inline constexpr size_t kMarks = static_cast<size_t>(Mark::cancelled_running) + 1;

// How often each was reached.
class Marks {
 public:
  void reach(Mark mark) { ++counts_[static_cast<size_t>(mark)]; }
  void add(const Marks& other) {
    for (size_t i = 0; i < kMarks; ++i)
      counts_[i] += other.counts_[i];
  }
  uint64_t count(Mark mark) const { return counts_[static_cast<size_t>(mark)]; }

 private:
  std::array<uint64_t, kMarks> counts_{};
};

}  // namespace dray::sim

template <>
struct dray::EnumNames<dray::sim::Mark> {
  using E = dray::sim::Mark;
  static constexpr std::string_view kWhat = "situation";
  static constexpr EnumRow<E> kRows[] = {
      {E::frame_lost, "a frame was lost"},
      {E::frame_doubled, "a frame came twice"},
      {E::frame_late, "a frame came late"},
      {E::scheduler_killed, "drayd was killed"},
      {E::broker_killed, "the broker was killed"},
      {E::worker_killed, "a worker was killed"},
      {E::worker_frozen, "a worker was frozen"},
      {E::worker_rebooted, "a worker's machine was started anew"},
      {E::power_lost, "drayd's machine lost power"},
      {E::sectors_lost, "a power failure took unsynced data"},
      {E::sectors_torn, "a power failure tore unsynced data"},
      {E::commit_found, "a commit that had failed was found after all"},
      {E::commit_vanished, "a commit that had failed left nothing"},
      {E::checkpoint, "the write-ahead log moved into the database"},
      {E::disk_full, "a commit found the disk full"},
      {E::write_error, "a write of a commit failed"},
      {E::sync_error, "a sync of a commit failed"},
      {E::renewed_while_broken, "a lease was renewed without a database"},
      {E::store_recovered, "the database could be written again"},
      {E::center_paused, "drayd's machine was paused"},
      {E::worker_paused, "a worker's machine was paused"},
      {E::pause_survived, "a transfer went on after a pause"},
      {E::guard_after_pause, "a guard ended a transfer after a pause"},
      {E::guard_ended, "a guard ended a transfer whose lease was over"},
      {E::spool_failed, "a result could not be spooled"},
      {E::result_kept, "a worker found spooled results when it started"},
      {E::adopted, "drayd started and found runs on workers"},
      {E::stale_answer, "a message of an old attempt was refused"},
      {E::withdrawn, "an assignment was withdrawn"},
      {E::rejected, "a worker rejected an assignment"},
      {E::lost, "an attempt was lost"},
      {E::retried, "a run waited for its retry"},
      {E::skipped, "an occurrence was skipped"},
      {E::missed, "an occurrence was missed"},
      {E::missed_summary, "a row stood for several missed occurrences"},
      {E::uncounted_summary, "there were more missed occurrences than are counted"},
      {E::daylight_saving, "a run was due after clocks went forward"},
      {E::key_repeated, "a question was answered twice with one key"},
      {E::cancelled_queued, "a queued run was cancelled"},
      {E::cancelled_waiting, "a run was cancelled before its retry"},
      {E::cancelled_starting, "a run was cancelled before it ran"},
      {E::cancelled_running, "a running run was cancelled"},
  };
};
