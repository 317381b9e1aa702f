// Files between those who fetch them and the one who reads them, in the order in which they were
// begun, within a budget of bytes. Locked inside; fetchers never block in it, the reader does.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "workers/archive_source.h"

namespace dray::worker {

// One file on its way. Its fields are the queue's.
struct FetchSlot {
  SourceFile file;
  bool ready = false;     // the reader may have it: size or problem are known
  bool complete = false;  // nothing follows
  bool unwanted = false;  // the reader has gone on
  std::optional<Error> broken;
  std::deque<std::vector<char>> chunks;
  uint64_t waiting = 0;  // bytes in chunks
};
using SlotPtr = std::shared_ptr<FetchSlot>;

class FetchQueue {
 public:
  // More files than this do not wait, however small they are.
  static constexpr size_t kMaxSlots = 4096;
  // Of the file that is read now: enough that its connection does not stand still.
  static constexpr uint64_t kFrontBytes = 8 << 20;

  // `room` is called, on the reader's thread, when room() may have become true.
  FetchQueue(uint64_t budget, std::function<void()> room);

  // ── fetchers ──
  bool room_for_another() const;
  void add(const SlotPtr& slot);  // last in order
  void no_more();
  // May a chunk be fetched for it?
  bool room(const FetchSlot& slot) const;
  // False: nobody wants more of it.
  bool push(FetchSlot& slot, std::vector<char> chunk);
  void ready(FetchSlot& slot, uint64_t size);
  void complete(FetchSlot& slot);
  void fail_slot(FetchSlot& slot, Error error);
  void fail_all(Error error);

  // ── the reader ──
  Result<bool> next(SourceFile& file);
  Result<std::span<const char>> read();
  void interrupt();

 private:
  void drop_current();
  Status check() const;

  const uint64_t budget_;
  const std::function<void()> room_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<SlotPtr> slots_;
  SlotPtr current_;
  std::vector<char> chunk_;  // handed out
  uint64_t waiting_ = 0;
  bool ended_ = false;
  bool interrupted_ = false;
  std::optional<Error> error_;
};

}  // namespace dray::worker
