// What one seed is about: first it draws which faults there are and how strong (swarm), so that
// every combination gets its turn, quiet ones included.
#pragma once

#include <string>

#include "daemon/base/enum_names.h"
#include "tests/simulator/random.h"

namespace dray::sim {

// Faults of our own making, planted to see that the simulator finds them.
enum class Bug : uint8_t {
  none = 0,
  no_fence,
  ack_before_commit,
  wall_clock_lease,
  start_before_commit,
  no_high_water,
  cancel_not_durable,
  result_not_spooled,
  reassign_without_lease,
  withdrawn_accept_started,
  no_dedupe,
  no_adoption,
  no_guard,
  start_at_accept,
  result_before_end,
  commit_failure_ignored,
  no_destination_lock,
  no_global_cap,
  stale_result_acked,
  share_confirmed_early,
  syncs_skipped,
  rows_outside_transaction,
  guard_clock_stops,
};

}  // namespace dray::sim

template <>
struct dray::EnumNames<dray::sim::Bug> {
  using E = dray::sim::Bug;
  static constexpr std::string_view kWhat = "planted bug";
  static constexpr EnumRow<E> kRows[] = {
      {E::none, "none"},
      {E::no_fence, "no_fence"},
      {E::ack_before_commit, "ack_before_commit"},
      {E::wall_clock_lease, "wall_clock_lease"},
      {E::start_before_commit, "start_before_commit"},
      {E::no_high_water, "no_high_water"},
      {E::cancel_not_durable, "cancel_not_durable"},
      {E::result_not_spooled, "result_not_spooled"},
      {E::reassign_without_lease, "reassign_without_lease"},
      {E::withdrawn_accept_started, "withdrawn_accept_started"},
      {E::no_dedupe, "no_dedupe"},
      {E::no_adoption, "no_adoption"},
      {E::no_guard, "no_guard"},
      {E::start_at_accept, "start_at_accept"},
      {E::result_before_end, "result_before_end"},
      {E::commit_failure_ignored, "commit_failure_ignored"},
      {E::no_destination_lock, "no_destination_lock"},
      {E::no_global_cap, "no_global_cap"},
      {E::stale_result_acked, "stale_result_acked"},
      {E::share_confirmed_early, "share_confirmed_early"},
      {E::syncs_skipped, "syncs_skipped"},
      {E::rows_outside_transaction, "rows_outside_transaction"},
      {E::guard_clock_stops, "guard_clock_stops"},
  };
};

namespace dray::sim {

struct Plan {
  Bug bug = Bug::none;
  Duration length{};  // of the phase with faults

  // The installation.
  int workers = 1;
  int slots = 1;
  int jobs = 1;
  Duration lease{};
  Duration heartbeat{};
  Duration mean_run{};
  double failure = 0;  // of an attempt
  uint32_t global_cap = 0;
  bool shared_machine = false;  // the first worker is beside drayd and the broker
  int wal_pages = 4096;
  int wal_reserved_pages = 0;

  // The network, per frame and link.
  Duration latency = milliseconds{1};
  double loss = 0;
  double duplicate = 0;
  double late = 0;  // held back for long
  bool reorder = false;

  // Mean time between faults of each kind; 0: never.
  Duration partition{};
  Duration partition_length{};
  Duration scheduler_kill{};
  Duration broker_kill{};
  Duration worker_kill{};
  Duration worker_freeze{};
  Duration wall_jump{};
  Duration disk_full{};
  Duration power_loss{};  // of drayd's machine
  Duration host_pause{};
  double reboot = 0;              // of the workers that are killed: their machine with them
  double kill_before_commit = 0;  // per turn with rows
  double kill_after_commit = 0;
  double disk_fault = 0;  // per commit: the process dies or power fails amid it, or the disk fails
  double spool_fails = 0;
  int64_t drift_ppm = 0;

  // Operators.
  Duration enqueue{};
  Duration cancel{};
  Duration edit{};
  Duration decide{};  // about runs that are held
  double hold = 0;    // of a first attempt
  Duration pause{};            // between pauses and resumes
  uint64_t bandwidth_cap = 0;  // kilobytes per second; 0: none

  // Only drayd and the broker go down, and only for moments: no transfer may suffer.
  bool gentle = false;
};

Plan draw_plan(uint64_t seed, Bug bug);
std::string describe(const Plan& plan);

}  // namespace dray::sim
