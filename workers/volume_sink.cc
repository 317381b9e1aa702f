#include "workers/volume_sink.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace dray::worker {

VolumeSink::VolumeSink(uint64_t limit, std::optional<DigestKind> other, Handlers handlers)
    : limit_(limit), handlers_(std::move(handlers)) {
  if (other) other_.emplace(*other);
}

Status VolumeSink::open() {
  current_ = Volume{.number = current_.number + 1, .size = 0, .sha256 = {}, .other = {}};
  handlers_.wanted(current_.number);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return interrupted_ || provided_; });
  if (interrupted_) return fail(ErrorCode::conflict, "interrupted");
  pipe_ = std::move(provided_);
  return {};
}

void VolumeSink::close() {
  pipe_.reset();
  current_.sha256 = sha256_.finish_hex();
  if (other_) current_.other = other_->finish_hex();
  volumes_.push_back(current_);
  handlers_.ended(current_);
}

Status VolumeSink::put(std::span<const char> bytes) {
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t wrote = ::write(pipe_.get(), bytes.data() + done, bytes.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0 && errno == EPIPE) {
      broken_ = true;
      return fail(ErrorCode::unavailable, "the upload ended");
    }
    if (wrote < 0) return fail_errno(errno, "write to the upload");
    done += static_cast<size_t>(wrote);
  }
  sha256_.update(bytes);
  if (other_) other_->update(bytes);
  current_.size += bytes.size();
  bytes_ += bytes.size();
  return {};
}

Status VolumeSink::write(std::span<const char> bytes) {
  while (!bytes.empty()) {
    if (!pipe_) DRAY_TRY(open());
    const uint64_t room = limit_ == 0 ? bytes.size() : limit_ - current_.size;
    const std::span<const char> part = bytes.first(std::min<uint64_t>(room, bytes.size()));
    DRAY_TRY(put(part));
    bytes = bytes.subspan(part.size());
    if (limit_ != 0 && current_.size == limit_) close();
  }
  return {};
}

Status VolumeSink::finish() {
  if (!pipe_ && current_.number == 0) DRAY_TRY(open());
  if (pipe_) close();
  return {};
}

void VolumeSink::provide(UniqueFd pipe) {
  const std::lock_guard lock(mutex_);
  provided_ = std::move(pipe);
  changed_.notify_all();
}

void VolumeSink::interrupt() {
  const std::lock_guard lock(mutex_);
  interrupted_ = true;
  changed_.notify_all();
}

}  // namespace dray::worker
