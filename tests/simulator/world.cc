#include "tests/simulator/world.h"

#include <fmt/format.h>

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
    : random(seed),
      plan(draw_plan(seed, bug)),
      network(*this),
      directory(std::move(where)),
      disk(seed),
      center(timeline),
      outside(timeline) {
  if (bug == Bug::syncs_skipped) disk.lie_about_syncs();
  broker = std::make_unique<BrokerNode>(*this);
  scheduler = std::make_unique<SchedulerNode>(*this);
  for (int i = 1; i <= plan.workers; ++i) {
    worker_hosts.push_back(std::make_unique<Host>(timeline));
    Host& host = plan.shared_machine && i == 1 ? center : *worker_hosts.back();
    workers.push_back(std::make_unique<WorkerNode>(*this, "w" + std::to_string(i), host));
  }
  people = std::make_unique<OperatorNode>(*this);
}

World::~World() = default;

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
    center.after(random.time(milliseconds{50}, seconds{5}), [this] { broker->start(); });
  });
  every(plan.worker_kill, [this, any_worker] { any_worker().kill(random.chance(plan.reboot)); });
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
  plan_machine_faults();
  every(plan.enqueue, [this] { people->enqueue(); });
  every(plan.cancel, [this] { people->cancel(); });
  every(plan.decide, [this] { scheduler->decide_held(); });
  every(plan.pause, [this] { scheduler->pause_and_resume(false); });
  every(plan.edit, [this] {
    const auto last = static_cast<int64_t>(scheduler->job_count()) - 1;
    scheduler->edit_job(static_cast<size_t>(random.between(0, last)), false);
  });
}

void World::plan_machine_faults() {
  every(plan.disk_full, [this] {
    ++observer.tally.faults;
    fill_disk(random.time(seconds{1}, minutes{3}));
  });
  every(plan.power_loss, [this] {
    if (center.paused()) return;
    disk.power_failed();
    lose_power();
  });
  every(plan.host_pause, [this] { pause_host(); });
}

void World::fill_disk(Duration length) {
  disk.fill(true);
  disk_full_until_ = timeline.now() + length;
  timeline.after(length, [this] {
    if (timeline.now() >= disk_full_until_) disk.fill(false);
  });
}

void World::lose_power() {
  trace("power lost");
  observer.tally.marks.reach(Mark::power_lost);
  scheduler->machine_restarts();
  broker->kill();
  center.after(random.time(seconds{5}, minutes{2}), [this] { broker->start(); });
  if (plan.shared_machine) workers.front()->kill(true);
}

void World::pause_host() {
  const auto which = static_cast<size_t>(random.between(0, static_cast<int64_t>(workers.size())));
  Host& host = which == 0 ? center : workers[which - 1]->host();
  // Whatever is healed is not paused.
  const Instant end = std::min(timeline.now() + random.time(minutes{1}, plan.lease * 2),
                               Instant{} + plan.length - seconds{1});
  if (host.paused() || end <= timeline.now()) return;
  trace("paused", which);
  ++observer.tally.faults;
  if (&host == &center) observer.tally.marks.reach(Mark::center_paused);
  host.pause(end);
  for (auto& worker : workers) {
    if (&worker->host() != &host) continue;
    worker->pause();
    timeline.at(end, [&worker] { worker->resume(); });
  }
}

void World::heal() {
  healed_ = true;
  trace("healed");
  network.heal();
  disk.fill(false);
  broker->start();
  scheduler->start();
  people->stop_asking();
  for (auto& worker : workers) {
    worker->thaw();
    worker->start();
  }
  decide_rest();
  resume_rest();
  // No further occurrences: what is there must come to its end.
  for (size_t i = 0; i < scheduler->job_count(); ++i)
    timeline.after(seconds{30} + milliseconds{100} * static_cast<int64_t>(i),
                   [this, i] { disable(i); });
}

// People decide about everything in the end.
void World::decide_rest() {
  scheduler->decide_held();
  timeline.after(seconds{20}, [this] { decide_rest(); });
}

// In the end everything that is paused goes on.
void World::resume_rest() {
  scheduler->pause_and_resume(true);
  timeline.after(seconds{20}, [this] { resume_rest(); });
}

void World::disable(size_t job) {
  if (scheduler->can_edit()) return scheduler->edit_job(job, true);
  timeline.after(milliseconds{7}, [this, job] { disable(job); });
}

void World::run() {
  scheduler->install();
  observer.global_cap(plan.global_cap);
  observer.bandwidth_cap(plan.bandwidth_cap * 1000);
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
  if (disk.sectors_lost() > 0) observer.tally.marks.reach(Mark::sectors_lost);
  if (disk.sectors_torn() > 0) observer.tally.marks.reach(Mark::sectors_torn);
  if (disk.database_syncs() > 10) observer.tally.marks.reach(Mark::checkpoint);
  observer.tally.virtual_time = timeline.now().time_since_epoch();
}

}  // namespace dray::sim
