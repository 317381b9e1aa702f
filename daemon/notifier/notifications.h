// Notifications as a part of dray-notifier: follows the journal of the scheduler, decides by rules
// who is told what, keeps deliveries in notifier.db and sends them. The service around it owns the
// bus and passes on what concerns it:
//
//   notifications->link_changed(state);      // from Bus::on_link
//   notifications->event(message);           // of the topic "e"
//   if (notifications->message(incoming)) return;  // from Bus::on_message
//
// Nothing is missed while the process is down: the journal is read on from the stored cursor.
// Nothing is sent twice, but for a message whose end could not be seen (the process or the
// connection died while the other side was accepting it); that one goes out again under the same
// Message-ID.
//
// Owner: the service. Thread: that of the loop, with one helper inside (sender.h).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "broker/bus.h"
#include "daemon/base/event_loop.h"
#include "daemon/notifier/delivery_policy.h"

namespace dray::notify {

struct NotificationOptions {
  std::string database;                      // notifier.db; its directory must exist
  std::string key_file;                      // opens secrets of channels; made when it is missing
  std::string public_url;                    // where people reach the page; "": no links
  std::vector<std::string> allow_addresses;  // of address_guard.h
  std::string host;                          // how we call ourselves to mail servers
  Duration digest_window = minutes{10};
  RetryPolicy retry;
};

// Since the process started.
struct NotificationCounters {
  std::map<std::string, uint64_t> delivered;  // by channel
  std::map<std::string, uint64_t> failures;   // attempts, by channel
  uint64_t sequence = 0;                      // of the last event that was dealt with
  double behind_seconds = 0;                  // since no event was waiting
};

class Notifications {
 public:
  // The answer's JSON, or why there is none.
  using Answered = std::function<void(Result<std::string>)>;

  static Result<std::unique_ptr<Notifications>> open(EventLoop& loop, Bus& bus,
                                                     NotificationOptions options);
  ~Notifications();
  Notifications(const Notifications&) = delete;
  Notifications& operator=(const Notifications&) = delete;

  void link_changed(const LinkState& link);
  // Only a doorbell: the event itself is asked for.
  void event(const EventMessage& event);
  // True: it was a question for us (WORKER_QUERY), and is answered.
  bool message(const Incoming& incoming);

  NotificationCounters counters() const;

  struct Impl;

 private:
  explicit Notifications(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dray::notify
