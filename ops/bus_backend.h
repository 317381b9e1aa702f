// The Backend that speaks through the broker.
#pragma once

#include <memory>
#include <string>

#include "daemon/base/config.h"
#include "daemon/base/event_loop.h"
#include "ops/backend.h"

namespace dray::ops {

struct BusBackendOptions {
  std::string asked_by;                      // shown beside changes: user@host
  Duration connect_timeout = seconds{2};     // then: unreachable
  Duration answer_timeout = seconds{20};     // a question that was sent
  Duration reconnect_timeout = seconds{15};  // a change whose answer was lost is repeated this long
  bool own_signals = true;                   // false: whoever owns the loop calls interrupt()
};

// Uses `loop` (and turns it while waiting), which outlives the backend.
// invalid: keys for a tcp endpoint are missing or damaged.
Result<std::unique_ptr<Backend>> open_bus_backend(EventLoop& loop, const Config& config,
                                                  BusBackendOptions options);

// "user@host", as asked_by.
std::string this_person();

}  // namespace dray::ops
