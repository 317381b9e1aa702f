// Which worker may show progress of which attempt, and the last picture of every run for those who
// come late. Pure; one thread. Bounded: kMaxRows runs, one picture of at most one frame each.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "schemas/codec.h"

namespace dray {

// What goes out to subscribers.
struct Publication {
  std::string topic;
  std::string payload;  // a frame
};

class ProgressBoard {
 public:
  // 256 slots on 400 workers; OWNERS beyond are counted and not shown.
  static constexpr size_t kMaxRows = 100'000;

  void apply(const Owners& owners);

  // The picture with job, client and worker filled in. `proven_worker` is empty where the socket
  // proves no name (ipc): then the worker that the message names counts.
  // denied: not the owner of that attempt; conflict: older than the last one.
  Result<Publication> accept(RunProgress progress, std::string_view proven_worker);

  // The last pictures that a new subscription of `topic` asks for; none for other topics.
  void replay(std::string_view topic, const std::function<void(const Publication&)>& handle) const;

  // Whose the run is; null: nobody's now.
  const OwnerRow* owner(RunId run) const;

  size_t rows() const { return rows_.size(); }
  uint64_t refused_rows() const { return refused_rows_; }

 private:
  struct Row {
    OwnerRow owner;
    uint64_t sequence = 0;
    Publication last;  // payload empty: none yet
  };
  std::unordered_map<RunId, Row> rows_;
  uint64_t refused_rows_ = 0;
};

}  // namespace dray
