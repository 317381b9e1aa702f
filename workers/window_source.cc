#include "workers/window_source.h"

#include <utility>

#include "daemon/base/files.h"

namespace dray::worker {
namespace {

std::unexpected<Error> interruption() {
  return fail(ErrorCode::conflict, "interrupted");
}

}  // namespace

WindowSource::WindowSource(ItemWriter rest, uint64_t rest_files, Handlers handlers)
    : handlers_(std::move(handlers)), rest_items_(std::move(rest)), rest_files_(rest_files) {}

void WindowSource::add(WindowBatch batch) {
  const std::lock_guard lock(mutex_);
  batches_.push_back(std::move(batch));
  changed_.notify_all();
}

void WindowSource::no_more() {
  const std::lock_guard lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

void WindowSource::provide_rest(Result<std::unique_ptr<ArchiveSource>> rest) {
  const std::lock_guard lock(mutex_);
  provided_.emplace(std::move(rest));
  changed_.notify_all();
}

void WindowSource::interrupt() {
  const std::lock_guard lock(mutex_);
  interrupted_ = true;
  if (rest_) rest_->interrupt();
  changed_.notify_all();
}

// False: there are no more.
Result<bool> WindowSource::next_batch() {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return interrupted_ || ended_ || !batches_.empty(); });
    if (interrupted_) return interruption();
    if (batches_.empty()) return false;
    batch_ = std::move(batches_.front());
    batches_.pop_front();
  }
  at_ = wanted_ = came_ = 0;
  DRAY_TRY_ASSIGN(files_, LocalFiles::below(batch_.directory));
  return true;
}

Status WindowSource::end_batch() {
  files_.reset();
  DRAY_TRY(remove_tree(batch_.directory));
  handlers_.batch_done(wanted_, came_);
  return {};
}

// False: the batch is over.
Result<bool> WindowSource::next_in_batch(SourceFile& file) {
  while (at_ < batch_.items.size()) {
    file = SourceFile{};
    file.item = batch_.items[at_++];
    if (file.item.is_dir) {
      file.name = file.item.path;
      file.mode = kDefaultDirectoryMode;
      return true;
    }
    ++wanted_;
    const ArchiveItem listed = file.item;
    const bool came = files_->open(file).has_value() && file.size == listed.size;
    if (came) {
      ++came_;
      // The name and mode that it has here are those of the copy.
      file.name = listed.path;
      file.mode = kDefaultFileMode;
      return true;
    }
    ++rest_files_;
    DRAY_TRY(annotate(rest_items_.add(listed), "list of files"));
  }
  return false;
}

Status WindowSource::open_rest() {
  DRAY_TRY(annotate(rest_items_.finish(), "list of files"));
  handlers_.rest_wanted(rest_files_);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return interrupted_ || provided_; });
  if (interrupted_) return interruption();
  DRAY_TRY_ASSIGN(rest_, std::move(*provided_));
  return {};
}

Result<bool> WindowSource::next(SourceFile& file) {
  while (!rest_) {
    if (files_) {
      DRAY_TRY_ASSIGN(const bool found, next_in_batch(file));
      if (found) return true;
      DRAY_TRY(end_batch());
    }
    DRAY_TRY_ASSIGN(const bool more, next_batch());
    if (more) continue;
    if (!provided_) DRAY_TRY(open_rest());
    if (!rest_) return false;
  }
  return rest_->next(file);
}

Result<std::span<const char>> WindowSource::read() {
  return rest_ ? rest_->read() : files_->read();
}

}  // namespace dray::worker
