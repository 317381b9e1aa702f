// What the tests of commands share: a run and a job as the scheduler describes them.
#pragma once

#include "schemas/job_json.h"
#include "tests/unit/ops/fake_backend.h"

namespace dray::ops::test {

inline RunView run_view(uint64_t id, RunState state) {
  RunView run;
  run.run = RunId{id};
  run.job = "photos";
  run.client = "default";
  run.trigger = "manual";
  run.asked_by = "anna@desk";
  run.state = state;
  run.attempt = state == RunState::queued ? 0 : 1;
  if (state != RunState::queued) {
    run.worker = "node1";
    run.started_at = from_unix_us(1'700'000'000'000'000);
  }
  if (is_terminal(state)) {
    run.ended_at = run.started_at + seconds{125};
    run.outcome = Outcome::succeeded;
    run.bytes = 1'300'000'000;
    run.files = 300;
  }
  return run;
}

inline std::string shown(const RunView& run) {
  RunShowAnswer answer;
  answer.run = run;
  return to_json(answer);
}

inline JobSpec photos_job() {
  JobSpec job;
  job.name = "photos";
  job.source = {"a", "x"};
  job.destination = {"b", "y"};
  return job;
}

}  // namespace dray::ops::test
