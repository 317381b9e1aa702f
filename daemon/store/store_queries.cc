#include "daemon/store/store_queries.h"

#include <algorithm>
#include <functional>

#include "daemon/base/quote.h"
#include "daemon/store/store_db.h"
#include "daemon/store/store_rows.h"
#include "schemas/json_fields.h"
#include "schemas/limits.h"

namespace dray::store {
namespace {

#define DRAY_RUN_VIEW \
  "SELECT " DRAY_RUN_COLUMNS ", p.progress FROM runs r LEFT JOIN progress p ON p.run = r.id "

RunView read_view(const Query& query) {
  RunView view = run_view(read_run(query));
  if (query.is_null(kRunColumns)) return view;
  auto progress = from_json<Progress>(query.text(kRunColumns), {.unknown_keys = true});
  if (progress) view.progress = std::move(*progress);
  return view;
}

std::vector<RunView> read_views(Query& query) {
  std::vector<RunView> views;
  while (query.next())
    views.push_back(read_view(query));
  return views;
}

size_t page(size_t asked) {
  return std::clamp<size_t>(asked, 1, limits::kMaxPageRows);
}

// A statement whose conditions depend on what was asked for. Its text comes from this file alone;
// values are bound.
class Conditions {
 public:
  template <class Value>
  void add(std::string_view condition, Value value) {
    sql_ += sql_.empty() ? "WHERE " : "AND ";
    sql_ += condition;
    sql_ += ' ';
    binds_.push_back([value](Query& query) { query.bind(value); });
  }
  const std::string& sql() const { return sql_; }
  void bind(Query& query) const {
    for (const auto& one : binds_)
      one(query);
  }

 private:
  std::string sql_;
  std::vector<std::function<void(Query&)>> binds_;
};

std::string state_list(const std::vector<RunState>& states) {
  std::string list;
  for (const RunState state : states)
    list += fmt::format("{}{}", list.empty() ? "" : ", ", static_cast<int>(state));
  return list;
}

}  // namespace

RunView run_view(RunRow row) {
  RunView view;
  view.run = row.id;
  view.job = std::move(row.job_name);
  view.client = std::move(row.client);
  view.trigger = to_string(row.trigger);
  view.scheduled_at = row.scheduled_at;
  view.queued_at = row.queued_at;
  view.state = row.state;
  view.priority = row.priority;
  view.dry_run = row.dry_run;
  view.attempt = row.attempt;
  view.worker = std::move(row.worker);
  view.retry_at = row.retry_at;
  view.bandwidth_bytes_per_second = row.bandwidth_bytes_per_second;
  view.pause_requested = row.pause_requested;
  view.rerun_of = row.rerun_of;
  view.cancel_requested = row.cancel_requested;
  view.cancel_reason = std::move(row.cancel_reason);
  view.cancel_by = std::move(row.cancel_by);
  view.asked_by = std::move(row.asked_by);
  view.reason = std::move(row.reason);
  view.outcome = row.outcome;
  view.error_class = row.error_class;
  view.hint = std::move(row.hint);
  view.started_at = row.started_at;
  view.ended_at = row.ended_at;
  view.bytes = row.bytes;
  view.files = row.files;
  view.checks = row.checks;
  view.deletes = row.deletes;
  view.errors = row.errors;
  view.grade = row.grade;
  view.notified_at = row.notified_at;
  return view;
}

Result<std::vector<RunState>> states_of(std::string_view text) {
  std::vector<RunState> states;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    const std::string_view word = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    if (word == "open" || word == "ended") {
      for (const EnumRow<RunState>& row : EnumNames<RunState>::kRows)
        if (is_terminal(row.value) == (word == "ended")) states.push_back(row.value);
      continue;
    }
    Result<RunState> state = parse_enum<RunState>(word);
    if (!state) return fail(ErrorCode::invalid, "state: {}, open, ended", state.error().message);
    // `assigned` lives in memory: such a run is stored as queued.
    states.push_back(*state == RunState::assigned ? RunState::queued : *state);
  }
  return states;
}

Error no_job(std::string_view name) {
  return {ErrorCode::not_found, fmt::format("there is no job {}", quoted(name))};
}

Error no_run(RunId run) {
  return {ErrorCode::not_found,
          fmt::format("there is no run {}; old runs are deleted after the days set in "
                      "history_keep_days",
                      run)};
}

Error no_version(RunId run) {
  return {ErrorCode::not_found,
          fmt::format("run {} left no state that could be restored; `dray versions list JOB` shows "
                      "those of a job",
                      run)};
}

std::optional<std::string> Queries::within(const std::string& client) const {
  if (client_.empty() || client.empty() || client == client_)
    return client.empty() ? client_ : client;
  return std::nullopt;
}

