// What there is to be told, once for all connections: the newest events, the newest picture of
// every run, the last heartbeat. A connection keeps no queue, but its place in here, so the
// slowest one costs as little as the fastest: it finds the newest pictures when it comes back, and
// events that are gone from here it reads from the database. Pure; one thread.
//
// Order: by tick, which rises with every entry. A newer picture of a run takes the older one's
// entry to the end.
#pragma once

#include <deque>
#include <functional>
#include <list>
#include <unordered_map>
#include <vector>

#include "daemon/notifier/live_filter.h"
#include "daemon/notifier/live_message.h"

namespace dray::notifier {

// How much of the log a connection has had.
struct LivePlace {
  uint64_t tick = 0;      // of the last entry
  uint64_t sequence = 0;  // of the last event
};

class LiveLog {
 public:
  struct Limits {
    size_t events = 4096;
    size_t bytes = 4 << 20;  // of events, as JSON
  };
  LiveLog() : LiveLog(Limits{}) {}
  explicit LiveLog(Limits limits) : limits_(limits) {}

  // Forgets all events; the next one is behind `sequence`.
  void reset(uint64_t sequence);
  // Events come in order and without gaps; so `sequence` is last_sequence() + 1.
  void add_event(uint64_t sequence, LiveSubject subject, LiveMessagePtr message);
  void put_picture(LiveSubject subject, LiveMessagePtr message, Instant now);
  // The run is on no worker any more.
  void drop_picture(RunId run);
  // Pictures that were not renewed since: whoever sent them is gone.
  void drop_pictures_before(Instant time);
  void put_heartbeat(LiveMessagePtr message);  // that all up to last_sequence() was told
  // Of the former product: not repeated to those who were away.
  void add_note(LiveSubject subject, LiveMessagePtr message);

  uint64_t last_sequence() const { return last_sequence_; }
  uint64_t last_tick() const { return last_tick_; }
  // All events behind this one are here.
  uint64_t complete_after() const { return complete_after_; }
  size_t pictures() const { return pictures_.size(); }
  size_t kept() const { return kept_.size(); }

  // A message for somebody at a place, and the place behind it.
  struct Piece {
    const Bytes* bytes = nullptr;  // valid until the log changes
    LivePlace after;
  };
  struct Most {
    size_t pieces = 0;
    size_t bytes = 0;
  };
  // Appends to `out` what is new for a reader at `place`, as far as `most` allows. Returns the
  // place behind all of it; it differs from that of the last piece by what the reader does not
  // want.
  LivePlace read(LivePlace place, const LiveFilter& filter, LiveForm form, Most most,
                 Deflater& deflater, std::vector<Piece>& out) const;

 private:
  struct Entry {
    uint64_t tick = 0;
    uint64_t sequence = 0;  // 0: no event
    bool heartbeat = false;
    uint64_t up_to = 0;  // heartbeat: the last event before it
    Instant at{};
    LiveSubject subject = {};
    LiveMessagePtr message;
  };
  using Entries = std::list<Entry>;
  Entries::iterator append(Entry entry);
  void keep(Entries::iterator entry);
  void drop_oldest();

  Limits limits_;
  Entries entries_;
  std::deque<Entries::iterator> kept_;  // events and notes, oldest first
  size_t kept_bytes_ = 0;
  std::unordered_map<RunId, Entries::iterator> pictures_;
  std::optional<Entries::iterator> heartbeat_;
  uint64_t last_tick_ = 0;
  uint64_t last_sequence_ = 0;
  uint64_t complete_after_ = 0;
};

}  // namespace dray::notifier
