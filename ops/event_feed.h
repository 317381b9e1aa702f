// The journal of the scheduler, without gaps: a publication is only a doorbell, the events
// themselves are asked for by number.
#pragma once

#include <optional>
#include <string>

#include "ops/context.h"

namespace dray::ops {

struct EventQuery {
  std::optional<uint64_t> since;  // those after this one; none: the newest `backlog`
  size_t backlog = 50;
  RunId run;
  std::string job;
  std::string client;
};

class EventFeed {
 public:
  EventFeed(Backend& daemon, EventQuery query) : daemon_(daemon), query_(std::move(query)) {}
  Result<Exit> print_once(Context& context);
  // Until Ctrl-C.
  Result<Exit> follow(Context& context);

 private:
  Result<EventListAnswer> page(uint64_t since, size_t limit);
  Status start();
  // All events after the last one seen.
  Result<std::vector<EventView>> fresh();

  Backend& daemon_;
  EventQuery query_;
  uint64_t last_ = 0;
};

}  // namespace dray::ops
