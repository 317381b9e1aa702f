// The inside of Core: what it keeps, and its functions by topic. One file per topic implements
// them: core.cc (time, loading), core_runs.cc, core_due.cc, core_enqueue.cc, core_admission.cc,
// core_waits.cc, core_workers.cc, core_attempts.cc, core_results.cc, core_cancel.cc,
// core_settings.cc, core_why.cc, core_pause.cc, core_caps.cc, core_bandwidth.cc.
//
// Who points at whom: runs_, jobs_ and workers_ are maps with stable nodes, and a Run points at its
// Job and Worker. finish() ends a run and frees its node: nobody touches a Run after it.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "daemon/scheduler/backoff.h"
#include "daemon/scheduler/calendar.h"
#include "daemon/scheduler/core.h"
#include "daemon/scheduler/core_state.h"
#include "daemon/scheduler/due_heap.h"
#include "daemon/scheduler/event_kinds.h"
#include "daemon/scheduler/fair_queue.h"
#include "daemon/scheduler/path_overlap.h"
#include "daemon/scheduler/remembered.h"
#include "schemas/json_fields.h"
#include "schemas/report.h"

namespace dray::scheduler {

// ── Figures ─────────────────────────────────────────────────────────────────────────────────────
// Rows that one step makes of occurrences: bounds the transaction and the time that a burst at
// midnight keeps others waiting. What is left follows with the next tick, which is due at once.
inline constexpr size_t kOccurrenceRowsPerStep = 1000;
// An occurrence that is this late still counts as on time: the smallest period of a schedule.
inline constexpr Duration kOnTime = seconds{60};
// Missed occurrences with a row of their own, per job and catch-up. Older ones share one row.
inline constexpr size_t kMissedRows = 100;
// Missed occurrences are counted up to here; beyond, the row says "more than".
inline constexpr size_t kMissedCount = 1000;
// A worker that refuses gets nothing for a moment, and not that run for longer.
inline constexpr Duration kRefusedPause = seconds{1};
inline constexpr Duration kRefusedPauseForRun = seconds{15};
// A run that took its worker with it this often is not given to another one.
inline constexpr uint32_t kMaxWorkerDeaths = 3;
// A share that moves by less than this part of itself is left alone.
inline constexpr uint64_t kLowerPercent = 5;
inline constexpr uint64_t kRaisePercent = 2;
// Shares follow use at most this often; starts, ends and changes of caps count at once.
inline constexpr Duration kUsageInterval = seconds{1};
// Shares told in one life of the scheduler are counted by so many bits, those above by its epoch.
inline constexpr int kShareBits = 40;
// A share that the worker has not confirmed after this is sent again.
inline constexpr Duration kShareRepeat = seconds{2};
// Ended attempts and runs that are remembered to answer repeated questions: seconds at the highest
// rate, months at an ordinary one. Older tokens are answered STALE, which ends the asking as well.
inline constexpr size_t kRememberedEnds = 65'536;
inline constexpr size_t kMaxIdempotencyKeys = 100'000;  // the oldest is forgotten
inline constexpr Duration kIdempotencyWindow = hours{24};
inline constexpr Duration kClockJump = seconds{60};  // a larger step of the wall clock is reported
inline constexpr Duration kProgressStore = limits::kProgressStoreInterval;

class Core::Impl {
 public:
  explicit Impl(CoreOptions options) : options_(options), jitter_(options.seed) {}
  const CoreOptions& options() const { return options_; }

  // core.cc
  void load(const Snapshot& snapshot);
  void dispatch(const Event& event);
  void begin(Now now, std::vector<Action>& out);
  void end();
  Deadlines next_deadline() const;

  // core_why.cc
  std::optional<WhyAnswer> why(RunId run, Now now) const;
  CoreStatus status() const;
  BandwidthView bandwidth() const;

  const Run* find(RunId run) const;
  Run* find(RunId run);
  bool is_current(const Token& token) const;

  std::map<RunId, Run> runs_;
  std::unordered_map<JobId, Job> jobs_;
  std::map<std::string, Worker, std::less<>> workers_;

 private:
  // core.cc
  void on(const Tick&) {}
  void load_run(const RunRow& row);
  void load_keys(const std::vector<KeyedRun>& keys);
  void fire_deadlines();
  void on_deadline(Run& run);
  void set_deadline(Run& run, std::optional<Instant> when);
  void watch_clock();

  // core_runs.cc: the life of a run.
  template <class T>
  void emit(T action) {
    out_->push_back(std::move(action));
  }
  void add_event(std::string_view kind, const RunRow* run, std::string body);
  void add_job_event(std::string_view kind, const Job& job, std::string body);
  RunRow new_row(const Job& job, Trigger trigger, WallTime scheduled_at);
  Run& add_run(RunRow row, Job& job);
  void move(Run& run, RunState to);
  void store(const Run& run, bool soft = false);
  void finish(Run& run, RunState state, Outcome outcome, ErrorClass error_class);
  WallTime not_before(WallTime earlier) const;

