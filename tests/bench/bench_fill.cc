// Fills a database, through the store, with jobs that fall due over the next day and with runs that
// have ended: what a drayd finds after a year.
//
//   bench-fill run --database FILE --jobs N --runs N
#include "daemon/scheduler/store.h"
#include "daemon/store/store_catalog.h"
#include "daemon/store/store_jobs.h"
#include "schemas/job.h"
#include "tests/bench/measure.h"

namespace dray::bench {
namespace {

constexpr uint64_t kRowsPerCommit = 5000;

class Filler {
 public:
  explicit Filler(const std::string& path)
      : store_(
            must(Store::open({.path = path, .program = "bench-fill"}, SystemClock{}.now().wall))),
        now_(SystemClock{}.now().wall) {}

  void jobs(uint64_t count) {
    store::Jobs jobs(store_->db());
    must(store_->begin());
    for (uint64_t i = 1; i <= count; ++i) {
      JobSpec job;
      job.name = fmt::format("job-{}", i);
      job.source = {"src", fmt::format("in/{}", i)};
      job.destination = {"dst", fmt::format("out/{}", i)};
      job.schedule.kind = ScheduleKind::daily;
      job.schedule.at = fmt::format("{:02}:{:02}", i / 60 % 24, i % 60);
      job.schedule.time_zone = "UTC";
      ids_.push_back(must(jobs.put(JobId{}, job, now_)));
      commit_sometimes(i);
    }
    must(store_->commit());
  }

  void runs(uint64_t count) {
    must(store_->begin());
    for (uint64_t i = 1; i <= count; ++i) {
      RunRow run;
      run.id = {i};
      run.job = ids_[i % ids_.size()];
      run.job_name = fmt::format("job-{}", run.job.value);
      run.client = "default";
      run.scheduled_at = now_ - hours{24} * 365 + seconds{static_cast<int64_t>(i)};
      run.queued_at = run.scheduled_at;
      write(scheduler::InsertRun{run});
      run.attempt = 1;
      run.worker = "worker1";
      run.worker_epoch = 1;
      run.started_at = run.queued_at;
      AttemptRow attempt;
      attempt.token = run.token();
      attempt.worker = run.worker;
      attempt.accepted_at = run.queued_at;
      write(scheduler::InsertAttempt{attempt});
      attempt.ended_at = run.queued_at + seconds{60};
      attempt.end = "result";
      attempt.result.token = attempt.token;
      attempt.result.outcome = Outcome::succeeded;
      write(scheduler::EndAttempt{attempt});
      run.state = RunState::succeeded;
      run.outcome = Outcome::succeeded;
      run.ended_at = attempt.ended_at;
      write(scheduler::UpdateRun{run});
      commit_sometimes(i);
    }
    must(store_->commit());
    must(store_->checkpoint());
  }

 private:
  void write(const scheduler::Action& action) { must(store_->apply(action)); }
  void commit_sometimes(uint64_t i) {
    if (i % kRowsPerCommit != 0) return;
    must(store_->commit());
    must(store_->begin());
  }

  std::unique_ptr<Store> store_;
  WallTime now_;
  std::vector<JobId> ids_;
};

}  // namespace
}  // namespace dray::bench

int main(int argc, char** argv) {
  const dray::bench::Arguments arguments(argc, argv);
  dray::bench::Filler filler(arguments.text("database"));
  filler.jobs(arguments.number("jobs", 1000));
  filler.runs(arguments.number("runs", 1000));
}
