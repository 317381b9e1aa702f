// Jobs, clients, accounts and settings as they change; all of it counts from the next step on.
#include <algorithm>
#include <functional>

#include "daemon/scheduler/core_impl.h"

namespace dray::scheduler {
namespace {

uint64_t print_of(const Schedule& schedule) {
  const std::string text =
      fmt::format("{}\x1f{}\x1f{}\x1f{}\x1f{}\x1f{}", static_cast<int>(schedule.kind), schedule.at,
                  schedule.weekdays, schedule.cron, schedule.every_seconds, schedule.time_zone);
  return std::hash<std::string>{}(text);
}

}  // namespace

uint32_t Core::Impl::client_index(const std::string& name) {
  const auto [it, fresh] = client_names_.try_emplace(name, static_cast<uint32_t>(clients_.size()));
  if (fresh) {
    Client& client = clients_.emplace_back();
    client.name = name;
    client.spec.name = name;
    queue_.set_weight(it->second, client.spec.weight);
  }
  return it->second;
}

uint32_t Core::Impl::account_index(const std::string& client, const std::string& name) {
  const auto [it, fresh] =
      account_names_.try_emplace(std::pair{client, name}, static_cast<uint32_t>(accounts_.size()));
  if (fresh) accounts_.emplace_back().name = name;
  return it->second;
}

Job* Core::Impl::job_by_name(std::string_view name) {
  const auto it = job_names_.find(name);
  return it == job_names_.end() ? nullptr : it->second;
}

// Everything but high_water and next_due.
Job& Core::Impl::put_job(const JobPlan& plan) {
  Job& job = jobs_[plan.id];
  job.id = plan.id;
  if (job.name != plan.name) {
    const auto old = job_names_.find(job.name);
    if (old != job_names_.end() && old->second == &job) job_names_.erase(old);
    job.name = plan.name;
  }
  job_names_.insert_or_assign(job.name, &job);
  job.client = client_index(plan.client);
  job.kind = plan.kind;
  job.priority = plan.priority;
  job.misfire = plan.misfire;
  job.misfire_max = plan.misfire_max;
  job.overlap = plan.overlap;
  job.max_concurrent = plan.max_concurrent;
  job.retry = plan.retry;
  job.destination = destination_key(plan.client, plan.destination);
  job.accounts.clear();
  for (const std::string& name : plan.accounts)
    job.accounts.push_back(account_index(plan.client, name));
  std::sort(job.accounts.begin(), job.accounts.end());
  job.accounts.erase(std::unique(job.accounts.begin(), job.accounts.end()), job.accounts.end());
  job.accounts.shrink_to_fit();
  job.enabled = plan.enabled;
  job.schedule_print = print_of(plan.schedule);
  compile(job, plan.schedule, plan.created_at);
  set_job_limits(job, plan);
  return job;
}

void Core::Impl::compile(Job& job, const Schedule& schedule, WallTime anchor) {
  job.schedule.reset();
  if (schedule.kind == ScheduleKind::manual || !job.enabled) return;
  auto compiled = CompiledSchedule::compile(schedule, anchor);
  if (compiled) {
    job.schedule = std::move(*compiled);
    return;
  }
  add_job_event(event_kind::kJobBroken, job, Body{}.text("why", compiled.error().message).done());
}

void Core::Impl::on(const JobPut& event) {
  const auto known = jobs_.find(event.job.id);
  const bool same_schedule = known != jobs_.end() && known->second.enabled &&
                             known->second.schedule_print == print_of(event.job.schedule);
  const WallTime before = known == jobs_.end() ? WallTime{} : known->second.high_water;
  Job& job = put_job(event.job);
  job.high_water = std::max(before, event.job.high_water);
  // A schedule that is new, changed or switched on begins now: nothing of it was missed.
  if (!same_schedule) job.high_water = std::max(job.high_water, now_.wall);
  schedule_next(job);
  push_due(job);
  emit(UpdateJobDue{job.id, job.high_water, job.next_due});
  if (event.created) {
    add_job_event(event_kind::kJobCreated, job, "{}");
  } else {
    Body body;
    body.flag("enabled", job.enabled).text("paused", job.paused);
    add_job_event(event_kind::kJobChanged, job, body.done());
  }
  if (job.window_open()) {
    window_opened(job);
  } else {
    wake_job(job);
    window_closed(job);
  }
}

void Core::Impl::on(const JobRemoved& event) {
  const auto it = jobs_.find(event.job);
  if (it == jobs_.end()) return;
  Job& job = it->second;
  job.removed = true;
  job.next_due.reset();
  job.schedule.reset();
  drop_job_limits(job);
  add_job_event(event_kind::kJobRemoved, job, "{}");
  const auto named = job_names_.find(job.name);
  if (named != job_names_.end() && named->second == &job) job_names_.erase(named);
  if (job.open.empty()) return forget_job(job);
  const std::vector<RunId> open = job.open;
  for (const RunId id : open)
    if (Run& run = *find(id); run.row.state != RunState::cancelling)
      cancel(run, "the job was removed", "drayd");
}

void Core::Impl::forget_job(Job& job) {
  const auto named = job_names_.find(job.name);
  if (named != job_names_.end() && named->second == &job) job_names_.erase(named);
  jobs_.erase(job.id);
}

void Core::Impl::on(const ClientPut& event) {
  const ClientSpec& spec = event.client.spec;
  const uint32_t index = client_index(spec.name);
  Client& client = clients_[index];
  client.spec = spec;
  queue_.set_weight(index, spec.weight);
  set_client_cap(index, event.client);
  queue_.set_blocked(index, client_is_full(client));
  AddEvent added;
  Body body;
  body.number("weight", spec.weight).number("max_concurrent_jobs", spec.max_concurrent_jobs);
  body.number("max_bandwidth_kbps", static_cast<int64_t>(spec.max_bandwidth_kbps));
  body.text("paused", client.paused);
  added.event =
      EventRow{++last_event_, now_.wall,  std::string(event_kind::kClientChanged), spec.name, "",
               RunId{},       body.done()};
  emit(std::move(added));
}

void Core::Impl::on(const AccountPut& event) {
  const uint32_t index = account_index(event.account.client, event.account.name);
  accounts_[index].max_concurrent = event.account.max_concurrent;
  wake_all(WaitKey{WaitFor::account, index});
}

void Core::Impl::on(const SettingsPut& event) {
  settings_ = event.settings;
  set_global_cap();
  follow_queue_pause();
  Body body;
  body.number("global_max_concurrent_jobs", settings_.global_max_concurrent_jobs);
  body.number("global_max_bandwidth_kbps",
              static_cast<int64_t>(settings_.global_max_bandwidth_kbps));
  body.flag("queue_paused", settings_.queue_paused);
  body.text("queue_paused_reason", settings_.queue_paused_reason);
  add_event(event_kind::kSettingsChanged, nullptr, body.done());
}

void Core::Impl::on(const Noted& event) {
  AddEvent added;
  added.event = EventRow{++last_event_, now_.wall, std::string(event.kind), event.client, event.job,
                         RunId{},       event.body};
  emit(std::move(added));
}

}  // namespace dray::scheduler
