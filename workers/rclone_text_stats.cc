#include "workers/rclone_text_stats.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace dray {
namespace {

void skip_spaces(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
}

bool take_real(std::string_view& text, double& value) {
  skip_spaces(text);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || !(value >= 0)) return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return true;
}

int64_t to_count(double value) {
  return static_cast<int64_t>(std::min(value, static_cast<double>(StatsRecord::kMaxCount)));
}

// "195.315 KiB", "12 B", before 1.57 also "195.315k" and "12 Bytes". False for a bare number.
bool take_bytes(std::string_view& text, int64_t& bytes) {
  double value = 0;
  if (!take_real(text, value)) return false;
  const bool spaced = text.starts_with(" ");
  skip_spaces(text);
  constexpr std::string_view kUnits = "BKMGTPE";
  const char letter = text.empty() ? '\0' : text.front();
  const size_t unit = kUnits.find(letter == 'k' ? 'K' : letter);
  if (unit == std::string_view::npos || (unit == 0 && !spaced)) return false;
  while (!text.empty() && text.front() != ' ' && text.front() != ',')
    text.remove_prefix(1);
  const double exact = std::round(std::ldexp(value, static_cast<int>(unit) * 10));
  bytes = to_count(exact);
  return true;
}

bool take_count(std::string_view& text, int64_t& count) {
  double value = 0;
  if (!take_real(text, value)) return false;
  count = to_count(value);
  return true;
}

// "4 / 5, 80%"
void read_pair(std::string_view text, int64_t& done, int64_t& total) {
  if (!take_count(text, done)) return;
  skip_spaces(text);
  if (!text.starts_with("/")) return;
  text.remove_prefix(1);
  take_count(text, total);
}

struct CountRow {
  std::string_view label;
  int64_t StatsRecord::*done;
  int64_t StatsRecord::*total;  // nullptr: a single number
};
constexpr CountRow kRows[] = {
    {"Checks:", &StatsRecord::checks, &StatsRecord::total_checks},
    {"Transferred:", &StatsRecord::transfers, &StatsRecord::total_transfers},
    {"Errors:", &StatsRecord::errors, nullptr},
    {"Deleted:", &StatsRecord::deletes, nullptr},
    {"Renamed:", &StatsRecord::renames, nullptr},
};

}  // namespace

TextStats read_text_stats_line(std::string_view line, StatsRecord& stats) {
  if (line.starts_with("Transferring:")) return TextStats::transferring;
  for (const CountRow& row : kRows) {
    if (!line.starts_with(row.label)) continue;
    std::string_view rest = line.substr(row.label.size());
    int64_t bytes = 0;
    if (row.done == &StatsRecord::transfers) {
      if (std::string_view copy = rest; take_bytes(copy, bytes)) {
        stats = {};
        stats.bytes = bytes;
        skip_spaces(copy);
        if (copy.starts_with("/")) copy.remove_prefix(1);
        take_bytes(copy, stats.total_bytes);
        return TextStats::first_line;
      }
    }
    if (row.total != nullptr) {
      read_pair(rest, stats.*row.done, stats.*row.total);
    } else {
      take_count(rest, stats.*row.done);
    }
    return TextStats::line;
  }
  return TextStats::none;
}

}  // namespace dray
