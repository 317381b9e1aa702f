// Where answers about a file that is handed in go, and how much of it may be on its way. A sender
// that does not keep to its window is held here: what waits for a worker is bounded, and one upload
// cannot push that worker's other messages aside. Pure; one thread. Bounded by the runs that are
// owned.
#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>

#include "broker/progress_board.h"
#include "schemas/messages.h"

namespace dray {

class UploadRoutes {
 public:
  // Connections of one sender that are remembered per run; the oldest goes.
  static constexpr size_t kMaxSenders = 4;
  // Chunks that the worker has not answered yet.
  static constexpr uint32_t kMaxUnanswered = 64;
  // After this long without a chunk, what was not answered will not be.
  static constexpr Duration kForgetUnanswered = seconds{2};

  // A chunk on its way to the owner `token`. exhausted: more than the worker asked for.
  Status pass(const Token& token, const UploadChunk& chunk, SessionId sender, uint64_t id,
              Instant now);
  // The worker's answer: who gets it; 0: nobody known.
  SessionId answer(const UploadState& state, uint64_t id);
  // Forgets runs that have another owner now, or none.
  void keep_owned(const ProgressBoard& board);

  size_t size() const { return routes_.size(); }

 private:
  struct Route {
    Token token;
    std::map<uint64_t, SessionId> senders;  // by the id of their chunks
    uint64_t allowed = 0;                   // bytes of the file, from its beginning
    uint32_t unanswered = 0;
    Instant last_chunk{};
  };
  std::unordered_map<RunId, Route> routes_;
};

}  // namespace dray
