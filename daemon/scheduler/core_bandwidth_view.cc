// Who has how much bandwidth, and why: what `dray bandwidth` shows.
#include <algorithm>

#include "daemon/scheduler/core_impl.h"

namespace dray::scheduler {
namespace {

CapView cap_view(std::string scope, std::string name, const Cap& cap) {
  CapView view;
  view.scope = std::move(scope);
  view.name = std::move(name);
  view.cap = cap.kbps * 1000;
  view.table = cap.table != nullptr;
  view.next_change = cap.edge;
  return view;
}

bool used_up(const CapView& cap) {
  return cap.cap != 0 && cap.given >= cap.cap - cap.cap / 100 * kLowerPercent;
}

}  // namespace

BandwidthView Core::Impl::bandwidth() const {
  BandwidthView view;
  view.caps.push_back(cap_view("global", "", global_cap_));
  std::map<uint32_t, size_t> clients;
  for (uint32_t i = 0; i < clients_.size(); ++i) {
    if (!clients_[i].cap.configured()) continue;
    clients[i] = view.caps.size();
    view.caps.push_back(cap_view("client", clients_[i].name, clients_[i].cap));
  }
  std::map<uint64_t, size_t> jobs;
  std::vector<std::array<size_t, 3>> groups;  // of each share; 0 again: no such cap
  for (const auto& [id, run] : runs_) {
    if (run.worker == nullptr) continue;
    const Job& job = *run.job;
    if (job.limits && job.limits->cap.configured() && !jobs.contains(job.id.value)) {
      jobs[job.id.value] = view.caps.size();
      view.caps.push_back(cap_view("job", job.name, job.limits->cap));
    }
    ShareView share;
    share.run = id;
    share.job = run.row.job_name;
    share.client = run.row.client;
    share.worker = run.worker->row.name;
    share.weight = weight_of(run);
    share.share = run.share.told;
    share.used = run.share.usage.rate();
    if (const uint64_t wants = run.share.usage.wants(); wants != kNoCap) share.wants = wants;
    share.confirmed =
        run.share.told == 0 || (run.share.told == run.share.most && run.share.confirmed);
    share.live = run.share.live;
    const auto client = clients.find(run.client);
    const auto own = jobs.find(job.id.value);
    groups.push_back(
        {0, client == clients.end() ? 0 : client->second, own == jobs.end() ? 0 : own->second});
    for (size_t i = 0; i < groups.back().size(); ++i) {
      if (i > 0 && groups.back()[i] == 0) continue;
      CapView& cap = view.caps[groups.back()[i]];
      ++cap.runs;
      cap.given += share.share;
      cap.used += share.used;
    }
    view.shares.push_back(std::move(share));
  }
  for (size_t i = 0; i < view.shares.size(); ++i) {
    ShareView& share = view.shares[i];
    if (share.share == 0) continue;
    for (const size_t group : groups[i])
      if (share.limited_by.empty() || group != 0)
        if (used_up(view.caps[group])) share.limited_by = view.caps[group].scope;
    // As exactly as shares follow what is wanted.
    if (share.wants && *share.wants <= share.share + share.share / 100 * kRaisePercent)
      share.limited_by = "itself";
  }
  return view;
}

}  // namespace dray::scheduler