Result<std::vector<RunView>> Queries::runs(const RunFilter& filter) {
  return guarded("list runs", [&]() -> Result<std::vector<RunView>> {
    const TimeBound bound(*db_, limit_);
    Conditions where;
    if (filter.job) where.add("r.job = ?", filter.job);
    if (!filter.job_name.empty()) where.add("r.job_name = ?", filter.job_name);
    const std::optional<std::string> client = within(filter.client);
    if (!client) return std::vector<RunView>{};
    if (!client->empty()) where.add("r.client = ?", *client);
    if (filter.since) where.add("r.queued_at >= ?", *filter.since);
    if (filter.until) where.add("r.queued_at < ?", *filter.until);
    if (filter.before) where.add(filter.oldest_first ? "r.id > ?" : "r.id < ?", filter.before);
    // The list of open runs has an index of its own, which only this condition opens.
    const bool open = !filter.states.empty() && std::ranges::none_of(filter.states, is_terminal);
    if (open) where.add("r.state < 20 AND ?", 1);
    if (!filter.states.empty())
      where.add(fmt::format("r.state IN ({}) AND ?", state_list(filter.states)), 1);
    SQLite::Statement statement(
        db_->connection(),
        fmt::format("{} {} ORDER BY r.id {} LIMIT {}", DRAY_RUN_VIEW, where.sql(),
                    filter.oldest_first ? "ASC" : "DESC", page(filter.limit)));
    Query query(statement);
    where.bind(query);
    return read_views(query);
  });
}

Result<std::optional<RunRow>> Queries::row(RunId run) {
  return guarded("read run", [&]() -> Result<std::optional<RunRow>> {
    auto query = db_->query("SELECT " DRAY_RUN_COLUMNS
                            " FROM runs r WHERE r.id = ?1 AND (?2 = '' OR r.client = ?2)");
    if (!query.bind(run, client_).next()) return std::nullopt;
    return read_run(query);
  });
}

Result<std::optional<RunView>> Queries::run(RunId run) {
  return guarded("read run", [&]() -> Result<std::optional<RunView>> {
    auto query = db_->query(DRAY_RUN_VIEW "WHERE r.id = ?1 AND (?2 = '' OR r.client = ?2)");
    if (!query.bind(run, client_).next()) return std::nullopt;
    return read_view(query);
  });
}

Result<std::vector<AttemptView>> Queries::attempts(RunId run) {
  return guarded("read attempts", [&]() -> Result<std::vector<AttemptView>> {
    std::vector<AttemptView> attempts;
    auto q = db_->query(
        "SELECT a.attempt, worker, worker_epoch, accepted_at, ended_at, ending, outcome, "
        "error_class, retry, hint, deciding_line, bytes, files, checks, deletes, errors, "
        "exit_code, signal, duration_ms, log_bytes, rclone_version, coalesce(excerpt, ''), "
        "coalesce(report, '{}') FROM attempts a LEFT JOIN log_excerpts l ON l.run = a.run AND "
        "l.attempt = a.attempt LEFT JOIN reports p ON p.run = a.run AND p.attempt = a.attempt "
        "WHERE a.run = ? ORDER BY a.attempt LIMIT ?");
    q.bind(run, limits::kMaxAttempts);
    while (q.next()) {
      AttemptView& a = attempts.emplace_back();
      a.attempt = q.as<uint32_t>(0);
      a.worker = q.text(1);
      a.worker_epoch = q.as<uint64_t>(2);
      a.accepted_at = q.time(3);
      a.ended_at = q.time(4);
      a.end = q.text(5);
      a.outcome = q.as<Outcome>(6);
      a.error_class = q.as<ErrorClass>(7);
      a.retry = q.as<bool>(8);
      a.hint = q.text(9);
      a.deciding_line = q.text(10);
      a.bytes = q.as<uint64_t>(11);
      a.files = q.as<uint64_t>(12);
      a.checks = q.as<uint64_t>(13);
      a.deletes = q.as<uint64_t>(14);
      a.errors = q.as<uint64_t>(15);
      a.exit_code = q.as<int32_t>(16);
      a.signal = q.as<int32_t>(17);
      a.duration_ms = q.as<uint64_t>(18);
      a.log_bytes = q.as<uint64_t>(19);
      a.rclone_version = q.text(20);
      a.log_excerpt = q.text(21);
      a.report.json = q.text(22);
    }
    return attempts;
  });
}

Result<std::vector<CancelView>> Queries::cancel_requests(RunId run) {
  return guarded("read cancel requests", [&]() -> Result<std::vector<CancelView>> {
    std::vector<CancelView> rows;
    auto query = db_->query(
        "SELECT at, reason, asked_by FROM cancel_requests WHERE run = ? ORDER BY id LIMIT ?");
    query.bind(run, limits::kMaxPageRows);
    while (query.next())
      rows.push_back({query.time(0), query.text(1), query.text(2)});
    return rows;
  });
}

