// Shares of the bandwidth for what runs, live. At the end of a step in which something moved
// (a start, an end, a cap, a run's use), all shares are computed anew (bandwidth_shares.h) and told
// where they moved noticeably.
//
// What may be used never adds up to more than a cap: until its worker has confirmed a lower share,
// a run counts with the higher one, and others are raised only into what is really free. So
// lowering goes out first, and raising follows with the confirmations, some milliseconds later. A
// run that nobody can reach now keeps what it had, and one that was started without a limit counts
// with what it uses.
#include <algorithm>

#include "daemon/scheduler/core_impl.h"

namespace dray::scheduler {
namespace {

uint64_t from_wire(uint64_t bytes_per_second) {
  return bytes_per_second == 0 ? kNoCap : bytes_per_second;
}
// With less a transfer would wait for hours on what it has begun, even when it is given more later.
constexpr uint64_t kLeastShare = 1000;
uint64_t to_wire(uint64_t share) {
  return share == kNoCap ? 0 : std::max(share, kLeastShare);
}

bool noticeable(uint64_t from, uint64_t to) {
  if (from == kNoCap || to == kNoCap) return from != to;
  return from > to ? from - to > from / 100 * kLowerPercent
                   : to - from > from / 100 * kRaisePercent;
}

uint64_t minus(uint64_t a, uint64_t b) {
  return a == kNoCap ? a : a > b ? a - b : 0;
}

}  // namespace

// One computation: the runs, their groups, what is left of each cap.
struct Core::Impl::Sharing {
  std::vector<Run*> runs;  // whose share can be moved
  std::vector<ShareRun> wishes;
  std::vector<uint64_t> caps;  // for the runs above
  std::vector<uint64_t> free;  // of each cap, after all that may be used now
  std::vector<uint64_t> told;  // by group, sums over runs
  std::vector<uint64_t> targets;
  std::map<uint32_t, uint32_t> clients;  // group of each
  std::map<uint64_t, uint32_t> jobs;

