#include "workers/fetch_queue.h"

namespace dray::worker {

FetchQueue::FetchQueue(uint64_t budget, std::function<void()> room)
    : budget_(budget), room_(std::move(room)) {}

bool FetchQueue::room_for_another() const {
  const std::lock_guard lock(mutex_);
  return slots_.size() < kMaxSlots && waiting_ < budget_;
}

void FetchQueue::add(const SlotPtr& slot) {
  const std::lock_guard lock(mutex_);
  slots_.push_back(slot);
  changed_.notify_all();
}

void FetchQueue::no_more() {
  const std::lock_guard lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

// The file that is read now, or next, always has some room: everything else waits for it.
bool FetchQueue::room(const FetchSlot& slot) const {
  const std::lock_guard lock(mutex_);
  if (slot.unwanted || waiting_ < budget_) return true;
  const bool front =
      &slot == current_.get() || (!current_ && !slots_.empty() && &slot == slots_.front().get());
  return front && slot.waiting < kFrontBytes;
}

bool FetchQueue::push(FetchSlot& slot, std::vector<char> chunk) {
  const std::lock_guard lock(mutex_);
  if (slot.unwanted || interrupted_) return false;
  if (chunk.empty()) return true;
  slot.waiting += chunk.size();
  waiting_ += chunk.size();
  slot.chunks.push_back(std::move(chunk));
  changed_.notify_all();
  return true;
}

void FetchQueue::ready(FetchSlot& slot, uint64_t size) {
  const std::lock_guard lock(mutex_);
  slot.file.size = size;
  slot.ready = true;
  changed_.notify_all();
}

void FetchQueue::complete(FetchSlot& slot) {
  const std::lock_guard lock(mutex_);
  slot.complete = true;
  changed_.notify_all();
}

void FetchQueue::fail_slot(FetchSlot& slot, Error error) {
  const std::lock_guard lock(mutex_);
  if (slot.ready) {
    slot.broken = std::move(error);
  } else {
    slot.file.problem = std::move(error);
    waiting_ -= slot.waiting;
    slot.waiting = 0;
    slot.chunks.clear();
    slot.ready = true;
  }
  slot.complete = true;
  changed_.notify_all();
}

void FetchQueue::fail_all(Error error) {
  const std::lock_guard lock(mutex_);
  error_ = std::move(error);
  changed_.notify_all();
}

void FetchQueue::interrupt() {
  const std::lock_guard lock(mutex_);
  interrupted_ = true;
  changed_.notify_all();
}

Status FetchQueue::check() const {
  if (interrupted_) return fail(ErrorCode::conflict, "interrupted");
  if (error_) return std::unexpected(*error_);
  return {};
}

void FetchQueue::drop_current() {
  if (!current_) return;
  current_->unwanted = true;
  waiting_ -= current_->waiting;
  current_->waiting = 0;
  current_->chunks.clear();
  current_.reset();
  chunk_.clear();
}

Result<bool> FetchQueue::next(SourceFile& file) {
  std::unique_lock lock(mutex_);
  drop_current();
  room_();
  const auto decided = [this] {
    return interrupted_ || error_ || (slots_.empty() ? ended_ : slots_.front()->ready);
  };
  changed_.wait(lock, decided);
  DRAY_TRY(check());
  if (slots_.empty()) return false;
  current_ = std::move(slots_.front());
  slots_.pop_front();
  file = current_->file;
  return true;
}

Result<std::span<const char>> FetchQueue::read() {
  std::unique_lock lock(mutex_);
  chunk_.clear();
  FetchSlot& slot = *current_;
  changed_.wait(lock,
                [&] { return interrupted_ || error_ || !slot.chunks.empty() || slot.complete; });
  DRAY_TRY(check());
  if (slot.chunks.empty()) {
    if (slot.broken) return std::unexpected(*slot.broken);
    return std::span<const char>();
  }
  chunk_ = std::move(slot.chunks.front());
  slot.chunks.pop_front();
  slot.waiting -= chunk_.size();
  waiting_ -= chunk_.size();
  room_();
  return std::span<const char>(chunk_);
}

}  // namespace dray::worker
