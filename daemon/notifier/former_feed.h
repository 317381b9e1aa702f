// What the WebSocket of the former product is told beside progress: cancels, receipts and the
// status. The words are in former_events.h; here they are put into the log, and what they need is
// read from the database.
//
// Thread: the loop's. Owner: the hub.
#pragma once

#include <set>
#include <string>

#include "daemon/notifier/call.h"
#include "daemon/notifier/former_events.h"
#include "daemon/notifier/live_session.h"

namespace dray::notifier {

class FormerFeed {
 public:
  explicit FormerFeed(Api& api) : api_(api) {}

  void take(const EventView& event) { events_.take(event); }
  // Puts what is to be told of what was taken into the hub's log.
  void tell(LiveHub& hub);
  // From time to time: the new status to everybody, if it has changed.
  void refresh(LiveHub& hub);
  void send_status(std::shared_ptr<LiveHub> hub, std::set<std::string> clients);

 private:
  Api& api_;
  FormerEvents events_;
};

}  // namespace dray::notifier
