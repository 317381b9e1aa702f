// A time zone as a table of constant offsets, and the one question schedules ask of it: when does
// the clock on the wall first show this time?
//
// "First" settles daylight saving without special cases. A wall time that the clock skips is
// reached at the end of the gap, one that it shows twice is reached the first time, and a later
// wall time is never reached before an earlier one.
//
// Immutable after construction, so any thread may use it. No allocation in any question.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dray {

class Zone {
 public:
  // The offset from `begin` to the next segment's begin. The first also reaches back for ever, the
  // last reaches forward for ever.
  struct Segment {
    std::chrono::sys_seconds begin;
    int32_t offset_s = 0;       // local = UTC + offset; less than 26 h either way
    uint32_t abbreviation = 0;  // index into the abbreviations
  };

  // `segments` is not empty and sorted by begin.
  Zone(std::string name, std::vector<Segment> segments, std::vector<std::string> abbreviations);

  const std::string& name() const { return name_; }
  const std::vector<Segment>& segments() const { return segments_; }
  size_t segment_at(std::chrono::sys_seconds time) const;

  std::chrono::seconds offset_at(std::chrono::sys_seconds time) const;
  std::string_view abbreviation_at(std::chrono::sys_seconds time) const;
  std::chrono::local_seconds local(std::chrono::sys_seconds time) const;

  // The first instant at which the clock shows `time` or a later time.
  std::chrono::sys_seconds first_reaching(std::chrono::local_seconds time) const;
  // The latest time the clock has ever shown up to and including `time`. It is ahead of local(time)
  // only in the repeated hour: first_reaching(x) > t exactly when x > latest_shown(t).
  std::chrono::local_seconds latest_shown(std::chrono::sys_seconds time) const;
  // Does the clock show this time twice?
  bool repeats(std::chrono::local_seconds time) const;

 private:
  std::string name_;
  std::vector<Segment> segments_;
  std::vector<std::string> abbreviations_;
};

}  // namespace dray
