// A worker's core on virtual time, and shorthands for what a scheduler says to it.
#pragma once

#include "tests/support/catch.h"
#include "workers/worker_core.h"

namespace dray::worker {

struct CoreRig {
  explicit CoreRig(uint32_t slots = 2, std::vector<AttemptResult> spooled = {})
      : core(options(slots), std::move(spooled)) {}
  static CoreOptions options(uint32_t slots) {
    CoreOptions o;
    o.name = "w";
    o.epoch = 7;
    o.slots = slots;
    return o;
  }

  std::vector<Action> step(const Event& event) {
    std::vector<Action> out;
    core.step(event, now, out);
    return out;
  }
  // Time passes, with every Tick that falls due; returns all that was done.
  std::vector<Action> pass(Duration duration) {
    std::vector<Action> all;
    const Instant end = now.mono + duration;
    for (auto at = core.next_deadline(); at && *at <= end; at = core.next_deadline()) {
      now.mono = std::max(now.mono, *at);
      core.step(Tick{}, now, all);
    }
    now.mono = end;
    return all;
  }
  void connect() {
    step(LinkChanged{true});
    step(Welcome{.scheduler_epoch = 1, .lease_ms = 600'000, .heartbeat_ms = 2'000, .stale = {}});
  }
  // Keeps the session alive as a scheduler would, without renewing anything.
  std::vector<Action> pass_answered(Duration duration, std::vector<Token> renewed = {}) {
    std::vector<Action> all;
    for (Duration done{}; done < duration; done += seconds{2}) {
      for (Action& action : pass(seconds{2})) {
        if (const auto* renew = std::get_if<Send<Renew>>(&action)) {
          for (Action& more : step(Renewed{renew->message.round, 600'000, renewed, {}, {}}))
            all.push_back(std::move(more));
        }
        all.push_back(std::move(action));
      }
    }
    return all;
  }
  Token offer(uint64_t run, uint32_t attempt = 1, uint64_t epoch = 7) {
    const Token token{RunId{run}, attempt, epoch};
    last = step(Assign{token, 600'000, {}});
    return token;
  }
  Token running(uint64_t run, uint32_t attempt = 1) {
    const Token token = offer(run, attempt);
    step(Start{token});
    step(AttemptRunning{token});
    return token;
  }
  static AttemptResult result(const Token& token) {
    AttemptResult r;
    r.token = token;
    r.outcome = Outcome::succeeded;
    return r;
  }

  WorkerCore core;
  Now now{Instant{hours{1}}, WallTime{hours{1}}};
  std::vector<Action> last;
};

template <class T>
std::vector<T> all_of(const std::vector<Action>& actions) {
  std::vector<T> found;
  for (const Action& action : actions)
    if (const T* match = std::get_if<T>(&action)) found.push_back(*match);
  return found;
}
template <class T>
bool has(const std::vector<Action>& actions) {
  return !all_of<T>(actions).empty();
}

}  // namespace dray::worker