  // core_due.cc: occurrences, misfire, overlap.
  void fire_occurrences();
  size_t catch_up(Job& job);
  void record(Job& job, WallTime at, RunState state, std::string reason);
  void occur(Job& job, WallTime at, bool one_of_many);
  struct Overlap {
    RunId in_the_way;
    std::string why;
  };
  std::optional<Overlap> check_overlap(const Job& job) const;
  void make_room(Job& job, std::string_view why);
  void schedule_next(Job& job);
  void push_due(const Job& job);

  // core_enqueue.cc
  void on(const RunNow& event);
  const KeyedRun* known_key(const std::string& key);
  void remember_key(const KeyedRun& key, Instant until);

  // core_admission.cc: which run starts where.
  void admit();
  uint32_t places() const;
  uint32_t free_slots(const Worker& worker) const;
  uint32_t all_free_slots() const;
  bool try_start(Run& run);
  Worker* choose_worker(const Run& run);
  bool client_is_full(const Client& client) const;
  void offer(Run& run, Worker& worker);
  void send_assign(Run& run);
  void occupy(Run& run, Worker& worker);
  void release(Run& run, bool started);
  void take_back(Run& run);
  void withdraw(Run& run);

  // core_caps.cc: caps and windows along the wall clock.
  void fire_edges();
  void refresh_all_caps();
  void push_edge(std::optional<WallTime> when, uint64_t owner);
  std::optional<WallTime> edge_of(uint64_t owner) const;
  void edge_reached(uint64_t owner);
  void put_cap(Cap& cap, uint64_t kbps, const BandwidthTable& table);
  void set_client_cap(uint32_t index, const ClientRow& row);
  void set_global_cap();
  void set_job_limits(Job& job, const JobPlan& plan);
  void drop_job_limits(Job& job);
  void report_cap(std::string_view scope, const std::string& name, const Cap& cap);
  void window_opened(Job& job);
  void window_closed(Job& job);
  bool outside_window(const Run& run) const;
  bool queue_stops() const { return settings_.queue_paused && settings_.queue_paused_stops; }
  void let_go_on(Run& run);
  void hold_back(Run& run);
  void follow_queue_pause();

  // core_bandwidth.cc: shares of what runs.
  struct Sharing;
  void rebalance();
  void take_stock(Sharing& sharing);
  void lower(Sharing& sharing);
  void raise(Sharing& sharing);
  void tell(Run& run, uint64_t share);
  void keep_share(Run& run, bool soft);
  Token attempt_of(const Run& run) const;
  void take_usage(Run& run, const HeldAttempt& held);
  void forget_share(Run& run);
  uint64_t weight_of(const Run& run) const;
  uint64_t may_use(const Run& run) const;
  uint64_t first_share(const Run& run) const;
  bool live_bandwidth(const Run& run) const;

  // core_pause.cc
  void on(const PauseRuns& event);
  void on(const ResumeRuns& event);
  void on(const SetPriority& event);
  void pause(Run& run, std::string_view reason, std::string_view asked_by);
  void come_to_rest(Run& run, std::string reason);
  void go_on(Run& run);
  bool wants_stop(const Run& run) const;
  void stopped_on_request(Run& run);
  void interrupted(Run& run);

  // core_waits.cc: waiting lists.
  void make_ready(Run& run);
  void wait(Run& run, WaitKey key);
  void leave_wait(Run& run);
  bool has_room(WaitKey key) const;
  void wake_one(WaitKey key);
  void wake_all(WaitKey key);
  void wake_job(const Job& job);
  std::optional<WaitKey> blocked_by(const Run& run) const;

  // core_workers.cc: sessions.
  void on(const WorkerHello& event);
  void on(const SessionGone& event);
  void on(const BrokerLost&);
  void on(const BrokerUp&);
  void on(const WorkerDrain& event);
  void on(const Noted& event);
  std::string why_refused(const Worker& worker, const WorkerHello& event) const;
  void refuse(Worker& worker, const WorkerHello& event, const std::string& why);
  void restarted(Worker& worker, const Hello& hello);
  void connect(Worker& worker, const WorkerHello& event);
  void disconnect(Worker& worker);
  void withdraw_offers(Worker& worker);
  Worker* worker_of(SessionId session);

  // core_attempts.cc: accept, lease, lost.
  void on(const WorkerAccept& event);
  void on(const WorkerReject& event);
  void on(const WorkerRenew& event);
  void on(const AssignFailed& event);
  void accept(Run& run);
  Run* current(const Token& token, const Worker& worker);
  bool adopt(Worker& worker, const HeldAttempt& held, std::vector<Token>& stale);
  void take_progress(Run& run, const HeldAttempt& held);
  void extend_lease(Run& run);
  Duration reassign_after(const Run& run) const;
  void lose(Run& run, bool worker_died, std::string_view why);
  OwnerRow owner_row(const Run& run) const;

