// Files of this machine, read directly below a directory that local_roots allows: no link leads out
// of it, because none is followed at all. Reading them through a server would cost a third of the
// speed and gain nothing.
#pragma once

#include <sys/stat.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/fd.h"
#include "workers/archive_source.h"

namespace dray::worker {

// Opens and reads one file after the other below a directory. One thread; calls block.
class LocalFiles {
 public:
  // `root`: a directory, or one file of it.
  static Result<LocalFiles> below(const std::string& root);

  // What `file.item` names; closes the one before. Fills in the rest of it, and its item's time, as
  // the disk tells.
  Status open(SourceFile& file);
  void close() { file_.reset(); }
  // As ArchiveSource::read().
  Result<std::span<const char>> read();

 private:
  explicit LocalFiles(UniqueFd root);
  UniqueFd open_below(const std::string& name, int flags) const;
  Status check_unchanged() const;

  UniqueFd root_;
  std::vector<char> buffer_;
  UniqueFd file_;
  struct stat info_ {};
  uint64_t left_ = 0;
};

// `root`: as confine_local_path() gave it: a directory, or one file.
Result<std::unique_ptr<ArchiveSource>> open_local_source(const std::string& root, ItemReader items);

// The bytes of a name behind rclone's spelling of it: control characters arrive as U+2400 and the
// like, and what would be mistaken for such a spelling behind a U+201B.
std::string local_name_bytes(std::string_view path);

}  // namespace dray::worker
