// Small objects of a remote, copied by the hundred into directories that lie in memory, and gone
// from there as soon as they were read: for sources where every object by itself costs more than
// its bytes (object_window.h). What did not come that way, and what is too large for it, is read
// afterwards in the way of any other source: the rest.
//
// next() and read() belong to one thread, everything else may be called from any.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "workers/local_source.h"

namespace dray::worker {

struct WindowBatch {
  std::string directory;           // where the files are, as far as they could be had
  std::vector<ArchiveItem> items;  // files and folders, in order
};

class WindowSource final : public ArchiveSource {
 public:
  // Called on the reader's thread.
  struct Handlers {
    // A batch was read and its directory removed. `came`: of its files, those that were there.
    std::function<void(size_t files, size_t came)> batch_done;
    std::function<void(uint64_t files)> rest_wanted;  // `rest` is finished; see provide_rest()
  };
  // `rest` may hold files already; what is missing in the batches is added to it.
  WindowSource(ItemWriter rest, uint64_t rest_files, Handlers handlers);

  void add(WindowBatch batch);
  void no_more();
  // Null: there is none.
  void provide_rest(Result<std::unique_ptr<ArchiveSource>> rest);

  Result<bool> next(SourceFile& file) override;
  Result<std::span<const char>> read() override;
  void interrupt() override;

 private:
  Result<bool> next_batch();
  Result<bool> next_in_batch(SourceFile& file);
  Status end_batch();
  Status open_rest();

  const Handlers handlers_;
  ItemWriter rest_items_;
  uint64_t rest_files_;
  std::unique_ptr<ArchiveSource> rest_;  // set under the lock, once

  // The batch that is read.
  std::optional<LocalFiles> files_;
  WindowBatch batch_;
  size_t at_ = 0;
  size_t wanted_ = 0;
  size_t came_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<WindowBatch> batches_;
  bool ended_ = false;
  std::optional<Result<std::unique_ptr<ArchiveSource>>> provided_;
  bool interrupted_ = false;
};

}  // namespace dray::worker
