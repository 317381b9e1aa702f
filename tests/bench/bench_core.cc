// The scheduler core alone: what a due occurrence costs with few and with many jobs.
//
//   bench-core due --jobs N --steps N
#include "daemon/scheduler/core.h"
#include "tests/bench/measure.h"

namespace dray::bench {
namespace {

using namespace scheduler;

Snapshot scheduled_jobs(uint64_t count, WallTime start) {
  Snapshot snapshot;
  snapshot.scheduler_epoch = 1;
  ClientRow client;
  client.id = ClientId{1};
  client.spec.name = "default";
  snapshot.clients.push_back(client);
  snapshot.jobs.reserve(count);
  for (uint64_t i = 1; i <= count; ++i) {
    JobPlan job;
    job.id = {i};
    job.name = fmt::format("job-{}", i);
    job.client = "default";
    job.schedule.kind = ScheduleKind::every;
    job.schedule.every_seconds = 86'400;
    job.schedule.time_zone = "UTC";
    job.source = {"src", fmt::format("in/{}", i)};
    job.destination = {"dst", fmt::format("out/{}", i)};
    job.accounts = {"src", "dst"};
    // Spread over the day, one at a time.
    job.created_at =
        start - hours{24} +
        microseconds{86'400'000'000 / static_cast<int64_t>(count) * static_cast<int64_t>(i)};
    job.high_water = job.created_at;
    job.next_due = job.created_at + hours{24};
    snapshot.jobs.push_back(std::move(job));
  }
  return snapshot;
}

void due(uint64_t jobs, uint64_t steps) {
  const WallTime start{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};
  Core core{CoreOptions{}};
  Now at{Instant{hours{1}}, start};
  const Instant begin = now();
  core.load(scheduled_jobs(jobs, start), at);
  const double load = seconds_since(begin);
  std::vector<double> each;
  std::vector<Action> actions;
  for (uint64_t i = 0; i < std::min(steps, jobs); ++i) {
    const auto next = core.next_deadline().wall;
    if (!next) give_up("nothing is due");
    at.mono += *next - at.wall;
    at.wall = *next;
    actions.clear();
    const Instant before = now();
    core.step(Tick{}, at, actions);
    each.push_back(to_us(now() - before));
    if (actions.empty()) give_up("an occurrence did not become a run");
  }
  Report().add("load_s", load).percentiles("step_us", each).print();
}

}  // namespace
}  // namespace dray::bench

int main(int argc, char** argv) {
  const dray::bench::Arguments arguments(argc, argv);
  dray::bench::due(arguments.number("jobs", 1000), arguments.number("steps", 1000));
}