Result<std::vector<EventView>> Queries::events(const EventFilter& filter) {
  return guarded("list events", [&]() -> Result<std::vector<EventView>> {
    const TimeBound bound(*db_, limit_);
    Conditions where;
    if (filter.run) where.add("run > 0 AND run = ?", filter.run);
    where.add("sequence > ?", std::min<uint64_t>(filter.since, INT64_MAX));
    if (!filter.job.empty()) where.add("job = ?", filter.job);
    const std::optional<std::string> client = within(filter.client);
    if (!client) return std::vector<EventView>{};
    if (!client->empty()) where.add("client = ?", *client);
    SQLite::Statement statement(
        db_->connection(),
        fmt::format("SELECT sequence, at, kind, client, job, run, body FROM events {} ORDER BY "
                    "sequence LIMIT {}",
                    where.sql(), page(filter.limit)));
    Query query(statement);
    where.bind(query);
    std::vector<EventView> events;
    while (query.next())
      events.push_back({query.as<uint64_t>(0), query.time(1), query.text(2), query.text(3),
                        query.text(4), RunId{query.as<uint64_t>(5)}, JsonText{query.text(6)}});
    return events;
  });
}

Result<uint64_t> Queries::last_sequence() {
  return guarded("read events", [&]() -> Result<uint64_t> {
    auto query = db_->query(
        "SELECT max(coalesce((SELECT max(sequence) FROM events), 0), (SELECT value FROM counters "
        "WHERE name = 'last_event_sequence'))");
    return query.next() ? query.as<uint64_t>(0) : 0;
  });
}

Result<uint64_t> Queries::first_sequence() {
  return guarded("read events", [&]() -> Result<uint64_t> {
    auto query = db_->query("SELECT min(sequence) FROM events");
    if (query.next() && !query.is_null(0)) return query.as<uint64_t>(0);
    DRAY_TRY_ASSIGN(const uint64_t last, last_sequence());
    return last + 1;
  });
}

Result<std::vector<RunView>> Queries::failing(size_t limit) {
  return guarded("list failing jobs", [&]() -> Result<std::vector<RunView>> {
    const TimeBound bound(*db_, limit_);
    auto query = db_->query(DRAY_RUN_VIEW
                            "JOIN job_states s ON s.last_run = r.id JOIN jobs j ON j.id = s.job "
                            "WHERE s.last_state = 22 AND j.enabled AND (?1 = '' OR j.client = ?1) "
                            "ORDER BY r.id DESC LIMIT ?2");
    query.bind(client_, page(limit));
    return read_views(query);
  });
}

Result<std::vector<DueView>> Queries::next_due(size_t limit) {
  return guarded("list next runs", [&]() -> Result<std::vector<DueView>> {
    const TimeBound bound(*db_, limit_);
    std::vector<DueView> rows;
    auto query = db_->query(
        "SELECT j.name, j.client, s.next_due FROM (SELECT job, next_due FROM job_states WHERE "
        "next_due IS NOT NULL AND (?1 = '' OR job IN (SELECT id FROM jobs WHERE client = ?1)) "
        "ORDER BY next_due LIMIT ?2) s JOIN jobs j ON j.id = s.job WHERE j.enabled ORDER BY "
        "s.next_due, j.name");
    query.bind(client_, page(limit));
    while (query.next())
      rows.push_back({query.text(0), query.text(1), query.time(2)});
    return rows;
  });
}

Result<std::map<std::string, uint64_t>> Queries::counts() {
  return guarded("count", [&]() -> Result<std::map<std::string, uint64_t>> {
    const TimeBound bound(*db_, limit_);
    // Counting job_states reads less than counting the wide rows of jobs.
    auto query = db_->query(
        "SELECT CASE WHEN ?1 = '' THEN (SELECT count(*) FROM job_states) ELSE (SELECT count(*) "
        "FROM jobs WHERE client = ?1) END, (SELECT count(*) FROM clients WHERE ?1 = '' OR name = "
        "?1), (SELECT count(*) FROM remotes WHERE ?1 = '' OR client = ?1)");
    query.bind(client_).next();
    return std::map<std::string, uint64_t>{{"jobs", query.as<uint64_t>(0)},
                                           {"clients", query.as<uint64_t>(1)},
                                           {"remotes", query.as<uint64_t>(2)}};
  });
}

Result<std::map<std::string, uint64_t>> Queries::open_runs() {
  return guarded("count runs", [&]() -> Result<std::map<std::string, uint64_t>> {
    const TimeBound bound(*db_, limit_);
    std::map<std::string, uint64_t> counts;
    auto query = db_->query(
        "SELECT state, count(*) FROM runs WHERE state < 20 AND (?1 = '' OR client = ?1) GROUP BY "
        "state");
    query.bind(client_);
    while (query.next())
      counts[std::string(to_string(query.as<RunState>(0)))] = query.as<uint64_t>(1);
    return counts;
  });
}

Result<std::string> Queries::integrity(Duration limit) {
  return guarded("check the database", [&]() -> Result<std::string> {
    const TimeBound bound(*db_, limit);
    return db_->pragma("quick_check(1)");
  });
}

}  // namespace dray::store
