#include "tests/simulator/plan.h"

namespace dray::sim {
namespace {

void draw_network(Plan& plan, Random& random) {
  plan.latency = random.time(microseconds{100}, milliseconds{200});
  if (random.chance(0.5)) plan.loss = random.unit() * 0.2;
  if (random.chance(0.4)) plan.duplicate = random.unit() * 0.2;
  if (random.chance(0.3)) plan.late = random.unit() * 0.02;
  plan.reorder = random.chance(0.3);
  if (random.chance(0.5)) {
    plan.partition = random.time(minutes{5}, hours{1});
    plan.partition_length = random.time(seconds{5}, plan.lease * 2);
  }
}

void draw_faults(Plan& plan, Random& random) {
  if (random.chance(0.5)) plan.scheduler_kill = random.time(minutes{2}, hours{1});
  if (random.chance(0.5)) plan.kill_before_commit = random.unit() * 0.02;
  if (random.chance(0.5)) plan.kill_after_commit = random.unit() * 0.02;
  if (random.chance(0.4)) plan.broker_kill = random.time(minutes{5}, hours{1});
  if (random.chance(0.5)) plan.worker_kill = random.time(minutes{5}, hours{1});
  if (random.chance(0.4)) plan.worker_freeze = random.time(minutes{5}, hours{1});
  if (random.chance(0.4)) plan.wall_jump = random.time(minutes{10}, hours{1});
  if (random.chance(0.3)) plan.disk_full = random.time(minutes{10}, hours{1});
  if (random.chance(0.3)) plan.spool_fails = random.unit() * 0.2;
  if (random.chance(0.3)) plan.power_loss = random.time(minutes{5}, hours{1});
  if (random.chance(0.3)) plan.host_pause = random.time(minutes{5}, hours{1});
  if (random.chance(0.5)) plan.reboot = random.unit();
  if (random.chance(0.4)) plan.disk_fault = random.unit() * 0.05;
  if (random.chance(0.7)) plan.drift_ppm = random.between(-10'000, 10'000);
}

}  // namespace

Plan draw_plan(uint64_t seed, Bug bug) {
  Random random(seed * 0x9E3779B97F4A7C15ull + 1);
  Plan plan;
  plan.bug = bug;
  plan.length = random.time(hours{1}, hours{4});
  plan.workers = static_cast<int>(random.between(1, 5));
  plan.slots = static_cast<int>(random.between(1, 4));
  plan.jobs = static_cast<int>(random.between(1, 12));
  plan.lease = random.time(seconds{60}, seconds{600});
  plan.heartbeat = random.time(seconds{2}, seconds{3});
  plan.mean_run = random.time(seconds{5}, minutes{15});
  plan.failure = random.chance(0.7) ? random.unit() * 0.5 : 0;
  if (random.chance(0.4)) plan.global_cap = static_cast<uint32_t>(random.between(1, 6));
  plan.shared_machine = random.chance(0.3);
  constexpr int kWalPages[] = {8, 64, 512, 4096};
  plan.wal_pages = kWalPages[random.between(0, 3)];
  constexpr int kReservedPages[] = {0, 4, 32, 256};
  plan.wal_reserved_pages = kReservedPages[random.between(0, 3)];
  plan.enqueue = random.time(seconds{20}, minutes{10});
  if (random.chance(0.7)) plan.cancel = random.time(minutes{1}, minutes{20});
  if (random.chance(0.4)) plan.edit = random.time(minutes{5}, minutes{30});
  plan.decide = random.time(minutes{1}, minutes{20});
  if (random.chance(0.4)) plan.hold = random.unit() * 0.3;
  if (random.chance(0.5)) plan.pause = random.time(minutes{1}, minutes{20});
  if (random.chance(0.5)) plan.bandwidth_cap = static_cast<uint64_t>(random.between(2000, 20'000));
  const double kind = random.unit();
  if (kind < 0.08) return plan;  // nothing goes wrong
  if (kind < 0.2) {
    plan.gentle = true;
    plan.scheduler_kill = random.time(minutes{2}, minutes{20});
    plan.broker_kill = random.time(minutes{2}, minutes{20});
    return plan;
  }
  draw_network(plan, random);
  draw_faults(plan, random);
  return plan;
}

std::string describe(const Plan& p) {
  const auto s = [](Duration d) { return to_ms(d) / 1000; };
  return fmt::format(
      "workers={}x{} jobs={} lease={}s run={}s failure={:.2f} cap={} latency={}ms loss={:.3f} "
      "duplicate={:.3f} late={:.3f} reorder={} partition={}s/{}s kill: drayd={}s broker={}s "
      "worker={}s freeze={}s before_commit={:.3f} after_commit={:.3f} jump={}s full={}s "
      "power={}s pause={}s reboot={:.2f} disk={:.3f} wal={}/{} shared={} spool={:.2f} "
      "drift={}ppm gentle={} hold={:.2f} pausing={}s bandwidth={}kB/s",
      p.workers, p.slots, p.jobs, s(p.lease), s(p.mean_run), p.failure, p.global_cap,
      to_ms(p.latency), p.loss, p.duplicate, p.late, p.reorder, s(p.partition),
      s(p.partition_length), s(p.scheduler_kill), s(p.broker_kill), s(p.worker_kill),
      s(p.worker_freeze), p.kill_before_commit, p.kill_after_commit, s(p.wall_jump), s(p.disk_full),
      s(p.power_loss), s(p.host_pause), p.reboot, p.disk_fault, p.wal_pages, p.wal_reserved_pages,
      p.shared_machine, p.spool_fails, p.drift_ppm, p.gentle, p.hold, s(p.pause), p.bandwidth_cap);
}

}  // namespace dray::sim
