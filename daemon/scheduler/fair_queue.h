// Whose turn it is. Runs that could start, per client; the pick between clients is weighted and
// fair, the pick within a client goes by rank.
//
// Between clients: every start moves the client's virtual time by 1/weight, and the client that is
// furthest behind comes first. So under backlog starts follow the weights, whatever the number of
// places. Before that, a client that holds less than its share of all places comes before those
// that hold theirs: long runs of one client cannot keep the others out. A client that was idle gets
// no credit for it.
//
// Within a client: the lowest rank first (rank_of: age, moved by priority), so nobody is starved.
//
// Clients are small dense numbers given by the caller. Pure; every call is O(log n), a pick looks
// at kMaxLooks clients at most.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "daemon/base/time.h"
#include "schemas/ids.h"

namespace dray::scheduler {

// One point of priority is worth this much waiting.
inline constexpr Duration kAgePerPriority = minutes{5};

struct Ranked {
  int64_t rank = 0;
  RunId run;
  friend auto operator<=>(const Ranked&, const Ranked&) = default;
};

Ranked rank_of(RunId run, Instant queued_at, int32_t priority);

class FairQueue {
 public:
  static constexpr size_t kMaxLooks = 64;

  struct Pick {
    uint32_t client = 0;
    RunId run;
  };

  void set_weight(uint32_t client, uint32_t weight);
  void push(uint32_t client, const Ranked& entry);
  void erase(uint32_t client, const Ranked& entry);
  // A blocked client is passed over until it is unblocked.
  void set_blocked(uint32_t client, bool blocked);

  // The next run to start if `places` runs may run at once in all.
  std::optional<Pick> next(uint32_t places) const;

  void started(uint32_t client);
  // A start that came to nothing: the client gets its turn back.
  void taken_back(uint32_t client);
  void ended(uint32_t client);

  // Runs that wait for their turn, those of blocked clients left out.
  size_t size() const { return size_; }
  size_t size(uint32_t client) const { return clients_[client].ready.size(); }

 private:
  struct Client {
    uint32_t weight = 1;
    uint32_t running = 0;
    uint64_t virtual_time = 0;
    bool blocked = false;
    std::set<Ranked> ready;
    bool waits() const { return !blocked && !ready.empty(); }
    bool active() const { return running > 0 || waits(); }
  };
  // Applies a change to a client and keeps the order and the sum of weights right.
  template <class Change>
  void change(uint32_t client, Change&& apply);
  bool within_share(const Client& client, uint32_t places) const;

  std::vector<Client> clients_;
  std::set<std::pair<uint64_t, uint32_t>> order_;  // (virtual time, client) of those who wait
  uint64_t now_ = 0;                               // virtual time of the last start
  uint64_t active_weight_ = 0;
  size_t size_ = 0;
};

}  // namespace dray::scheduler
