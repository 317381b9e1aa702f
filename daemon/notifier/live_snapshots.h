// The scheduler's status, asked for once for many: every live connection begins with it, and pages
// and programs ask for it again and again. Connections that come at once, after a restart or a
// broken network, share an answer; requests share it as long as nothing was committed since.
//
// Who may see what is decided before and by the scheduler, which is asked as the one who wants it:
// people who see the same share, others never.
//
// Thread: the loop's. Owner: the hub.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "daemon/base/event_loop.h"
#include "daemon/base/time.h"
#include "daemon/notifier/exchange.h"
#include "daemon/notifier/identity.h"
#include "daemon/notifier/live_message.h"

namespace dray::notifier {

struct LiveSnapshot {
  uint64_t sequence = 0;  // the status knows all events up to here, and perhaps more
  std::string status;     // JSON; "": the scheduler did not answer
  Error problem;          // why it did not
  LiveMessagePtr message;
};
using LiveSnapshotPtr = std::shared_ptr<const LiveSnapshot>;

class LiveSnapshots {
 public:
  // What changes without a commit, such as a worker that comes or goes, is seen after this time.
  static constexpr Duration kAge = seconds{1};

  // Asks the scheduler for its status, as `who`.
  using Ask = std::function<Task<Result<std::string>>(const Identity& who)>;

  LiveSnapshots(EventLoop& loop, Clock& clock, Ask ask)
      : loop_(loop), clock_(clock), ask_(std::move(ask)) {}

  // For somebody who sees what `who` sees, which outlives the answer, and who hears of whatever
  // comes behind `sequence`, the last event that is known now: it may be a second old.
  Task<LiveSnapshotPtr> get(const Identity& who, uint64_t sequence);
  // For somebody who sees what `who` sees and hears of nothing later: it holds everything that was
  // committed before this call. `revision`: of the database, read just now; 0: it is not known, and
  // no answer that was asked for before is good enough.
  Task<LiveSnapshotPtr> current(const Identity& who, uint64_t sequence, uint64_t revision);

 private:
  struct Slot {
    explicit Slot(boost::asio::io_context& context)
        : arrived(context, boost::asio::steady_timer::time_point::max()) {}
    LiveSnapshotPtr snapshot;
    Instant at{};
    bool asking = false;
    uint64_t asked = 0;           // how often
    uint64_t asked_revision = 0;  // of the database, before it was asked last
    boost::asio::steady_timer arrived;
  };
  using SlotPtr = std::shared_ptr<Slot>;
  SlotPtr slot_of(const std::string& client);
  bool is_fresh(const Slot& slot) const;
  static Task<void> wait_for_answer(SlotPtr slot);
  Task<LiveSnapshotPtr> ask_anew(const Identity& who, SlotPtr slot, uint64_t sequence,
                                 uint64_t revision);

  EventLoop& loop_;
  Clock& clock_;
  Ask ask_;
  std::map<std::string, SlotPtr> slots_;  // by the client of whoever asks
};

}  // namespace dray::notifier
