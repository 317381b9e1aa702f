// History for people: pages of runs, attempts and events. Every question is bounded in rows
// (limits::kMaxPageRows) and in time; one that takes longer is refused as exhausted.
//
// Same thread as the store; borrows its connection. Only reads.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/base/time.h"
#include "daemon/store/rows.h"
#include "schemas/answers.h"

namespace dray::store {

class Db;

// The loop stands still while a question is answered; heartbeats are lost after ten seconds, and
// people notice a quarter of one.
inline constexpr Duration kQuestionLimit = milliseconds{250};

struct RunFilter {
  JobId job;             // 0: all
  std::string job_name;  // of a job that is gone; "": all
  std::string client;    // "": all
  std::vector<RunState> states;
  std::optional<WallTime> since;  // queued at or after
  std::optional<WallTime> until;  // queued before
  RunId before;                   // 0: from the newest on
  size_t limit = 50;
  bool oldest_first = false;  // `before` is then where the page begins, from below
};

// "failed,warning", "open", "ended": names of states, and two words for many of them.
Result<std::vector<RunState>> states_of(std::string_view text);

// What is answered when something is not there, or not for whoever asks.
Error no_job(std::string_view name);
Error no_run(RunId run);
Error no_version(RunId run);

struct EventFilter {
  uint64_t since = 0;  // only with a greater sequence
  RunId run;
  std::string job;
  std::string client;
  size_t limit = 100;
};

// A row of the core as people see it, without progress.
RunView run_view(RunRow row);

class Queries {
 public:
  explicit Queries(Db& db, Duration limit = kQuestionLimit) : db_(&db), limit_(limit) {}

  // From now on nothing is found that belongs to another client: who asks for them belongs to this
  // one. "": no bound.
  void bind_to(std::string client) { client_ = std::move(client); }

  Result<std::vector<RunView>> runs(const RunFilter& filter);  // newest first
  Result<std::optional<RunView>> run(RunId run);
  Result<std::optional<RunRow>> row(RunId run);
  Result<std::vector<AttemptView>> attempts(RunId run);
  Result<std::vector<CancelView>> cancel_requests(RunId run);
  Result<std::vector<EventView>> events(const EventFilter& filter);  // oldest first
  Result<uint64_t> last_sequence();
  Result<uint64_t> first_sequence();  // of the oldest event that is still there; none: the next one

  // The last run of every enabled job whose last run failed.
  Result<std::vector<RunView>> failing(size_t limit);
  Result<std::vector<DueView>> next_due(size_t limit);
  // "jobs", "clients", "remotes".
  Result<std::map<std::string, uint64_t>> counts();
  // Open runs by the name of their state.
  Result<std::map<std::string, uint64_t>> open_runs();
  // The database's own check of everything it holds; may take long, so bounded as well.
  Result<std::string> integrity(Duration limit);

 private:
  // The client that is asked for within the bound; nullopt: it is out of bounds.
  std::optional<std::string> within(const std::string& client) const;

  Db* db_;
  Duration limit_;
  std::string client_;
};

}  // namespace dray::store
