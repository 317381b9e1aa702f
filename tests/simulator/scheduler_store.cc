// What drayd keeps: the first database, commits with disks that fail amid them, and what is found
// when it is opened again.
#include "daemon/scheduler/store_catalog.h"
#include "daemon/scheduler/store_db.h"
#include "daemon/scheduler/store_jobs.h"
#include "tests/simulator/scheduler_node.h"
#include "tests/simulator/world.h"

namespace dray::sim {

using namespace scheduler;

namespace {

// A commit writes some pages and syncs once; one that moves the log into the database more.
constexpr int64_t kFarthestFault = 12;

struct FaultMark {
  DiskFault fault;
  Mark mark;
};
constexpr FaultMark kFaultMarks[] = {
    {DiskFault::full, Mark::disk_full},
    {DiskFault::write_error, Mark::write_error},
    {DiskFault::sync_error, Mark::sync_error},
};

Result<uint64_t> stored_number(Store& store) {
  return store::guarded("look", [&]() -> Result<uint64_t> {
    auto row = store.db().query("SELECT last_commit FROM simulated");
    return row.next() ? static_cast<uint64_t>(row.i64(0)) : 0;
  });
}

}  // namespace

StoreOptions SchedulerNode::options() const {
  return StoreOptions{path_, "sim", world_.plan.wal_pages, world_.plan.wal_reserved_pages};
}

JobSpec SchedulerNode::draw_job(size_t index) {
  Random& random = world_.random;
  JobSpec spec;
  spec.name = job_name(index);
  spec.client = "client" + std::to_string(random.between(0, 2));
  spec.source = {"src", "data"};
  // Few places, so that some destinations overlap.
  spec.destination = {"dst", random.chance(0.3) ? "shared/" + std::to_string(random.between(0, 2))
                                                : "own/" + spec.name};
  if (random.chance(0.1)) spec.destination.path = "shared";
  if (random.chance(0.6)) {
    spec.schedule.kind = ScheduleKind::every;
    spec.schedule.every_seconds = random.between(60, 3600);
  } else if (random.chance(0.5)) {
    spec.schedule.kind = ScheduleKind::cron;
    spec.schedule.cron = random.chance(0.5) ? "*/10 * * * *" : "5 * * * *";
    spec.schedule.time_zone = "Europe/Berlin";
  }
  spec.overlap = static_cast<OverlapPolicy>(random.between(0, 3));
  spec.misfire = static_cast<MisfirePolicy>(random.between(0, 2));
  spec.misfire_max = static_cast<uint32_t>(random.between(1, 5));
  if (spec.overlap == OverlapPolicy::allow)
    spec.max_concurrent = static_cast<uint32_t>(random.between(1, 3));
  spec.priority = static_cast<int32_t>(random.between(-5, 5));
  spec.retry = {static_cast<uint32_t>(random.between(1, 4)), 5, 60};
  return spec;
}

void SchedulerNode::install() {
  const WallTime wall = clock_.at(world_.timeline.now()).wall;
  auto store = Store::open(StoreOptions{path_, "sim", 4096, 0}, wall);
  DRAY_CHECK(store.has_value(), store ? "" : store.error().message);
  Store& db = **store;
  const auto must = [](const auto& result) {
    DRAY_CHECK(result.has_value(), result ? "" : result.error().message);
  };
  must(db.begin());
  store::Catalog catalog(db.db());
  store::Jobs jobs(db.db());
  for (int client = 0; client < 3; ++client) {
    ClientSpec spec;
    spec.name = "client" + std::to_string(client);
    spec.weight = static_cast<uint32_t>(world_.random.between(1, 4));
    must(catalog.put_client(spec));
    for (const char* name : {"src", "dst"}) {
      SealedRemote remote;
      remote.name = name;
      remote.client = spec.name;
      remote.type = "sftp";
      remote.sealed = "sealed";
      remote.sealed_for = "key";
      must(catalog.put_remote(remote, WallTime{}, wall));
    }
  }
  for (int i = 0; i < world_.plan.jobs; ++i) {
    specs_.push_back(draw_job(static_cast<size_t>(i)));
    const auto id = jobs.put(JobId{}, specs_.back(), wall);
    must(id);
    jobs_.push_back(*id);
    const auto record = jobs.find(*id);
    must(record);
    world_.observer.job(*id, specs_.back(), (*record)->created_at);
  }
  must(db.commit());
  db.db().exec("CREATE TABLE simulated (last_commit INTEGER); INSERT INTO simulated VALUES (0)");
}

// ── Opening ─────────────────────────────────────────────────────────────────────────────────────

bool SchedulerNode::open_store() {
  auto store = Store::open(options(), now().wall);
  if (!store) {
    if (!world_.disk.full()) world_.observer.store_refused(store.error().message);
    return false;
  }
  store_ = std::move(*store);
  settle_doubt();
  return true;
}

// Is a commit that failed in the database?
void SchedulerNode::settle_doubt() {
  const Result<uint64_t> found = stored_number(*store_);
  if (!found) {
    world_.observer.store_refused(found.error().message);
  } else if (doubtful_ && *found == doubtful_->number) {
    world_.trace("commit found", *found);
    world_.observer.tally.marks.reach(Mark::commit_found);
    believe(doubtful_->number, doubtful_->rows);
  } else if (*found != last_commit_) {
    world_.observer.commit_lost(*found, last_commit_);
  } else if (doubtful_) {
    world_.observer.tally.marks.reach(Mark::commit_vanished);
  }
  doubtful_.reset();
}

// ── Commits ─────────────────────────────────────────────────────────────────────────────────────

Status SchedulerNode::write(uint64_t number, const std::vector<Action>& rows) {
  const bool apart = world_.plan.bug == Bug::rows_outside_transaction;
  if (!apart) DRAY_TRY(store_->begin());
  for (const Action& row : rows)
    DRAY_TRY(store_->apply(row));
  DRAY_TRY(store::guarded("mark", [&]() -> Status {
    store_->db().query("UPDATE simulated SET last_commit = ?").bind(number).run();
    return {};
  }));
  return apart ? Status{} : store_->commit();
}

void SchedulerNode::believe(uint64_t number, const std::vector<Action>& rows) {
  last_commit_ = number;
  ++world_.observer.tally.commits;
  for (const Action& row : rows)
    world_.observer.committed(row);
}

bool SchedulerNode::commit() {
  Random& random = world_.random;
  if (!world_.healed() && random.chance(world_.plan.disk_fault))
    world_.disk.plan(static_cast<DiskFault>(random.between(1, 5)),
                     random.between(1, kFarthestFault));
  const uint64_t number = ++last_number_;
  const Status written = write(number, rows_);
  const DiskFault fault = world_.disk.take_back();
  if (!written) return commit_failed(number, written.error(), fault);
  doubtful_.reset();
  believe(number, rows_);
  world_.trace("commit", rows_.size(), world_.observer.tally.runs);
  rows_.clear();
  hard_ = false;
  // It struck after the commit, when the log moved into the database.
  down_with(fault);
  return up();
}

bool SchedulerNode::commit_failed(uint64_t number, const Error& why, DiskFault fault) {
  store_->rollback();
  if (fault == DiskFault::none && !world_.disk.full()) {
    world_.observer.store_refused(why.message);
    return false;
  }
  for (const FaultMark& row : kFaultMarks)
    if (row.fault == fault || (row.fault == DiskFault::full && world_.disk.full()))
      world_.observer.tally.marks.reach(row.mark);
  doubtful_ = Doubtful{number, rows_};
  down_with(fault);
  return false;
}

void SchedulerNode::down_with(DiskFault fault) {
  if (fault == DiskFault::power_fails) world_.lose_power();
  if (fault != DiskFault::process_dies) return;
  world_.trace("drayd killed");
  world_.observer.tally.marks.reach(Mark::scheduler_killed);
  go_down(seconds{5});
}

}  // namespace dray::sim
