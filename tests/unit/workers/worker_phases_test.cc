#include "tests/support/catch.h"
#include "workers/worker_core.h"

namespace dray::worker {
namespace {

TEST_CASE("an attempt tells the scheduler when it validates and finishes, and never goes back") {
  CoreOptions options;
  options.name = "w1";
  options.epoch = 7;
  options.slots = 1;
  WorkerCore core(options, {});
  Now now{Instant{hours{1}}, WallTime{hours{24}}};
  std::vector<Action> out;
  const Token token{RunId{1}, 1, 7};
  const auto step = [&](const Event& event) { core.step(event, now, out); };
  step(LinkChanged{true});
  step(Welcome{.scheduler_epoch = 1, .lease_ms = 600'000, .heartbeat_ms = 2'000, .stale = {}});
  step(Assign{token, 600'000, {}});
  step(Start{token});
  step(AttemptRunning{token});
  // The state in the next heartbeat.
  const auto told = [&](Phase phase) {
    Progress progress;
    progress.phase = phase;
    step(AttemptProgress{token, progress});
    RunState state{};
    for (int ticks = 0; state == RunState{} && ticks < 100; ++ticks) {
      out.clear();
      now.mono = std::max(now.mono, core.next_deadline().value_or(now.mono));
      step(Tick{});
      for (const Action& action : out) {
        const auto* renew = std::get_if<Send<Renew>>(&action);
        if (renew == nullptr) continue;
        state = renew->message.held.front().state;
        step(Renewed{renew->message.round, 600'000, {token}, {}, {}});
        break;
      }
    }
    return state;
  };
  CHECK(told(Phase::checking) == RunState::running);
  CHECK(told(Phase::transferring) == RunState::running);
  CHECK(told(Phase::validating) == RunState::validating);
  CHECK(told(Phase::hooks) == RunState::validating);
  CHECK(told(Phase::recording) == RunState::finishing);
  CHECK(told(Phase::validating) == RunState::finishing);
}

}  // namespace
}  // namespace dray::worker
