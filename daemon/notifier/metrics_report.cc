#include "daemon/notifier/metrics_report.h"

#include "daemon/store/store_metrics.h"
#include "schemas/answers_bandwidth.h"

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

void write_jobs(MetricsText& text, const store::MetricsSnapshot& snapshot, WallTime now) {
  using store::JobMetrics;
  text.family("dray_runs_total", "counter", "Runs by how they ended.");
  for (const JobMetrics& job : snapshot.jobs)
    for (const auto& [outcome, count] : job.ended) {
      std::vector<MetricLabel> labels = of_job(job);
      labels.push_back({"outcome", outcome});
      text.sample(labels, static_cast<double>(count));
    }
  family(text, snapshot, "dray_run_bytes_total", "counter", "Transferred by runs that ended.",
         [](const JobMetrics& job) { return static_cast<double>(job.bytes_total); });
  family(text, snapshot, "dray_run_files_total", "counter", "Transferred by runs that ended.",
         [](const JobMetrics& job) { return static_cast<double>(job.files_total); });
  const auto known = [](WallTime time) { return time != WallTime{}; };
  family(text, snapshot, "dray_last_success_timestamp_seconds", "gauge",
         "When the last good run ended.", [&](const JobMetrics& job) {
           return known(job.last_success) ? std::optional(seconds_of(job.last_success))
                                          : std::nullopt;
         });
  family(text, snapshot, "dray_rpo_seconds", "gauge",
         "How much would be lost now: since the last good run ended.", [&](const JobMetrics& job) {
           return known(job.last_success)
                      ? std::optional(seconds_of(now) - seconds_of(job.last_success))
                      : std::nullopt;
         });
  family(text, snapshot, "dray_run_duration_seconds", "gauge", "Of the last run.",
         [](const JobMetrics& job) { return job.duration_seconds; });
  family(text, snapshot, "dray_run_bytes", "gauge", "Transferred by the last run.",
         [](const JobMetrics& job) { return job.bytes; });
  family(text, snapshot, "dray_run_files", "gauge", "Transferred by the last run.",
         [](const JobMetrics& job) { return job.files; });
  family(text, snapshot, "dray_validation_grade", "gauge",
         "Of the last run: 0 none, 1 failed, 2 partial, 3 size, 4 sampled, 5 hash.",
         [](const JobMetrics& job) { return job.grade; });
}

template <class Value>
void queue_family(MetricsText& text, const store::MetricsSnapshot& snapshot, std::string_view name,
                  std::string_view help, Value&& value) {
  text.family(name, "gauge", help);
  for (const auto& [client, queue] : snapshot.queues)
    text.sample({{"client", client}}, static_cast<double>(value(queue)));
}

void write_queue(MetricsText& text, const store::MetricsSnapshot& snapshot) {
  using store::QueueMetrics;
  text.family("dray_open_runs", "gauge", "Runs that have not ended, by state.");
  for (const auto& [state, count] : snapshot.open)
    text.sample({{"state", state}}, static_cast<double>(count));
  queue_family(text, snapshot, "dray_queue_depth", "Runs that wait for a worker or their next try.",
               [](const QueueMetrics& queue) { return queue.waiting; });
  queue_family(text, snapshot, "dray_running", "Runs that are on a worker.",
               [](const QueueMetrics& queue) { return queue.running; });
  queue_family(text, snapshot, "dray_queue_wait_seconds", "How long the oldest run has waited.",
               [](const QueueMetrics& queue) { return queue.oldest_waiting_seconds; });
}

void write_system(MetricsText& text, const store::MetricsSnapshot& snapshot) {
  text.family("dray_jobs", "gauge", "Jobs that are configured.");
  text.sample({}, static_cast<double>(snapshot.counts.at("jobs")));
  text.family("dray_events_total", "counter", "Events that were stored.");
  text.sample({}, static_cast<double>(snapshot.last_sequence));
}

void write_installation(MetricsText& text, const store::MetricsSnapshot& snapshot) {
  text.family("dray_db_size_bytes", "gauge", "Of the database.");
  text.sample({}, static_cast<double>(snapshot.database_bytes));
  text.family("dray_token_expiry_timestamp_seconds", "gauge", "When API tokens end.");
  for (const TokenView& token : snapshot.tokens)
    if (token.expires_at != WallTime{})
      text.sample({{"token", token.id}}, seconds_of(token.expires_at));
}

// Known to drayd alone; without it they are left out.
void write_bandwidth(MetricsText& text, const BandwidthAnswer& bandwidth) {
  const auto labels = [](const BandwidthCapView& cap) {
    return std::vector<MetricLabel>{{"scope", cap.scope}, {"name", cap.name}};
  };
  text.family("dray_bandwidth_limit_bytes", "gauge", "Cap in force, in bytes per second.");
  for (const BandwidthCapView& cap : bandwidth.caps)
    if (cap.cap > 0) text.sample(labels(cap), static_cast<double>(cap.cap));
  std::map<std::string, uint64_t> used;
  for (const BandwidthShareView& share : bandwidth.runs)
    used[share.client] += share.used;
  text.family("dray_bandwidth_used_bytes", "gauge", "Transferred now, in bytes per second.");
  for (const auto& [client, bytes] : used)
    text.sample({{"client", client}}, static_cast<double>(bytes));
}

void write_notifications(MetricsText& text, const notify::NotificationCounters& counters,
                         uint64_t last_sequence) {
  text.family("dray_notifications_total", "counter", "Messages that arrived, by channel.");
  for (const auto& [channel, count] : counters.delivered)
    text.sample({{"channel", channel}}, static_cast<double>(count));
  text.family("dray_notification_failures_total", "counter",
              "Attempts to send a message that failed, by channel.");
  for (const auto& [channel, count] : counters.failures)
    text.sample({{"channel", channel}}, static_cast<double>(count));
  text.family("dray_event_lag", "gauge", "Events that notifications have not dealt with yet.");
  const uint64_t behind = last_sequence - std::min(last_sequence, counters.sequence);
  text.sample({}, static_cast<double>(behind));
  text.family("dray_event_lag_seconds", "gauge",
              "Since notifications have dealt with all events; 0: they have.");
  text.sample({}, behind == 0 ? 0 : counters.behind_seconds);
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

Task<Result<std::string>> metrics_report(MetricsSources sources, Identity who) {
  const WallTime now = SystemClock().now().wall;
  const auto read = [client = who.client, now](store::Db& db) {
    return store::read_metrics(db, client, now);
  };
  const auto snapshot = co_await sources.database.ask(read);
  if (!snapshot) co_return std::unexpected(snapshot.error());
  const auto bandwidth =
      co_await sources.verbs.ask_as<BandwidthAnswer>(who, "bandwidth.show", "{}");
  MetricsText text;
  write_jobs(text, *snapshot, now);
  write_queue(text, *snapshot);
  write_system(text, *snapshot);
  if (bandwidth) write_bandwidth(text, *bandwidth);
  if (who.client.empty()) {
    write_installation(text, *snapshot);
    write_notifications(text, sources.notifications.counters(), snapshot->last_sequence);
    write_connections(text, sources.server.counters());
    write_live(text, sources.live.counters());
    sources.metrics.write(text);
  }
  co_return text.take();
}

}  // namespace dray::notifier
