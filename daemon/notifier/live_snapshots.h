// The status that every live connection begins with. Many connections that come at once, after a
// restart or a broken network, share one answer of the scheduler.
//
// Thread: the loop's. Owner: the hub.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <string>

#include "daemon/notifier/exchange.h"
#include "daemon/notifier/identity.h"
#include "daemon/notifier/live_message.h"
#include "daemon/notifier/verb_client.h"

namespace dray::notifier {

struct LiveSnapshot {
  uint64_t sequence = 0;  // the status knows all events up to here, and perhaps more
  std::string status;     // JSON; "": the scheduler is away
  LiveMessagePtr message;
};

class LiveSnapshots {
 public:
  static constexpr Duration kAge = seconds{1};

  LiveSnapshots(EventLoop& loop, Clock& clock, VerbClient& verbs)
      : loop_(loop), clock_(clock), verbs_(verbs) {}

  // For somebody who sees what `who` sees, which outlives the answer. `sequence`: of the last event
  // that is known now.
  Task<std::shared_ptr<const LiveSnapshot>> get(const Identity& who, uint64_t sequence);

 private:
  struct Slot {
    explicit Slot(boost::asio::io_context& context)
        : arrived(context, boost::asio::steady_timer::time_point::max()) {}
    std::shared_ptr<const LiveSnapshot> snapshot;
    Instant at{};
    bool asking = false;
    boost::asio::steady_timer arrived;
  };
  std::shared_ptr<Slot> slot_of(const std::string& client);

  EventLoop& loop_;
  Clock& clock_;
  VerbClient& verbs_;
  std::map<std::string, std::shared_ptr<Slot>> slots_;  // by the client of whoever asks
};

}  // namespace dray::notifier
