#include "tests/simulator/world.h"

#include <fmt/format.h>

#include <filesystem>

#include "tests/simulator/broker_node.h"
#include "tests/simulator/operator_node.h"
#include "tests/simulator/scheduler_node.h"
#include "tests/simulator/worker_node.h"

namespace dray::sim {
namespace {

constexpr Duration kSettleTime = hours{4};
constexpr Duration kSettlePerRun = seconds{20};

}  // namespace

World::World(uint64_t seed, Bug bug, std::string where)
    : random(seed), plan(draw_plan(seed, bug)), network(*this), directory(std::move(where)) {
  std::filesystem::create_directories(directory);
  broker = std::make_unique<BrokerNode>(*this);
  scheduler = std::make_unique<SchedulerNode>(*this);
  for (int i = 1; i <= plan.workers; ++i)
    workers.push_back(std::make_unique<WorkerNode>(*this, "w" + std::to_string(i)));
  people = std::make_unique<OperatorNode>(*this);
}

World::~World() {
  scheduler.reset();
  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
}

NodeClock World::new_clock() {
  NodeClock clock;
  clock.drift_ppm = plan.drift_ppm == 0 ? 0 : random.between(-10'000, 10'000);
  clock.boot_offset = random.time(seconds{1}, hours{100});
  // Days before daylight saving begins in Europe/Berlin, so that some runs of the world cross it.
  clock.wall_origin = std::chrono::sys_days{std::chrono::year{2026} / 3 / 28} +
                      std::chrono::duration_cast<microseconds>(random.time(hours{20}, hours{21}));
  return clock;
}

void World::trace(std::string_view what, uint64_t a, uint64_t b) {
  const auto mix = [this](uint64_t value) { hash_ = (hash_ ^ value) * 1099511628211ull; };
  for (const char c : what)
    mix(static_cast<unsigned char>(c));
  mix(a);
  mix(b);
  mix(static_cast<uint64_t>(timeline.now().time_since_epoch().count()));
  if (print_)
    fmt::print("{:>12.6f} {} {} {}\n",
               std::chrono::duration<double>(timeline.now().time_since_epoch()).count(), what, a,
               b);
}

void World::every(Duration mean, std::function<void()> fault) {
  if (mean == Duration::zero()) return;
  timeline.after(random.around(mean), [this, mean, fault] {
    if (healed_) return;
    fault();
    every(mean, fault);
  });
}

void World::plan_faults() {
  const auto any_worker = [this]() -> WorkerNode& {
    return *workers[static_cast<size_t>(
        random.between(0, static_cast<int64_t>(workers.size()) - 1))];
  };
  every(plan.scheduler_kill, [this] { scheduler->kill(); });
  every(plan.broker_kill, [this] {
    ++observer.tally.faults;
    broker->kill();
    timeline.after(random.time(milliseconds{50}, seconds{5}), [this] { broker->start(); });
  });
  every(plan.worker_kill, [any_worker] { any_worker().kill(); });
  every(plan.worker_freeze,
        [this, any_worker] { any_worker().freeze(random.time(seconds{1}, plan.lease * 2)); });
  every(plan.partition, [this, any_worker] {
    ++observer.tally.faults;
    const Instant until = timeline.now() + random.around(plan.partition_length);
    BusModel& victim = random.chance(0.3) ? scheduler->bus() : any_worker().bus();
    network.cut(victim, until, random.chance(0.6));
  });
  every(plan.wall_jump, [this] {
    ++observer.tally.faults;
    const Duration far = random.chance(0.1) ? Duration{hours{24 * 40}} : Duration{hours{2}};
    scheduler->set_wall_clock(random.time(-far, far));
  });
  every(plan.disk_full, [this] {
    ++observer.tally.faults;
    scheduler->fill_disk(timeline.now() + random.time(seconds{1}, minutes{3}));
  });
  every(plan.enqueue, [this] { people->enqueue(); });
  every(plan.cancel, [this] { people->cancel(); });
  every(plan.edit, [this] {
    const auto last = static_cast<int64_t>(scheduler->job_count()) - 1;
    scheduler->edit_job(static_cast<size_t>(random.between(0, last)), false);
  });
}

void World::heal() {
  healed_ = true;
  trace("healed");
  network.heal();
  scheduler->fill_disk(Instant{});
  broker->start();
  scheduler->start();
  people->stop_asking();
  for (auto& worker : workers) {
    worker->thaw();
    worker->start();
  }
  // No further occurrences: what is there must come to its end.
  for (size_t i = 0; i < scheduler->job_count(); ++i)
    timeline.after(seconds{30} + milliseconds{100} * static_cast<int64_t>(i),
                   [this, i] { disable(i); });
}

void World::disable(size_t job) {
  if (scheduler->can_edit()) return scheduler->edit_job(job, true);
  timeline.after(milliseconds{7}, [this, job] { disable(job); });
}

void World::run() {
  scheduler->install();
  observer.global_cap(plan.global_cap);
  broker->start();
  scheduler->start();
  for (auto& worker : workers)
    worker->start();
  people->start();
  plan_faults();
  const auto run_until = [this](Instant end) {
    while (observer.violations().empty() && timeline.step(end))
      ++observer.tally.steps;
  };
  run_until(Instant{} + plan.length);
  heal();
  run_until(timeline.now() + minutes{2});
  const Instant deadline =
      timeline.now() + kSettleTime + kSettlePerRun * static_cast<int64_t>(observer.open_runs());
  while (observer.violations().empty() && timeline.now() < deadline &&
         (observer.open_runs() > 0 || observer.live_processes() > 0))
    run_until(timeline.now() + minutes{1});
  if (observer.violations().empty()) observer.settled();
  observer.tally.virtual_time = timeline.now().time_since_epoch();
}

}  // namespace dray::sim
