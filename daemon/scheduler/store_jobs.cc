#include "daemon/scheduler/store_jobs.h"

#include <algorithm>
#include <map>

#include "daemon/base/quote.h"
#include "daemon/scheduler/path_overlap.h"
#include "daemon/scheduler/store_catalog.h"
#include "daemon/scheduler/store_db.h"
#include "daemon/scheduler/store_keys.h"
#include "schemas/job_json.h"
#include "schemas/json_fields.h"
#include "schemas/limits.h"

namespace dray::store {
namespace {

// The columns that read_plan() expects, from column 0 on; the options follow.
#define DRAY_JOB_COLUMNS                                                                           \
  "j.id, j.name, j.client, j.kind, j.source_remote, j.source_path, j.destination_remote, "         \
  "j.destination_path, j.schedule_kind, j.schedule_at, j.schedule_weekdays, j.schedule_cron, "     \
  "j.schedule_every_seconds, j.schedule_time_zone, j.enabled, j.priority, j.misfire, "             \
  "j.misfire_max, j.overlap, j.max_concurrent, j.bandwidth_kbps, j.retry_max_attempts, "           \
  "j.retry_backoff_seconds, j.retry_backoff_max_seconds, j.created_at, s.high_water, s.next_due, " \
  "j.policy, j.paused"
#define DRAY_JOB_TABLES " FROM jobs j JOIN job_states s ON s.job = j.id "
#define DRAY_RECORD_COLUMNS DRAY_JOB_COLUMNS ", j.options, j.updated_at, s.last_run"

JobPlan read_plan(const Query& q) {
  JobPlan plan;
  plan.id = {q.as<uint64_t>(0)};
  plan.name = q.text(1);
  plan.client = q.text(2);
  plan.kind = q.as<JobKind>(3);
  plan.source = {q.text(4), q.text(5)};
  plan.destination = {q.text(6), q.text(7)};
  plan.schedule = {q.as<ScheduleKind>(8), q.text(9), q.as<WeekdaySet>(10), q.text(11),
                   q.as<int64_t>(12),     q.text(13)};
  plan.enabled = q.as<bool>(14);
  plan.priority = q.as<int32_t>(15);
  plan.misfire = q.as<MisfirePolicy>(16);
  plan.misfire_max = q.as<uint32_t>(17);
  plan.overlap = q.as<OverlapPolicy>(18);
  plan.max_concurrent = q.as<uint32_t>(19);
  plan.bandwidth_kbps = q.as<uint64_t>(20);
  plan.retry = {q.as<uint32_t>(21), q.as<uint32_t>(22), q.as<uint32_t>(23)};
  plan.created_at = q.time(24);
  plan.high_water = q.time(25);
  if (!q.is_null(26)) plan.next_due = q.time(26);
  plan.policy = q.text(27);
  plan.paused = q.text(28);
  return plan;
}

Result<JobRecord> read_record(const Query& q) {
  JobPlan plan = read_plan(q);
  JobRecord record;
  record.id = plan.id;
  record.created_at = plan.created_at;
  record.high_water = plan.high_water;
  record.next_due = plan.next_due;
  record.updated_at = q.time(30);
  record.last_run = {q.as<uint64_t>(31)};
  record.paused = std::move(plan.paused);
  JobSpec& spec = record.spec;
  spec.name = std::move(plan.name);
  spec.client = std::move(plan.client);
  spec.kind = plan.kind;
  spec.source = std::move(plan.source);
  spec.destination = std::move(plan.destination);
  spec.schedule = std::move(plan.schedule);
  spec.enabled = plan.enabled;
  spec.priority = plan.priority;
  spec.misfire = plan.misfire;
  spec.misfire_max = plan.misfire_max;
  spec.overlap = plan.overlap;
  spec.max_concurrent = plan.max_concurrent;
  spec.bandwidth_kbps = plan.bandwidth_kbps;
  spec.retry = plan.retry;
  DRAY_TRY_ASSIGN(spec.options,
                  from_json<TransferOptions>(q.text(29), JsonReadOptions{.unknown_keys = true}));
  DRAY_TRY_ASSIGN(spec.policy, job_policy_from(plan.policy));
  return record;
}

// The keys of everything around a place, itself included: its remote's root, then one component
// more each time.
std::vector<std::string> with_parents(const std::string& key) {
  const size_t root = key.rfind('\0') + 1;
  std::vector<std::string> keys{key.substr(0, root)};
  for (size_t slash = key.find('/', root); slash != std::string::npos;
       slash = key.find('/', slash + 1))
    keys.push_back(key.substr(0, slash + 1));
  return keys;
}

// The first text after all that begin with `key`. A key ends in '/' or, for a root, in 0.
std::string end_of(std::string key) {
  ++key.back();
  return key;
}

// Which remotes a remote leads to, itself included; for many jobs at once.
class AccountGraph {
 public:
  static Result<AccountGraph> load(Db& db) {
    AccountGraph graph;
    DRAY_TRY_ASSIGN(const auto remotes, Catalog(db).remotes(""));
    for (const RemoteView& remote : remotes)
      graph.refers_[{remote.client, remote.name}] = remote.refers_to;
    return graph;
  }
  std::vector<std::string> of(const JobPlan& plan) const {
    std::vector<std::string> names;
    for (const std::string* name : {&plan.source.remote, &plan.destination.remote})
      if (!name->empty() && std::ranges::find(names, *name) == names.end()) names.push_back(*name);
    for (size_t i = 0; i < names.size() && names.size() <= 2 * limits::kMaxRemoteDepth; ++i) {
      const auto found = refers_.find({plan.client, names[i]});
      if (found == refers_.end()) continue;
      for (const std::string& other : found->second)
        if (std::ranges::find(names, other) == names.end()) names.push_back(other);
    }
    std::erase(names, "");  // a job without source or destination
    return names;
  }

