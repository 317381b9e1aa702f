#include "daemon/scheduler/zone.h"

#include <algorithm>
#include <utility>

#include "daemon/base/result.h"

namespace dray {
namespace {

using std::chrono::hours;
using std::chrono::local_seconds;
using std::chrono::seconds;
using std::chrono::sys_seconds;

// Wider than any offset (+14 h, -12 h, and local mean times within 16 h) and any single change (24
// h, a move across the date line).
constexpr hours kWidestOffset{26};

local_seconds at_offset(sys_seconds time, int32_t offset_s) {
  return local_seconds{time.time_since_epoch() + seconds{offset_s}};
}
sys_seconds from_offset(local_seconds time, int32_t offset_s) {
  return sys_seconds{time.time_since_epoch() - seconds{offset_s}};
}

}  // namespace

Zone::Zone(std::string name, std::vector<Segment> segments, std::vector<std::string> abbreviations)
    : name_(std::move(name)),
      segments_(std::move(segments)),
      abbreviations_(std::move(abbreviations)) {
  DRAY_CHECK(!segments_.empty(), "a zone has at least one offset");
  DRAY_CHECK(std::ranges::is_sorted(segments_, {}, &Segment::begin), "segments are in order");
}

size_t Zone::segment_at(sys_seconds time) const {
  const auto next = std::ranges::upper_bound(segments_, time, {}, &Segment::begin);
  return next == segments_.begin() ? 0 : static_cast<size_t>(next - segments_.begin()) - 1;
}

seconds Zone::offset_at(sys_seconds time) const {
  return seconds{segments_[segment_at(time)].offset_s};
}

std::string_view Zone::abbreviation_at(sys_seconds time) const {
  return abbreviations_[segments_[segment_at(time)].abbreviation];
}

local_seconds Zone::local(sys_seconds time) const {
  return at_offset(time, segments_[segment_at(time)].offset_s);
}

sys_seconds Zone::first_reaching(local_seconds time) const {
  // Every earlier segment ends before the clock can show `time`.
  size_t i = segment_at(sys_seconds{time.time_since_epoch()} - kWidestOffset);
  for (; i + 1 < segments_.size(); ++i) {
    const sys_seconds shown = from_offset(time, segments_[i].offset_s);
    if (shown < segments_[i + 1].begin) break;
  }
  const sys_seconds shown = from_offset(time, segments_[i].offset_s);
  return i == 0 ? shown : std::max(shown, segments_[i].begin);
}

local_seconds Zone::latest_shown(sys_seconds time) const {
  size_t i = segment_at(time);
  local_seconds latest = at_offset(time, segments_[i].offset_s);
  for (; i > 0 && time - segments_[i].begin < 2 * kWidestOffset; --i) {
    const sys_seconds last_second = segments_[i].begin - seconds{1};
    latest = std::max(latest, at_offset(last_second, segments_[i - 1].offset_s));
  }
  return latest;
}

bool Zone::repeats(local_seconds time) const {
  const sys_seconds centre{time.time_since_epoch()};
  int shown = 0;
  for (size_t i = segment_at(centre - kWidestOffset); i < segments_.size(); ++i) {
    if (i > 0 && segments_[i].begin > centre + kWidestOffset) break;
    const sys_seconds at = from_offset(time, segments_[i].offset_s);
    const bool after_begin = i == 0 || at >= segments_[i].begin;
    const bool before_end = i + 1 == segments_.size() || at < segments_[i + 1].begin;
    if (after_begin && before_end) ++shown;
  }
  return shown > 1;
}

}  // namespace dray
