// A store in a directory of its own, and rows to put into it.
#pragma once

#include <memory>
#include <string>

#include "daemon/scheduler/store.h"
#include "daemon/store/store_catalog.h"
#include "daemon/store/store_db.h"
#include "daemon/store/store_jobs.h"
#include "daemon/store/store_queries.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"

namespace dray {

inline const WallTime kNoon = from_unix_us(1'800'000'000'000'000);

inline std::string message(const Status& status) {
  return status ? "accepted" : status.error().message;
}

struct StoreRig {
  TempDir dir;
  std::string path = dir / "dray.db";
  std::unique_ptr<Store> store;

  explicit StoreRig(bool open_now = true) {
    if (open_now) reopen();
  }
  void reopen() {
    store.reset();
    auto opened = open();
    if (!opened) FAIL(opened.error().message);
    store = std::move(*opened);
  }
  Result<std::unique_ptr<Store>> open() { return Store::open({path, "test"}, kNoon); }

  // One transaction with these rows.
  template <class... Rows>
  Status write(const Rows&... rows) {
    DRAY_TRY(store->begin());
    Status status;
    (void)((status = store->apply(scheduler::Action(rows)), status.has_value()) && ...);
    if (!status) {
      store->rollback();
      return status;
    }
    return store->commit();
  }
  store::Queries queries() { return store::Queries(store->db()); }
  store::Catalog catalog() { return store::Catalog(store->db()); }
  store::Jobs jobs() { return store::Jobs(store->db()); }
};

inline RunRow a_run(uint64_t id, RunState state = RunState::queued) {
  RunRow run;
  run.id = {id};
  run.job = {1};
  run.job_name = "photos";
  run.client = "default";
  run.trigger = Trigger::schedule;
  run.scheduled_at = kNoon + minutes{id};
  run.queued_at = kNoon + minutes{id};
  run.state = state;
  return run;
}

inline AttemptRow an_attempt(const RunRow& run) {
  AttemptRow attempt;
  attempt.token = run.token();
  attempt.worker = "w1";
  attempt.accepted_at = kNoon;
  return attempt;
}

inline RunRow on_worker(RunRow run, uint32_t attempt = 1, uint64_t epoch = 7) {
  run.state = RunState::starting;
  run.attempt = attempt;
  run.worker = "w1";
  run.worker_epoch = epoch;
  return run;
}

}  // namespace dray
