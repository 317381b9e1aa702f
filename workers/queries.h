// Questions to a worker that are no runs (WORKER_QUERY): what lies on a remote, how much room it
// has, what rclone's backends take. A table of kinds; each row starts an answer and says, sooner or
// later, how it went. Nothing here is durable: the asker repeats what it still wants to know.
//
// A new kind is one row in queries.cc and one function like those of query_remote.cc.
//
// Thread: that of the loop.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "daemon/base/result.h"
#include "schemas/messages.h"
#include "workers/run_context.h"

namespace dray::worker {

// The answer's JSON, or why there is none.
using QueryDone = std::function<void(Result<std::string>)>;

// What a handler is given. All but `context`, which outlives the query, is the handler's own.
struct QueryStart {
  const RunContext& context;
  uint64_t number;  // another one for each query of this process: names its private directory
  WorkerQuery query;
  QueryDone done;  // once, from the loop, never from within the handler; it may destroy the query
};

// A query under way. Destroying it ends what it started, without an answer.
class RunningQuery {
 public:
  virtual ~RunningQuery() = default;
};

struct QueryKind {
  std::string_view kind;
  std::unique_ptr<RunningQuery> (*start)(QueryStart start);
};
std::span<const QueryKind> query_kinds();

// For answers that need no waiting: `done` is called with `answer` in the next turn of the loop.
std::unique_ptr<RunningQuery> answer_at_once(QueryStart start, Result<std::string> answer);

// The queries under way. Owner of them.
class QueryBoard {
 public:
  explicit QueryBoard(const RunContext& context) : context_(context) {}
  ~QueryBoard();

  // `done` is called once, unless the board is destroyed first.
  void start(WorkerQuery query, std::function<void(WorkerAnswer)> done);

  // More at once are refused: exhausted.
  static constexpr size_t kMaxRunning = 16;

 private:
  const RunContext& context_;
  std::map<uint64_t, std::unique_ptr<RunningQuery>> running_;
  uint64_t next_ = 1;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace dray::worker
