// Caps and windows as the core keeps them: what is configured, what is in force now, and until
// when. Pure data; core_caps.cc moves them along with the wall clock.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "daemon/base/time.h"
#include "daemon/scheduler/bandwidth_shares.h"
#include "daemon/scheduler/week_table.h"

namespace dray::scheduler {

// A bandwidth cap: that of the table, or the plain one where there is no table.
struct Cap {
  uint64_t plain_kbps = 0;  // 0: none
  std::unique_ptr<const WeekTable> table;
  uint64_t kbps = 0;             // in force; 0: none
  std::optional<WallTime> edge;  // it may be another one from here on

  bool configured() const { return plain_kbps != 0 || table != nullptr; }
  uint64_t bytes() const { return kbps == 0 ? kNoCap : kbps * 1000; }
  void refresh(WallTime now) {
    kbps = table ? table->at(now) : plain_kbps;
    edge = table ? table->next_change(now) : std::nullopt;
  }
};

// What few jobs have.
struct JobLimits {
  Cap cap;
  uint32_t weight = 1;
  std::unique_ptr<const WeekTable> windows;
  bool open = true;              // a window is, or there are none
  std::optional<WallTime> edge;  // of the windows

  void refresh(WallTime now) {
    cap.refresh(now);
    open = !windows || windows->at(now) != 0;
    edge = windows ? windows->next_change(now) : std::nullopt;
  }
  // Whatever comes first.
  std::optional<WallTime> next_edge() const {
    return !edge || (cap.edge && *cap.edge < *edge) ? cap.edge : edge;
  }
};

// What one run under caps was given, and what it does with it.
struct Share {
  uint64_t told = 0;       // bytes per second, last sent; 0: no cap
  uint64_t most = 0;       // it may use no more than this; above `told` until that is confirmed
  uint64_t sequence = 0;   // of what was told
  bool live = false;       // can be changed while it runs
  bool offered = false;    // its ASSIGN waits for the end of the step
  bool confirmed = false;  // the worker says that it is in force
  Instant told_at{};
  Usage usage;
};

}  // namespace dray::scheduler
