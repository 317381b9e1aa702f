#include "workers/queries.h"

#include <algorithm>

#include "daemon/base/quote.h"
#include "schemas/codec.h"
#include "schemas/limits.h"
#include "workers/query_examine.h"
#include "workers/query_export_key.h"
#include "workers/query_programs.h"
#include "workers/query_remote.h"
#include "workers/query_versions.h"

namespace dray::worker {
namespace {

constexpr QueryKind kKinds[] = {
    {"job.export_key", &query_export_key},       {"remote.about", &query_remote_about},
    {"remote.browse", &query_remote_browse},     {"remote.providers", &query_remote_providers},
    {"remote.host_key", &query_remote_host_key}, {"remote.merge", &query_remote_merge},
    {"worker.examine", &query_examine},          {"worker.programs", &query_worker_programs},
    {"versions.find", &query_versions_find},
};

WorkerAnswer to_answer(Result<std::string> result) {
  if (result && result->size() > limits::kMaxStringBytes)
    result = fail(ErrorCode::exhausted, "the answer is too long for one message");
  if (!result) return {to_wire_code(result.error().code), std::move(result.error().message), ""};
  return {0, "", std::move(*result)};
}

class AtOnce final : public RunningQuery {
 public:
  AtOnce(QueryStart start, Result<std::string> answer) {
    start.context.loop.post([alive = std::weak_ptr<bool>(alive_), done = std::move(start.done),
                             answer = std::move(answer)]() mutable {
      if (!alive.expired()) done(std::move(answer));
    });
  }

 private:
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace

std::span<const QueryKind> query_kinds() {
  return kKinds;
}

std::unique_ptr<RunningQuery> answer_at_once(QueryStart start, Result<std::string> answer) {
  return std::make_unique<AtOnce>(std::move(start), std::move(answer));
}

QueryBoard::~QueryBoard() = default;

void QueryBoard::start(WorkerQuery query, std::function<void(WorkerAnswer)> done) {
  const auto row = std::ranges::find(kKinds, query.kind, &QueryKind::kind);
  const uint64_t number = next_++;
  const auto finish = [this, number, done = std::move(done)](Result<std::string> result) {
    done(to_answer(std::move(result)));
    // Not now: the query is still in the call.
    context_.loop.post([this, number, alive = std::weak_ptr<bool>(alive_)] {
      if (!alive.expired()) running_.erase(number);
    });
  };
  QueryStart start{context_, number, std::move(query), finish};
  if (row == std::end(kKinds)) {
    Result<std::string> unknown =
        fail(ErrorCode::invalid, "this worker does not know questions of kind {}; it may be older",
             quoted(start.query.kind));
    running_[number] = answer_at_once(std::move(start), std::move(unknown));
  } else if (running_.size() >= kMaxRunning) {
    running_[number] = answer_at_once(
        std::move(start), fail(ErrorCode::exhausted,
                               "the worker is answering other questions; try again in a minute"));
  } else {
    running_[number] = row->start(std::move(start));
  }
}

}  // namespace dray::worker