 private:
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> refers_;
};

}  // namespace

Result<std::optional<JobRecord>> Jobs::find(std::string_view name) {
  return guarded("read job", [&]() -> Result<std::optional<JobRecord>> {
    auto query = db_->query("SELECT " DRAY_RECORD_COLUMNS DRAY_JOB_TABLES "WHERE j.name = ?");
    if (!query.bind(name).next()) return std::nullopt;
    DRAY_TRY_ASSIGN(JobRecord record, read_record(query));
    return record;
  });
}

Result<std::optional<JobRecord>> Jobs::find(JobId id) {
  return guarded("read job", [&]() -> Result<std::optional<JobRecord>> {
    auto query = db_->query("SELECT " DRAY_RECORD_COLUMNS DRAY_JOB_TABLES "WHERE j.id = ?");
    if (!query.bind(id).next()) return std::nullopt;
    DRAY_TRY_ASSIGN(JobRecord record, read_record(query));
    return record;
  });
}

Result<std::vector<JobRecord>> Jobs::list(std::string_view client, std::string_view after,
                                          size_t limit) {
  return guarded("read jobs", [&]() -> Result<std::vector<JobRecord>> {
    std::vector<JobRecord> records;
    auto query = db_->query("SELECT " DRAY_RECORD_COLUMNS DRAY_JOB_TABLES
                            "WHERE j.name > ?1 AND (?2 = '' OR j.client = ?2) ORDER BY j.name "
                            "LIMIT ?3");
    query.bind(after, client, limit);
    while (query.next()) {
      DRAY_TRY_ASSIGN(JobRecord record, read_record(query));
      records.push_back(std::move(record));
    }
    return records;
  });
}

Result<uint64_t> Jobs::count(std::string_view client) {
  return guarded("count jobs", [&]() -> Result<uint64_t> {
    auto query = db_->query("SELECT count(*) FROM jobs WHERE client = ?");
    return query.bind(client).next() ? query.as<uint64_t>(0) : 0;
  });
}

Result<JobId> Jobs::put(JobId id, const JobSpec& spec, WallTime now) {
  return guarded("store job", [&]() -> Result<JobId> {
    const std::string key = scheduler::destination_key(spec.client, spec.destination);
    const std::string options = to_json(spec.options);
    auto query = db_->query(
        "INSERT INTO jobs (id, name, client, kind, source_remote, source_path, destination_remote, "
        "destination_path, destination_key, schedule_kind, schedule_at, schedule_weekdays, "
        "schedule_cron, schedule_every_seconds, schedule_time_zone, enabled, priority, misfire, "
        "misfire_max, overlap, max_concurrent, bandwidth_kbps, retry_max_attempts, "
        "retry_backoff_seconds, retry_backoff_max_seconds, options, policy, created_at, "
        "updated_at) "
        "VALUES (nullif(?, 0), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
        "?, ?, "
        "?, ?, ?28, ?28) ON CONFLICT (id) DO UPDATE SET name = excluded.name, client = "
        "excluded.client, "
        "kind = excluded.kind, source_remote = excluded.source_remote, source_path = "
        "excluded.source_path, destination_remote = excluded.destination_remote, destination_path "
        "= excluded.destination_path, destination_key = excluded.destination_key, schedule_kind = "
        "excluded.schedule_kind, schedule_at = excluded.schedule_at, schedule_weekdays = "
        "excluded.schedule_weekdays, schedule_cron = excluded.schedule_cron, "
        "schedule_every_seconds = excluded.schedule_every_seconds, schedule_time_zone = "
        "excluded.schedule_time_zone, enabled = excluded.enabled, priority = excluded.priority, "
        "misfire = excluded.misfire, misfire_max = excluded.misfire_max, overlap = "
        "excluded.overlap, max_concurrent = excluded.max_concurrent, bandwidth_kbps = "
        "excluded.bandwidth_kbps, retry_max_attempts = excluded.retry_max_attempts, "
        "retry_backoff_seconds = excluded.retry_backoff_seconds, retry_backoff_max_seconds = "
        "excluded.retry_backoff_max_seconds, options = excluded.options, policy = "
        "excluded.policy, updated_at = excluded.updated_at RETURNING id");
    query
        .bind(id, spec.name, spec.client, spec.kind, spec.source.remote, Blob{spec.source.path},
              spec.destination.remote, Blob{spec.destination.path}, Blob{key}, spec.schedule.kind,
              spec.schedule.at, spec.schedule.weekdays, spec.schedule.cron,
              spec.schedule.every_seconds, spec.schedule.time_zone, spec.enabled, spec.priority,
              spec.misfire, spec.misfire_max, spec.overlap, spec.max_concurrent,
              spec.bandwidth_kbps, spec.retry.max_attempts, spec.retry.backoff_seconds,
              spec.retry.backoff_max_seconds, options, job_policy_text(spec.policy), now)
        .next();
    const JobId stored{query.as<uint64_t>(0)};
    query.next();
    db_->query("INSERT OR IGNORE INTO job_states (job, high_water) VALUES (?, ?)")
        .bind(stored, now)
        .run();
    return stored;
  });
}

Status Jobs::remove(JobId id) {
  return guarded("remove job", [&]() -> Status {
    db_->query("DELETE FROM jobs WHERE id = ?").bind(id).run();
    return {};
  });
}

Status Jobs::set_paused(JobId id, std::string_view why) {
  return guarded("pause job", [&]() -> Status {
    db_->query("UPDATE jobs SET paused = ? WHERE id = ?").bind(why, id).run();
    return {};
  });
}

Result<std::string> Jobs::writes_there(const JobSpec& spec, JobId except) {
  return guarded("read jobs", [&]() -> Result<std::string> {
    const std::string key = scheduler::destination_key(spec.client, spec.destination);
    if (key.empty()) return std::string();
    for (const std::string& place : with_parents(key)) {
      auto query =
          db_->query("SELECT name FROM jobs WHERE destination_key = ? AND id <> ? LIMIT 1");
      if (query.bind(Blob{place}, except).next()) return query.text(0);
    }
    const std::string end = end_of(key);
    auto query = db_->query(
        "SELECT name FROM jobs WHERE destination_key >= ? AND destination_key < ? AND id <> ? "
        "LIMIT 1");
    query.bind(Blob{key}, Blob{end}, except);
    return query.next() ? query.text(0) : std::string();
  });
}

Result<bool> Jobs::has_written(JobId id) {
  return guarded("read runs", [&]() -> Result<bool> {
    auto ended =
        db_->query("SELECT 1 FROM job_states WHERE job = ? AND last_run IS NOT NULL LIMIT 1");
    if (ended.bind(id).next()) return true;
    auto open = db_->query(
        "SELECT 1 FROM runs WHERE job = ? AND started_at IS NOT NULL AND dry_run = 0 LIMIT 1");
    return open.bind(id).next();
  });
}

Result<std::vector<JobPlan>> Jobs::plans() {
  return guarded("read jobs", [&]() -> Result<std::vector<JobPlan>> {
    DRAY_TRY_ASSIGN(const AccountGraph accounts, AccountGraph::load(*db_));
    std::vector<JobPlan> plans;
    auto query = db_->query("SELECT " DRAY_JOB_COLUMNS DRAY_JOB_TABLES "ORDER BY j.id");
    while (query.next()) {
      plans.push_back(read_plan(query));
      plans.back().accounts = accounts.of(plans.back());
    }
    return plans;
  });
}

Result<JobPlan> Jobs::plan(const JobRecord& record) {
  const JobSpec& spec = record.spec;
  JobPlan plan{
      record.id,           spec.name,         spec.client,         spec.enabled,
      spec.schedule,       spec.misfire,      spec.misfire_max,    spec.overlap,
      spec.max_concurrent, spec.priority,     spec.bandwidth_kbps, spec.retry,
      spec.kind,           spec.source,       spec.destination,    {},
      record.created_at,   record.high_water, record.next_due,     job_policy_text(spec.policy),
      record.paused};
  DRAY_TRY_ASSIGN(const AccountGraph accounts, AccountGraph::load(*db_));
  plan.accounts = accounts.of(plan);
  return plan;
}

Result<RunSpec> Jobs::run_spec(JobId id) {
  DRAY_TRY_ASSIGN(const std::optional<JobRecord> record, find(id));
  if (!record) return fail(ErrorCode::not_found, "the job was removed");
  const JobSpec& job = record->spec;
  RunSpec spec;
  spec.job = job.name;
  spec.client = job.client;
  spec.kind = job.kind;
  spec.source = job.source;
  spec.destination = job.destination;
  spec.options = job.options;
  spec.policy = job_policy_text(job.policy);
  if (job.policy.encryption) {
    DRAY_TRY_ASSIGN(auto key, Keys(*db_).find(job.name));
    if (!key) return fail(ErrorCode::not_found, "the job's passwords are missing");
    spec.crypt_key = std::move(key->sealed);
  }
  Catalog catalog(*db_);
  for (const std::string& name : {job.source.remote, job.destination.remote}) {
    if (name.empty()) continue;
    DRAY_TRY_ASSIGN(std::vector<SealedRemote> remotes, catalog.remote_closure(job.client, name));
    for (SealedRemote& remote : remotes)
      if (std::ranges::find(spec.remotes, remote.name, &SealedRemote::name) == spec.remotes.end())
        spec.remotes.push_back(std::move(remote));
  }
  return spec;
}

}  // namespace dray::store
