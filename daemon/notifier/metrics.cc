#include "daemon/notifier/metrics.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>

namespace dray::notifier {
namespace {

constexpr double kBounds[] = {0.001, 0.005, 0.02, 0.1, 0.5, 2, 10};

std::string escaped(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string number(double value) {
  if (std::isfinite(value) && value == std::floor(value) && std::abs(value) < 1e15)
    return fmt::format("{}", static_cast<int64_t>(value));
  return fmt::format("{}", value);
}

}  // namespace

void MetricsText::family(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  text_ += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
}

void MetricsText::sample(std::string_view suffix, const std::vector<MetricLabel>& labels,
                         double value) {
  text_ += name_;
  text_ += suffix;
  std::string list;
  for (const MetricLabel& label : labels)
    list += fmt::format("{}{}=\"{}\"", list.empty() ? "" : ",", label.name, escaped(label.value));
  if (!list.empty()) text_ += "{" + list + "}";
  text_ += " " + number(value) + "\n";
}

void Metrics::count_request(std::string_view method, std::string_view route, unsigned status,
                            Duration took) {
  requests_[{std::string(method), std::string(route), status}] += 1;
  Timing& timing = timings_[std::string(route)];
  timing.buckets.resize(std::size(kBounds));
  const double seconds = std::chrono::duration<double>(took).count();
  for (size_t i = 0; i < std::size(kBounds); ++i)
    if (seconds <= kBounds[i]) timing.buckets[i] += 1;
  timing.count += 1;
  timing.seconds += seconds;
}

void Metrics::write(MetricsText& text) const {
  text.family("dray_http_requests_total", "counter", "Requests that were answered.");
  for (const auto& [key, count] : requests_) {
    const auto& [method, route, status] = key;
    text.sample({{"method", method}, {"route", route}, {"status", fmt::format("{}", status)}},
                static_cast<double>(count));
  }
  text.family("dray_http_request_seconds", "histogram", "How long answers took.");
  for (const auto& [route, timing] : timings_) {
    for (size_t i = 0; i < timing.buckets.size(); ++i)
      text.sample("_bucket", {{"route", route}, {"le", number(kBounds[i])}},
                  static_cast<double>(timing.buckets[i]));
    text.sample("_bucket", {{"route", route}, {"le", "+Inf"}}, static_cast<double>(timing.count));
    text.sample("_sum", {{"route", route}}, timing.seconds);
    text.sample("_count", {{"route", route}}, static_cast<double>(timing.count));
  }
}

}  // namespace dray::notifier