  uint32_t group(uint64_t cap) {
    caps.push_back(cap);
    free.push_back(cap);
    told.push_back(0);
    return static_cast<uint32_t>(caps.size() - 1);
  }
  std::array<uint32_t, 3> groups_of(const Run& run, const Client& client) {
    const auto [c, new_client] = clients.try_emplace(run.client, 0);
    if (new_client) c->second = group(client.cap.bytes());
    const auto [j, new_job] = jobs.try_emplace(run.job->id.value, 0);
    if (new_job) j->second = group(run.job->cap_bytes());
    return {0, c->second, j->second};
  }
};

bool Core::Impl::live_bandwidth(const Run& run) const {
  return global_cap_.configured() || clients_[run.client].cap.configured() ||
         (run.job->limits && run.job->limits->cap.configured());
}

uint64_t Core::Impl::weight_of(const Run& run) const {
  const uint64_t job = run.job->limits ? run.job->limits->weight : 1;
  return std::max<uint64_t>(clients_[run.client].spec.weight, 1) * job;
}

// What it may use at this moment, as far as anybody can know.
uint64_t Core::Impl::may_use(const Run& run) const {
  const Share& share = run.share;
  if (share.offered) return 0;  // told at the end of this step
  const uint64_t most = from_wire(share.most);
  return most == kNoCap ? share.usage.rate() : most;
}

void Core::Impl::take_stock(Sharing& sharing) {
  sharing.group(global_cap_.bytes());
  for (auto& [name, worker] : workers_) {
    for (const RunId id : worker.runs) {
      Run& run = *find(id);
      const auto groups = sharing.groups_of(run, clients_[run.client]);
      const bool movable = worker.session && run.share.live;
      const uint64_t used = may_use(run);
      for (const uint32_t group : groups) {
        sharing.free[group] = minus(sharing.free[group], used);
        if (!movable) sharing.caps[group] = minus(sharing.caps[group], used);
        if (movable) sharing.told[group] += run.share.offered ? 0 : run.share.told;
      }
      if (!movable) continue;
      sharing.runs.push_back(&run);
      sharing.wishes.push_back({weight_of(run), run.share.usage.wants(), groups});
    }
  }
  sharing.targets = share_out(sharing.wishes, sharing.caps);
}

// What may be used is durable before it is said, and less only when it is confirmed: a restart
// never believes a run to be slower than it is.
void Core::Impl::tell(Run& run, uint64_t share) {
  Share& s = run.share;
  if (s.told == 0 && to_wire(share) != 0) ++shares_;
  if (s.told != 0 && to_wire(share) == 0) --shares_;
  s.told = to_wire(share);
  s.told_at = now_.mono;
  s.sequence = ++last_share_;
  s.usage.set_share(share, now_.mono);
  if (s.offered) return;
  said_[run.worker].shares.push_back({attempt_of(run), s.told, s.sequence});
  if (from_wire(s.told) <= from_wire(s.most)) return;
  s.most = s.told;
  keep_share(run, false);
}

void Core::Impl::keep_share(Run& run, bool soft) {
  run.row.bandwidth_bytes_per_second = run.share.most;
  if (run.row.state != RunState::assigned) store(run, soft);
}

Token Core::Impl::attempt_of(const Run& run) const {
  return run.row.state == RunState::assigned ? run.offer : run.row.token();
}

void Core::Impl::lower(Sharing& sharing) {
  for (size_t i = 0; i < sharing.runs.size(); ++i) {
    Run& run = *sharing.runs[i];
    const uint64_t told = from_wire(run.share.told);
    if (run.share.offered || sharing.targets[i] >= told) continue;
    const bool over = std::ranges::any_of(sharing.wishes[i].groups, [&](uint32_t group) {
      return sharing.caps[group] != kNoCap && sharing.told[group] > sharing.caps[group];
    });
    if (over || noticeable(told, sharing.targets[i])) tell(run, sharing.targets[i]);
  }
}

uint64_t Core::Impl::first_share(const Run& run) const {
  return std::min({kBandwidthFloor, global_cap_.bytes(), clients_[run.client].cap.bytes(),
                   run.job->cap_bytes()});
}

void Core::Impl::raise(Sharing& sharing) {
  for (size_t i = 0; i < sharing.runs.size(); ++i) {
    Run& run = *sharing.runs[i];
    const uint64_t target = sharing.targets[i];
    const uint64_t told = run.share.offered ? 0 : from_wire(run.share.told);
    if (target <= told && !run.share.offered) continue;
    uint64_t more = target == kNoCap ? kNoCap : target - told;
    // What it has confirmed beyond its share is its own already.
    const uint64_t own = run.share.offered ? 0 : may_use(run) - std::min(may_use(run), told);
    for (const uint32_t group : sharing.wishes[i].groups)
      if (sharing.free[group] != kNoCap) more = std::min(more, sharing.free[group] + own);
    uint64_t share = more == kNoCap ? kNoCap : told + more;
    // Nothing can start with nothing; what was lowered for it is free in a moment.
    if (run.share.offered) share = std::max(share, first_share(run));
    if (!run.share.offered && !noticeable(told, share)) continue;
    for (const uint32_t group : sharing.wishes[i].groups)
      sharing.free[group] = minus(sharing.free[group], minus(share, told + own));
    tell(run, share);
  }
}

void Core::Impl::rebalance() {
  // A run that is not under any cap, nor was, takes no part: without caps this costs nothing.
  if (shares_moved_ && (caps_ != 0 || shares_ != 0)) {
    Sharing sharing;
    take_stock(sharing);
    lower(sharing);
    raise(sharing);
    rebalanced_at_ = now_.mono;
  }
  shares_moved_ = false;
  for (auto& [worker, message] : said_)
    if (worker->session) emit(SendBandwidth{worker->session, std::move(message)});
  said_.clear();
  for (const RunId id : offered_) {
    Run* run = find(id);
    if (run == nullptr || !run->share.offered) continue;
    run->share.offered = false;
    run->share.most = run->share.told;
    run->share.sequence = 0;  // the attempt begins with it
    send_assign(*run);
  }
  offered_.clear();
}

// ── What workers say ────────────────────────────────────────────────────────────────────────────

void Core::Impl::take_usage(Run& run, const HeldAttempt& held) {
  if (caps_ == 0 && shares_ == 0) return;
  Share& share = run.share;
  if (share.live != held.live_bandwidth) {
    share.live = held.live_bandwidth;
    shares_moved_ = true;
  }
  const bool confirmed =
      held.bandwidth_sequence == share.sequence && held.bandwidth_bytes_per_second == share.told;
  if (confirmed && share.most != share.told) {
    share.most = share.told;
    keep_share(run, true);
    shares_moved_ = true;
  }
  if (share.live && !confirmed && now_.mono - share.told_at >= kShareRepeat) {
    share.told_at = now_.mono;
    said_[run.worker].shares.push_back({run.row.token(), share.told, share.sequence});
  }
  share.confirmed = confirmed;
  const Progress& progress = held.progress;
  if (progress.bytes_done >= 0 && progress.elapsed_ms > 0)
    share.usage.report(static_cast<uint64_t>(progress.bytes_done), progress.elapsed_ms, now_.mono);
  if (now_.mono - rebalanced_at_ >= kUsageInterval) shares_moved_ = true;
}

void Core::Impl::forget_share(Run& run) {
  if (run.share.told != 0) --shares_;
  run.share = Share{};
  shares_moved_ = true;
}

}  // namespace dray::scheduler
