#include "daemon/notifier/former_json.h"

#include "daemon/store/store_queries.h"

namespace dray::notifier::former {
namespace {

constexpr size_t kMaxRuns = 100;

std::string phase_of(const RunView& run) {
  return std::string(run.progress ? to_string(run.progress->phase) : to_string(run.state));
}

std::string file_of(const RunView& run) {
  return run.progress && !run.progress->files.empty() ? run.progress->files.front().name : run.job;
}

}  // namespace

std::string run_json(const RunView& run) {
  return Object()
      .text("job_id", fmt::format("{}", run.run))
      .text("phase", phase_of(run))
      .text("file", file_of(run))
      .real("progress", run.progress ? run.progress->percent : 0)
      .text("message", run.reason)
      .take();
}

std::string perf_json(const RunView& run) {
  const Progress progress = run.progress.value_or(Progress{});
  return Object()
      .text("job_id", fmt::format("{}", run.run))
      .text("phase", phase_of(run))
      .number("bytes", run.progress ? static_cast<uint64_t>(progress.bytes_done) : run.bytes)
      .number("files", run.progress ? static_cast<uint64_t>(progress.files_done) : run.files)
      .number("bytes_per_second", static_cast<uint64_t>(progress.bytes_per_second))
      .number("elapsed_ms", static_cast<uint64_t>(progress.elapsed_ms))
      .number("errors", run.errors)
      .take();
}

std::string receipt_json(const ReceiptView& receipt) {
  return Object()
      .text("filename", receipt.name)
      .number("size", receipt.size)
      .text("crc", receipt.crc32)
      .text("sha256", receipt.sha256)
      .text("received_at", format_rfc3339(receipt.at))
      .text("job_id", fmt::format("{}", receipt.run))
      .take();
}

std::string message_of(std::string_view type, std::string_view object) {
  const bool empty = object == "{}";
  return fmt::format(R"({{"type":"{}"{}{})", type, empty ? "" : ",", object.substr(1));
}

bool is_connected(const Api& api) {
  return api.bus.link().scheduler_up;
}

Task<Result<std::vector<RunView>>> open_runs(Api& api, std::string client) {
  return api.database.ask([client](store::Db& db) -> Result<std::vector<RunView>> {
    store::Queries queries(db);
    queries.bind_to(client);
    store::RunFilter filter;
    DRAY_TRY_ASSIGN(filter.states, store::states_of("open"));
    filter.limit = kMaxRuns;
    return queries.runs(filter);
  });
}

Task<Result<std::string>> status_json(Api& api, std::string client) {
  const auto runs = co_await open_runs(api, std::move(client));
  if (!runs) co_return std::unexpected(runs.error());
  co_return Object()
      .flag("connected", is_connected(api))
      .flag("backing_up", !runs->empty())
      .raw("jobs", list_of(*runs, run_json))
      .take();
}

}  // namespace dray::notifier::former
