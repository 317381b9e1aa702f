// Caps and windows along the wall clock: each owner (everybody, a client, a job) has the value that
// is in force and the moment at which it may be another one. Those moments are in one heap.
#include <algorithm>

#include "daemon/scheduler/core_impl.h"
#include "schemas/job_json.h"

namespace dray::scheduler {
namespace {

// Owners in the heap: everybody, a client by index, a job by id.
constexpr uint64_t kEverybody = 0;
constexpr uint64_t kClientBit = uint64_t{1} << 62;
constexpr uint64_t kJobBit = uint64_t{1} << 63;

// A table that cannot be read was checked when it was stored, against another time zone database:
// the plain cap holds.
std::unique_ptr<const WeekTable> compiled(const BandwidthTable& table) {
  if (table.rows.empty()) return nullptr;
  Result<WeekTable> made = WeekTable::compile(table);
  return made ? std::make_unique<const WeekTable>(std::move(*made)) : nullptr;
}

}  // namespace

void Core::Impl::push_edge(std::optional<WallTime> when, uint64_t owner) {
  if (when) edges_.push(*when, owner);
}

// Where an owner keeps its next moment; null: it is gone.
std::optional<WallTime> Core::Impl::edge_of(uint64_t owner) const {
  if (owner == kEverybody) return global_cap_.edge;
  if ((owner & kJobBit) != 0) {
    const auto job = jobs_.find(JobId{owner & ~kJobBit});
    if (job == jobs_.end() || !job->second.limits) return std::nullopt;
    return job->second.limits->next_edge();
  }
  return clients_[owner & ~kClientBit].cap.edge;
}

void Core::Impl::fire_edges() {
  while (!edges_.empty() && edges_.top().first <= now_.wall) {
    const auto [when, owner] = edges_.top();
    edges_.pop();
    if (edge_of(owner) == when) edge_reached(owner);
  }
}

// Brings the owner's values to the present.
void Core::Impl::edge_reached(uint64_t owner) {
  if (owner == kEverybody) {
    const uint64_t before = global_cap_.kbps;
    global_cap_.refresh(now_.wall);
    if (global_cap_.kbps != before) report_cap("global", "", global_cap_);
  } else if ((owner & kJobBit) != 0) {
    Job& job = jobs_.at(JobId{owner & ~kJobBit});
    JobLimits& limits = *job.limits;
    const uint64_t before = limits.cap.kbps;
    const bool was_open = limits.open;
    limits.refresh(now_.wall);
    if (limits.cap.kbps != before) {
      report_cap("job", job.name, limits.cap);
      wake_job(job);
    }
    if (limits.open && !was_open) window_opened(job);
    if (!limits.open && was_open) window_closed(job);
  } else {
    const auto index = static_cast<uint32_t>(owner & ~kClientBit);
    Client& client = clients_[index];
    const uint64_t before = client.cap.kbps;
    client.cap.refresh(now_.wall);
    if (client.cap.kbps != before) report_cap("client", client.name, client.cap);
    queue_.set_blocked(index, client_is_full(client));
  }
  push_edge(edge_of(owner), owner);
}

// The wall clock was set: nothing that was computed from it holds.
void Core::Impl::refresh_all_caps() {
  edges_.clear();
  edge_reached(kEverybody);
  for (uint32_t client = 0; client < clients_.size(); ++client)
    edge_reached(kClientBit | client);
  for (const auto& [id, job] : jobs_)
    if (job.limits) edge_reached(kJobBit | id.value);
}

void Core::Impl::report_cap(std::string_view scope, const std::string& name, const Cap& cap) {
  shares_moved_ = true;
  Body body;
  body.text("scope", scope).text("name", name).number("kbps", static_cast<int64_t>(cap.kbps));
  if (cap.edge) body.time("until", *cap.edge);
  add_event(event_kind::kBandwidthCap, nullptr, body.done());
}

// ── As they are configured ──────────────────────────────────────────────────────────────────────

void Core::Impl::put_cap(Cap& cap, uint64_t kbps, const BandwidthTable& table) {
  if (cap.configured()) --caps_;
  cap.plain_kbps = kbps;
  cap.table = compiled(table);
  cap.refresh(now_.wall);
  if (cap.configured()) ++caps_;
  shares_moved_ = true;
}

void Core::Impl::set_global_cap() {
  put_cap(global_cap_, settings_.global_max_bandwidth_kbps, settings_.global_bandwidth_table);
  push_edge(global_cap_.edge, kEverybody);
}

void Core::Impl::set_client_cap(uint32_t index, const ClientRow& row) {
  Client& client = clients_[index];
  client.paused = row.paused;
  put_cap(client.cap, row.spec.max_bandwidth_kbps, row.bandwidth_table);
  push_edge(client.cap.edge, kClientBit | index);
}

void Core::Impl::set_job_limits(Job& job, const JobPlan& plan) {
  job.paused = plan.paused;
  drop_job_limits(job);
  Result<JobPolicy> policy = job_policy_from(plan.policy);
  if (!policy) {
    add_job_event(event_kind::kJobBroken, job, Body{}.text("why", policy.error().message).done());
    policy = JobPolicy{};
  }
  job.drills = policy->restore_drill != DrillPeriod::never;
  const std::vector<RunWindow>& windows = policy->limits.windows;
  if (plan.bandwidth_kbps == 0 && policy->bandwidth_table.rows.empty() && windows.empty() &&
      policy->bandwidth_weight == 1)
    return;
  job.limits = std::make_unique<JobLimits>();
  job.limits->weight = std::max(policy->bandwidth_weight, 1u);
  put_cap(job.limits->cap, plan.bandwidth_kbps, policy->bandwidth_table);
  if (!windows.empty()) {
    Result<WeekTable> table = WeekTable::compile(windows, plan.schedule.time_zone);
    if (table) job.limits->windows = std::make_unique<const WeekTable>(std::move(*table));
  }
  job.limits->refresh(now_.wall);
  push_edge(job.limits->next_edge(), kJobBit | job.id.value);
}

void Core::Impl::drop_job_limits(Job& job) {
  if (job.limits && job.limits->cap.configured()) --caps_;
  job.limits.reset();
  shares_moved_ = true;
}

// ── Windows ─────────────────────────────────────────────────────────────────────────────────────

// Runs beside the job's own kind (a restore, a prune) are somebody's wish for now.
bool Core::Impl::outside_window(const Run& run) const {
  return run.row.kind == run.job->kind && !run.job->window_open();
}

void Core::Impl::window_opened(Job& job) {
  wake_job(job);
  const std::vector<RunId> open = job.open;
  for (const RunId id : open)
    let_go_on(*find(id));
}

void Core::Impl::window_closed(Job& job) {
  const std::vector<RunId> open = job.open;
  for (const RunId id : open)
    if (Run& run = *find(id); outside_window(run)) hold_back(run);
}

}  // namespace dray::scheduler
