#include "daemon/scheduler/week_table.h"

#include <algorithm>

#include "daemon/scheduler/zone_db.h"
#include "schemas/week_times.h"

namespace dray {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::local_days;
using std::chrono::local_seconds;
using std::chrono::sys_seconds;

constexpr int kWeekSeconds = 7 * kDaySeconds;

local_seconds week_begin(local_seconds time) {
  const local_days day = floor<days>(time);
  return day - days{std::chrono::weekday{day}.iso_encoding() - 1};
}

bool has_day(WeekdaySet set, int day) {
  return (set >> day & 1) != 0;
}

}  // namespace

Result<WeekTable> WeekTable::make(std::string_view time_zone, std::vector<Row> rows) {
  DRAY_TRY_ASSIGN(const Zone* zone, find_zone(time_zone));
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Row& a, const Row& b) { return a.second < b.second; });
  std::vector<Row> kept;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i > 0 && rows[i - 1].second == rows[i].second && rows[i - 1].value != rows[i].value)
      return fail(ErrorCode::invalid, "two rows begin at the same time and disagree");
    if (kept.empty() || kept.back().value != rows[i].value) kept.push_back(rows[i]);
  }
  if (kept.size() > 1 && kept.front().value == kept.back().value) kept.erase(kept.begin());
  return WeekTable(zone, std::move(kept));
}

Result<WeekTable> WeekTable::compile(const BandwidthTable& table) {
  DRAY_TRY(check_bandwidth_table("bandwidth_table.rows", table));
  std::vector<Row> rows;
  for (const BandwidthRow& row : table.rows)
    for (int day = 0; day < 7; ++day)
      if (has_day(row.weekdays, day))
        rows.push_back({day * kDaySeconds + *parse_day_time(row.at), row.kbps});
  if (rows.empty()) return fail(ErrorCode::invalid, "bandwidth_table: has no rows");
  return annotate(make(table.time_zone, std::move(rows)), "bandwidth_table");
}

Result<WeekTable> WeekTable::compile(std::span<const RunWindow> windows,
                                     std::string_view time_zone) {
  DRAY_TRY(check_run_windows("windows", windows));
  if (windows.empty()) return fail(ErrorCode::invalid, "windows: there is none");
  // How many windows open (or close) at each second; windows may overlap.
  std::vector<std::pair<int, int>> edges;
  int open = 0;  // at Monday 00:00
  for (const RunWindow& window : windows) {
    const int from = *parse_day_time(window.from);
    int to = *parse_day_time(window.to);
    if (to <= from) to += kDaySeconds;
    for (int day = 0; day < 7; ++day) {
      if (!has_day(window.weekdays, day)) continue;
      const int begin = day * kDaySeconds + from;
      const int end = day * kDaySeconds + to;
      edges.emplace_back(begin, 1);
      edges.emplace_back(end % kWeekSeconds, -1);
      if (end > kWeekSeconds) ++open;
      // A window that ends with the week closes at its second 0, before which it was open.
      if (end == kWeekSeconds) ++open;
    }
  }
  std::sort(edges.begin(), edges.end());
  std::vector<Row> rows;
  for (size_t i = 0; i < edges.size();) {
    const int second = edges[i].first;
    for (; i < edges.size() && edges[i].first == second; ++i)
      open += edges[i].second;
    rows.push_back({second, open > 0 ? uint64_t{1} : uint64_t{0}});
  }
  return annotate(make(time_zone, std::move(rows)), "windows");
}

size_t WeekTable::row_at(int second) const {
  const auto after = std::upper_bound(rows_.begin(), rows_.end(), second,
                                      [](int s, const Row& row) { return s < row.second; });
  return after == rows_.begin() ? rows_.size() - 1 : static_cast<size_t>(after - rows_.begin()) - 1;
}

uint64_t WeekTable::at(WallTime time) const {
  const local_seconds shown = zone_->latest_shown(floor<seconds>(time));
  return rows_[row_at(static_cast<int>((shown - week_begin(shown)).count()))].value;
}

std::optional<WallTime> WeekTable::next_change(WallTime time) const {
  if (rows_.size() < 2) return std::nullopt;
  const local_seconds shown = zone_->latest_shown(floor<seconds>(time));
  const local_seconds week = week_begin(shown);
  size_t next = row_at(static_cast<int>((shown - week).count()));
  const uint64_t now = rows_[next].value;
  // Rows that fall into one gap take effect together, so the next row alone may change nothing.
  local_seconds begin = week;
  if (shown - week < seconds{rows_.front().second}) begin -= days{7};
  for (size_t i = 0; i <= rows_.size(); ++i) {
    if (++next == rows_.size()) {
      next = 0;
      begin += days{7};
    }
    const sys_seconds at = zone_->first_reaching(begin + seconds{rows_[next].second});
    if (WallTime{at} > time && this->at(at) != now) return at;
  }
  return std::nullopt;
}

}  // namespace dray