  // core_results.cc: outcome, retry.
  void on(const WorkerResult& event);
  void conclude(Run& run, const AttemptResult& result);
  std::string why_no_retry(const Run& run, const AttemptResult& result, Duration wait) const;
  void retry_later(Run& run, const AttemptResult& result, Duration wait);

  // core_hold.cc
  void on(const DecideHeld& event);
  AttemptReport take_report(RunRow& row, AttemptResult& result);
  void hold(Run& run, const AttemptReport& report);
  static std::string approved_task(const std::string& task);

  // core_versions.cc: states that can be restored.
  void keep_versions(Run& run, const AttemptResult& result, AttemptReport report);
  void add_version(const RunRow& row, VersionRef ref, Grade grade, bool good);
  void on(const UpkeepDue& event);
  bool has_open(const Job& job, Trigger trigger) const;
  std::vector<uint32_t> accounts_of(const Run& run) const;
  void find_further_account(Run& run);
  RunId add_upkeep(Job& job, Trigger trigger, JobKind kind, const std::string& task);

  // core_cancel.cc
  void on(const CancelRuns& event);
  CancelRow cancel(Run& run, std::string_view reason, std::string_view asked_by);
  CancelRow cancel_unknown(RunId run, const CancelRuns& event) const;
  void send_stop(Run& run);
  std::vector<RunId> chosen(const CancelRequest& request, CancelReply& reply) const;

  // core_settings.cc
  void on(const JobPut& event);
  void on(const JobRemoved& event);
  void on(const ClientPut& event);
  void on(const AccountPut& event);
  void on(const SettingsPut& event);
  Job& put_job(const JobPlan& plan);
  void compile(Job& job, const Schedule& schedule, WallTime anchor);
  void forget_job(Job& job);
  uint32_t client_index(const std::string& name);
  uint32_t account_index(const std::string& client, const std::string& name);
  Job* job_by_name(std::string_view name);

  // core_why.cc
  void why_waiting(const Run& run, WhyAnswer& answer, Now now) const;
  void why_global(const Run& run, WhyAnswer& answer) const;
  void why_held_back(const Run& run, WhyAnswer& answer) const;
  void why_workers(const Run& run, WhyAnswer& answer, Now now) const;

  CoreOptions options_;
  Jitter jitter_;
  LiveSettings settings_;
  uint64_t scheduler_epoch_ = 0;
  uint64_t last_run_id_ = 0;
  uint64_t last_event_ = 0;
  WallTime last_manual_at_{};

  std::unordered_map<std::string_view, Job*> job_names_;  // views into Job::name
  std::vector<Client> clients_;
  std::unordered_map<std::string, uint32_t> client_names_;
  std::vector<Account> accounts_;
  std::map<std::pair<std::string, std::string>, uint32_t> account_names_;
  std::unordered_map<SessionId, Worker*> sessions_;

  FairQueue queue_;
  std::map<WaitKey, std::set<Ranked>> waiting_;
  PathLocks locks_;
  uint32_t running_ = 0;  // offers and attempts

  Cap global_cap_;
  size_t caps_ = 0;            // configured anywhere
  size_t shares_ = 0;          // runs that were told a cap
  uint64_t last_share_ = 0;    // sequence; begins anew above all earlier ones
  bool shares_moved_ = false;  // rebalance at the end of the step
  Instant rebalanced_at_{};
  std::vector<RunId> offered_;  // in this step
  // By name: the order of addresses would make two equal runs differ.
  struct ByName {
    bool operator()(const Worker* a, const Worker* b) const { return a->row.name < b->row.name; }
  };
  std::map<Worker*, SetBandwidth, ByName> said_;  // in this step

  DueHeap<WallTime, uint64_t> due_;       // job id
  DueHeap<Instant, uint64_t> deadlines_;  // run id
  DueHeap<WallTime, uint64_t> edges_;     // of caps and windows, by owner (core_caps.cc)

  std::unordered_map<std::string, std::pair<KeyedRun, Instant>> keys_;
  std::deque<std::string> keys_order_;
  Remembered<Token, bool, kRememberedEnds> ended_tokens_;  // attempts that ended with a result
  Remembered<RunId, RunState, kRememberedEnds> ended_runs_;
  std::array<uint64_t, 32> counts_{};  // open runs by state

  // Of the step at hand.
  Now now_;
  std::vector<Action>* out_ = nullptr;
  std::optional<Duration> clock_offset_;  // wall minus boot clock
};

// The body of an event: a flat JSON object, in the order of the calls.
class Body {
 public:
  Body& text(std::string_view key, std::string_view value);
  Body& number(std::string_view key, int64_t value);
  Body& flag(std::string_view key, bool value);
  Body& time(std::string_view key, WallTime value);
  std::string done() { return text_.empty() ? "{}" : text_ + "}"; }

 private:
  void key(std::string_view name);
  std::string text_;
};

}  // namespace dray::scheduler
