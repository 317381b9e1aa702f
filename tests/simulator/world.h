// One simulated installation: machines, the network between them, faults by chance, and a judge.
//
//   operator ─┐                      every line is a connection that loses, doubles, delays,
//   worker 1 ─┼─ broker ── drayd     reorders and cuts frames as the plan says
//   worker N ─┘
//
// Real: scheduler core, SQLite store, broker router, worker core, every encoded frame. Modelled:
// sockets, disks (disk.h: SQLite runs on one), rclone and its guard. drayd and the broker share a
// machine, as the first worker does in some worlds; the others have one each.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/simulator/disk.h"
#include "tests/simulator/host.h"
#include "tests/simulator/network.h"
#include "tests/simulator/observer.h"
#include "tests/simulator/plan.h"

namespace dray::sim {

class SchedulerNode;
class BrokerNode;
class WorkerNode;
class OperatorNode;

class World {
 public:
  World(uint64_t seed, Bug bug, std::string directory);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // The phase with faults, then everything is healed and must come to its end. Stops at the first
  // broken promise.
  void run();

  NodeClock new_clock();
  // Part of the trace: the same seed must give the same hash.
  void trace(std::string_view what, uint64_t a = 0, uint64_t b = 0);
  uint64_t trace_hash() const { return hash_; }
  bool healed() const { return healed_; }
  void print_trace(bool on) { print_ = on; }
  // drayd's machine, and whatever runs on it, is without power for a while.
  void lose_power();

  Timeline timeline;
  Random random;
  Plan plan;
  Observer observer;
  Network network;
  std::string directory;  // of the database's lock file; everything else is on the disk
  Disk disk;
  Host center;   // of drayd and the broker
  Host outside;  // of people
  std::vector<std::unique_ptr<Host>> worker_hosts;
  std::unique_ptr<BrokerNode> broker;
  std::unique_ptr<SchedulerNode> scheduler;
  std::vector<std::unique_ptr<WorkerNode>> workers;
  std::unique_ptr<OperatorNode> people;

 private:
  void plan_faults();
  // Calls `fault` again and again, `mean` apart, until the world is healed.
  void every(Duration mean, std::function<void()> fault);
  void plan_machine_faults();
  void pause_host();
  void fill_disk(Duration length);
  void heal();
  void decide_rest();
  void resume_rest();
  void disable(size_t job);

  uint64_t hash_ = 14695981039346656037ull;
  Instant disk_full_until_{};
  bool healed_ = false;
  bool print_ = false;
};

}  // namespace dray::sim
