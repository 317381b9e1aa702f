#include "workers/run_machine.h"

#include <algorithm>

namespace dray::worker {

using run::Action;

RunMachine::RunMachine(RunTimes times, Now) : times_(times) {}

void RunMachine::step(const run::Event& event, Now now, Actions& out) {
  if (state_ == State::ended) return;
  std::visit([&](const auto& e) { on(e, now, out); }, event);
}

std::optional<Instant> RunMachine::next_deadline() const {
  std::optional<Instant> next;
  for (const std::optional<Instant>& at : {stall_at_, signal_at_, drain_at_})
    if (at && (!next || *at < *next)) next = at;
  return next;
}

void RunMachine::on(const run::Tick&, Now now, Actions& out) {
  if (stall_at_ && now.mono >= *stall_at_) on(run::Stop{StopReason::stall}, now, out);
  if (signal_at_ && now.mono >= *signal_at_) escalate(now, out);
  if (drain_at_ && now.mono >= *drain_at_) {
    drain_at_.reset();
    out.push_back(Action::close_pipes);
  }
}

void RunMachine::on(const run::Prepared&, Now, Actions& out) {
  if (state_ != State::preparing) return;
  state_ = State::starting;
  spawned_ = true;
  out.push_back(Action::spawn);
}

void RunMachine::on(const run::PrepareFailed&, Now, Actions& out) {
  if (state_ != State::preparing) return;
  state_ = State::ended;
  out.push_back(Action::finish);
}

void RunMachine::on(const run::Started&, Now now, Actions&) {
  if (state_ != State::starting) return;
  state_ = State::running;
  arm_stall(now.mono, std::max(times_.stall, times_.preparing));
}

void RunMachine::on(const run::StartFailed&, Now now, Actions& out) {
  spawned_ = false;
  on(run::Exited{}, now, out);
}

void RunMachine::on(const run::Moved& event, Now, Actions&) {
  if (state_ == State::running) arm_stall(event.since, times_.stall);
}

void RunMachine::arm_stall(Instant from, Duration limit) {
  if (times_.stall > Duration{0}) stall_at_ = from + limit;
}

void RunMachine::on(const run::Stop& event, Now now, Actions& out) {
  if (stop_ || state_ == State::draining) return;
  stop_ = event.reason;
  stall_at_.reset();
  if (state_ == State::preparing) {
    state_ = State::ended;
    out.push_back(Action::finish);
    return;
  }
  state_ = State::stopping;
  escalate(now, out);
}

// TERM lets rclone abort open uploads; a second one goes past a handler that hangs.
void RunMachine::escalate(Now now, Actions& out) {
  signal_at_.reset();
  // Nothing of an attempt that is not ours any more may go on working.
  if (stop_ == StopReason::stale) signals_sent_ = 2;
  switch (signals_sent_++) {
    case 0:
      out.push_back(Action::terminate);
      signal_at_ = now.mono + times_.grace;
      break;
    case 1:
      out.push_back(Action::terminate);
      signal_at_ = now.mono + times_.second_grace;
      break;
    default:
      out.push_back(Action::kill);
  }
}

void RunMachine::on(const run::Exited&, Now now, Actions& out) {
  exited_ = true;
  state_ = State::draining;
  stall_at_.reset();
  signal_at_.reset();
  end_if_over(now, out);
}

void RunMachine::on(const run::LogEnded&, Now now, Actions& out) {
  log_ended_ = true;
  drain_at_.reset();
  end_if_over(now, out);
}

void RunMachine::on(const run::Gone&, Now now, Actions& out) {
  gone_ = true;
  if (!log_ended_) drain_at_ = now.mono + times_.drain_limit;
  end_if_over(now, out);
}

void RunMachine::end_if_over(Now, Actions& out) {
  if (!exited_ || !log_ended_ || !gone_) return;
  state_ = State::ended;
  out.push_back(Action::finish);
}

}  // namespace dray::worker
