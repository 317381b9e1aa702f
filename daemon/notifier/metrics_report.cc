#include "daemon/notifier/metrics_report.h"

#include "daemon/store/store_metrics.h"

namespace dray::notifier {
namespace {

double seconds_of(WallTime time) {
  return static_cast<double>(to_unix_us(time)) / 1e6;
}

std::vector<MetricLabel> of_job(const store::JobMetrics& job) {
  return {{"client", job.client}, {"job", job.job}};
}

template <class Value>
void family(MetricsText& text, const store::MetricsSnapshot& snapshot, std::string_view name,
            std::string_view type, std::string_view help, Value&& value) {
  text.family(name, type, help);
  for (const store::JobMetrics& job : snapshot.jobs)
    if (const std::optional<double> number = value(job)) text.sample(of_job(job), *number);
}

void write_jobs(MetricsText& text, const store::MetricsSnapshot& snapshot) {
  text.family("dray_runs_total", "counter", "Runs in the history, by how they ended.");
  for (const store::JobMetrics& job : snapshot.jobs)
    for (const auto& [outcome, count] : job.ended) {
      std::vector<MetricLabel> labels = of_job(job);
      labels.push_back({"outcome", outcome});
      text.sample(labels, static_cast<double>(count));
    }
  family(text, snapshot, "dray_last_success_timestamp_seconds", "gauge",
         "When the last good run ended.", [](const store::JobMetrics& job) {
           return job.last_success == WallTime{} ? std::optional<double>()
                                                 : seconds_of(job.last_success);
         });
  family(text, snapshot, "dray_run_duration_seconds", "gauge", "Of the last run.",
         [](const store::JobMetrics& job) { return job.duration_seconds; });
  family(text, snapshot, "dray_run_bytes", "gauge", "Transferred by the last run.",
         [](const store::JobMetrics& job) { return job.bytes; });
  family(text, snapshot, "dray_run_files", "gauge", "Transferred by the last run.",
         [](const store::JobMetrics& job) { return job.files; });
  family(text, snapshot, "dray_validation_grade", "gauge",
         "Of the last run: 0 none, 1 failed, 2 partial, 3 size, 4 sampled, 5 hash.",
         [](const store::JobMetrics& job) { return job.grade; });
}

void write_queue(MetricsText& text, const store::MetricsSnapshot& snapshot) {
  text.family("dray_open_runs", "gauge", "Runs that have not ended, by state.");
  for (const auto& [state, count] : snapshot.open)
    text.sample({{"state", state}}, static_cast<double>(count));
  text.family("dray_queue_oldest_seconds", "gauge", "How long the oldest waiting run has waited.");
  text.sample({}, snapshot.oldest_waiting_seconds);
  text.family("dray_jobs", "gauge", "Jobs that are configured.");
  text.sample({}, static_cast<double>(snapshot.counts.at("jobs")));
  text.family("dray_db_size_bytes", "gauge", "Of the database.");
  text.sample({}, static_cast<double>(snapshot.database_bytes));
  text.family("dray_last_event_sequence", "counter", "Events that were stored.");
  text.sample({}, static_cast<double>(snapshot.last_sequence));
  text.family("dray_token_expiry_timestamp_seconds", "gauge", "When API tokens end.");
  for (const TokenView& token : snapshot.tokens)
    if (token.expires_at != WallTime{})
      text.sample({{"token", token.id}}, seconds_of(token.expires_at));
}

void write_connections(MetricsText& text, const HttpServer::Counters& counters) {
  text.family("dray_http_connections", "gauge", "Open connections.");
  text.sample({}, static_cast<double>(counters.open));
  text.family("dray_http_connections_total", "counter", "Connections that were taken.");
  text.sample({}, static_cast<double>(counters.accepted));
  text.family("dray_http_turned_away_total", "counter", "Connections over a limit.");
  text.sample({}, static_cast<double>(counters.turned_away));
}

void write_live(MetricsText& text, const LiveHub::Counters& counters) {
  text.family("dray_live_connections", "gauge", "Live connections, by how they are spoken to.");
  for (const EnumRow<LiveForm>& row : EnumNames<LiveForm>::kRows)
    text.sample({{"form", std::string(row.name)}},
                static_cast<double>(counters.open[static_cast<size_t>(row.value)]));
  text.family("dray_live_ended_total", "counter",
              "Live connections that the server ended, by why.");
  for (const EnumRow<LiveEnd>& row : EnumNames<LiveEnd>::kRows)
    text.sample({{"reason", std::string(row.name)}},
                static_cast<double>(counters.ended[static_cast<size_t>(row.value)]));
}

}  // namespace

Task<Result<std::string>> metrics_report(Database& database, const Metrics& metrics,
                                         const HttpServer& server, const LiveHub& live,
                                         std::string client) {
  const WallTime now = SystemClock().now().wall;
  const auto read = [client, now](store::Db& db) { return store::read_metrics(db, client, now); };
  const auto snapshot = co_await database.ask(read);
  if (!snapshot) co_return std::unexpected(snapshot.error());
  MetricsText text;
  write_jobs(text, *snapshot);
  write_queue(text, *snapshot);
  if (client.empty()) {
    write_connections(text, server.counters());
    write_live(text, live.counters());
    metrics.write(text);
  }
  co_return text.take();
}

}  // namespace dray::notifier
