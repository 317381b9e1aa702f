#include "tests/simulator/bugs.h"

namespace dray::sim {
namespace {

constexpr int kShortened = 20;  // reassign_without_lease: the core's lease is this much shorter

// The token of whatever attempt of that run is current.
void forge(const scheduler::Core& core, Token& token) {
  if (const RunRow* row = core.find_run(token.run); row != nullptr && is_on_worker(row->state))
    token = row->token();
}

template <class List>
void forget(List& held) {
  held.clear();
}

}  // namespace

Now seen_time(Bug bug, Now now) {
  if (bug == Bug::wall_clock_lease) now.mono = Instant{now.wall.time_since_epoch()};
  return now;
}

scheduler::CoreOptions seen_options(Bug bug, scheduler::CoreOptions options) {
  if (bug == Bug::reassign_without_lease) options.lease /= kShortened;
  return options;
}

void spoil_snapshot(Bug bug, Snapshot& snapshot) {
  if (bug == Bug::no_destination_lock)
    for (JobPlan& plan : snapshot.jobs)
      plan.destination.path = plan.name;
  if (bug == Bug::no_global_cap) snapshot.settings.global_max_concurrent_jobs = 0;
}

void spoil_event(Bug bug, const scheduler::Core& core, scheduler::Event& event) {
  using namespace scheduler;
  if (bug == Bug::no_fence) {
    if (auto* result = std::get_if<WorkerResult>(&event)) forge(core, result->result.token);
    if (auto* renew = std::get_if<WorkerRenew>(&event))
      for (HeldAttempt& held : renew->renew.held)
        forge(core, held.token);
  }
  if (bug == Bug::no_adoption) {
    if (auto* hello = std::get_if<WorkerHello>(&event)) forget(hello->hello.held);
    if (auto* renew = std::get_if<WorkerRenew>(&event)) forget(renew->renew.held);
  }
  if (bug == Bug::no_dedupe)
    if (auto* run = std::get_if<RunNow>(&event)) run->request.idempotency_key.clear();
}

bool spoil_action(Bug bug, const scheduler::CoreOptions& told, scheduler::Action& action) {
  using namespace scheduler;
  const auto lease = static_cast<uint64_t>(to_ms(told.lease));
  if (bug == Bug::reassign_without_lease) {
    if (auto* assign = std::get_if<SendAssign>(&action)) assign->lease_ms = lease;
    if (auto* renewed = std::get_if<SendRenewed>(&action)) renewed->message.lease_ms = lease;
    if (auto* welcome = std::get_if<SendWelcome>(&action)) welcome->message.lease_ms = lease;
  }
  if (bug == Bug::no_high_water) return !std::holds_alternative<UpdateJobDue>(action);
  if (bug == Bug::cancel_not_durable) {
    const auto* update = std::get_if<UpdateRun>(&action);
    return update == nullptr || update->run.state != RunState::cancelling;
  }
  if (bug == Bug::withdrawn_accept_started)
    if (const auto* stale = std::get_if<SendStale>(&action))
      action = SendStart{stale->session, stale->token};
  if (bug == Bug::stale_result_acked)
    if (const auto* stale = std::get_if<SendStale>(&action))
      action = SendResultAck{stale->session, stale->token};
  return true;
}

}  // namespace dray::sim
