// What people do to a running installation: jobs edited, held runs decided about, runs paused.
#include "daemon/scheduler/store_jobs.h"
#include "tests/simulator/scheduler_node.h"
#include "tests/simulator/world.h"

namespace dray::sim {

using namespace scheduler;

void SchedulerNode::edit_job(size_t index, bool disable) {
  if (!can_edit() || world_.disk.full()) return;
  JobSpec& spec = specs_[index];
  if (disable) spec.enabled = false;
  if (!disable) {
    spec.priority = static_cast<int32_t>(world_.random.between(-5, 5));
    spec.overlap = static_cast<OverlapPolicy>(world_.random.between(0, 3));
  }
  store::Jobs jobs(store_->db());
  if (!store_->begin()) return;
  const auto id = jobs.put(jobs_[index], spec, now().wall);
  const auto record = jobs.find(jobs_[index]);
  const auto plan = record && *record ? jobs.plan(**record) : Result<JobPlan>();
  if (!id || !plan || !store_->commit()) return store_->rollback();
  world_.observer.job(jobs_[index], spec, {});
  take(JobPut{*plan, false});
}

void SchedulerNode::decide_held() {
  if (!up() || !core_) return;
  for (const RunId id : core_->open_runs(limits::kMaxOpenRuns)) {
    const RunRow* row = core_->find_run(id);
    if (row->state == RunState::held)
      take(DecideHeld{id, world_.random.chance(0.7), "simulated", "ann"});
  }
}

void SchedulerNode::pause_and_resume(bool all) {
  if (!up() || !core_) return;
  std::vector<RunId> paused;
  std::vector<RunId> others;
  for (const RunId id : core_->open_runs(limits::kMaxOpenRuns))
    (core_->find_run(id)->pause_requested ? paused : others).push_back(id);
  std::erase_if(paused, [&](RunId) { return !all && world_.random.chance(0.5); });
  for (const RunId id : paused)
    world_.observer.resume_asked(id);
  if (!paused.empty()) take(ResumeRuns{paused, "ann"});
  if (all || others.empty()) return;
  const auto last = static_cast<int64_t>(others.size()) - 1;
  const RunId chosen = others[static_cast<size_t>(world_.random.between(0, last))];
  take(PauseRuns{{chosen}, "simulated", "ann"});
}

void SchedulerNode::settings(const LiveSettings& settings) {
  take(SettingsPut{settings});
}

}  // namespace dray::sim
