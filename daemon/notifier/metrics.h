// Numbers for Prometheus in its text form: those of the notifier itself, which it counts, and those
// of the whole, which are read from the database when somebody asks. Names and labels never hold
// paths, users or what a request carried.
//
// Pure but for the counters; thread: the loop's.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "daemon/base/time.h"

namespace dray::notifier {

struct MetricLabel {
  std::string_view name;
  std::string value;
};

// Builds the text: a family of samples after the other.
class MetricsText {
 public:
  // `type`: "counter", "gauge", "histogram".
  void family(std::string_view name, std::string_view type, std::string_view help);
  void sample(std::string_view suffix, const std::vector<MetricLabel>& labels, double value);
  void sample(const std::vector<MetricLabel>& labels, double value) { sample("", labels, value); }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
  std::string name_;
};

class Metrics {
 public:
  // `route` is the pattern of a row, so that there are as many as there are rows.
  void count_request(std::string_view method, std::string_view route, unsigned status,
                     Duration took);
  void write(MetricsText& text) const;

 private:
  struct Timing {
    std::vector<uint64_t> buckets;
    uint64_t count = 0;
    double seconds = 0;
  };
  std::map<std::tuple<std::string, std::string, unsigned>, uint64_t> requests_;
  std::map<std::string, Timing, std::less<>> timings_;
};

}  // namespace dray::notifier
