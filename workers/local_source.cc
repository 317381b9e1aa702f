#include "workers/local_source.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "daemon/base/files.h"

namespace dray::worker {
namespace {

// Fits the second-level cache: hashing and compressing find it there.
constexpr size_t kReadBytes = 256 << 10;
constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;

// U+2400 to U+2421 stand for the control characters, in UTF-8: E2 90 80 to E2 90 A1.
constexpr std::string_view kSymbolStart = "\xe2\x90";
constexpr std::string_view kQuote = "\xe2\x80\x9b";  // U+201B
constexpr size_t kRuneBytes = 3;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The control character that the three bytes at `at` stand for; -1: none.
int control_at(std::string_view text, size_t at) {
  if (text.size() - at < kRuneBytes || text.substr(at, 2) != kSymbolStart) return -1;
  const auto last = static_cast<unsigned char>(text[at + 2]);
  if (last >= 0x81 && last <= 0x9f) return last - 0x80;
  return last == 0xa1 ? 0x7f : -1;
}

int64_t mtime_of(const struct stat& info) {
  return info.st_mtim.tv_sec * kNanosecondsPerSecond + info.st_mtim.tv_nsec;
}

class LocalSource final : public ArchiveSource {
 public:
  LocalSource(LocalFiles files, ItemReader items)
      : files_(std::move(files)), items_(std::move(items)) {}

  Result<bool> next(SourceFile& file) override;
  Result<std::span<const char>> read() override;
  void interrupt() override { interrupted_ = true; }

 private:
  LocalFiles files_;
  ItemReader items_;
  std::atomic<bool> interrupted_ = false;
};

Result<bool> LocalSource::next(SourceFile& file) {
  if (interrupted_) return fail(ErrorCode::conflict, "interrupted");
  files_.close();
  file = SourceFile{};
  DRAY_TRY_ASSIGN(const bool more, items_.next(file.item));
  if (!more) return false;
  if (Status opened = files_.open(file); !opened) file.problem = std::move(opened.error());
  // A directory that can be listed but not opened is there all the same.
  if (file.item.is_dir && file.problem) {
    file.problem.reset();
    file.mode = kDefaultDirectoryMode;
  }
  return true;
}

Result<std::span<const char>> LocalSource::read() {
  if (interrupted_) return fail(ErrorCode::conflict, "interrupted");
  return files_.read();
}

}  // namespace

LocalFiles::LocalFiles(UniqueFd root) : root_(std::move(root)), buffer_(kReadBytes) {}

Result<LocalFiles> LocalFiles::below(const std::string& root) {
  UniqueFd fd(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd && errno == ENOTDIR)
    fd.reset(::open(parent_dir(root).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return fail_errno(errno, root);
  return LocalFiles(std::move(fd));
}

UniqueFd LocalFiles::open_below(const std::string& name, int flags) const {
  open_how how{};
  how.flags = static_cast<uint64_t>(flags | O_CLOEXEC | O_NOFOLLOW);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return UniqueFd(
      static_cast<int>(syscall(SYS_openat2, root_.get(), name.c_str(), &how, sizeof how)));
}

Status LocalFiles::open(SourceFile& file) {
  close();
  // Never waits for the other end of a pipe that took a file's place.
  const int flags = file.item.is_dir ? O_RDONLY | O_DIRECTORY : O_RDONLY | O_NONBLOCK;
  file.name = local_name_bytes(file.item.path);
  UniqueFd fd = open_below(file.name, flags);
  if (!fd && errno == ENOENT && file.name != file.item.path) {
    fd = open_below(file.item.path, flags);
    if (fd) file.name = file.item.path;
  }
  if (!fd) return fail_errno(errno, "open");
  if (fstat(fd.get(), &info_) != 0) return fail_errno(errno, "look at it");
  if (!file.item.is_dir && !S_ISREG(info_.st_mode))
    return fail(ErrorCode::conflict, "it is no file any more");
  file.mode = info_.st_mode & 0777;
  file.item.mtime_ns = mtime_of(info_);
  if (file.item.is_dir) return {};
  file.size = left_ = static_cast<uint64_t>(info_.st_size);
  file_ = std::move(fd);
  posix_fadvise(file_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  return {};
}

Status LocalFiles::check_unchanged() const {
  struct stat now {};
  if (fstat(file_.get(), &now) != 0) return fail_errno(errno, "look at it again");
  if (now.st_size != info_.st_size || mtime_of(now) != mtime_of(info_))
    return fail(ErrorCode::conflict, "it changed while it was read");
  return {};
}

Result<std::span<const char>> LocalFiles::read() {
  if (left_ == 0) {
    DRAY_TRY(check_unchanged());
    return std::span<const char>();
  }
  ssize_t got = 0;
  do {
    got = ::read(file_.get(), buffer_.data(), std::min<uint64_t>(buffer_.size(), left_));
  } while (got < 0 && errno == EINTR);
  if (got < 0) return fail_errno(errno, "read");
  if (got == 0) return fail(ErrorCode::conflict, "it became shorter while it was read");
  left_ -= static_cast<uint64_t>(got);
  return std::span<const char>(buffer_.data(), static_cast<size_t>(got));
}

std::string local_name_bytes(std::string_view path) {
  std::string raw;
  raw.reserve(path.size());
  for (size_t i = 0; i < path.size();) {
    if (path.substr(i, kQuote.size()) == kQuote) {
      const size_t after = i + kRuneBytes;
      if (control_at(path, after) >= 0 || path.substr(after, kRuneBytes) == kQuote) {
        raw += path.substr(after, kRuneBytes);  // that very rune
        i = after + kRuneBytes;
        continue;
      }
      if (path.size() - after >= 2 && hex_digit(path[after]) >= 8 &&
          hex_digit(path[after + 1]) >= 0) {
        raw += static_cast<char>(hex_digit(path[after]) * 16 + hex_digit(path[after + 1]));
        i = after + 2;
        continue;
      }
    }
    if (const int control = control_at(path, i); control >= 0) {
      raw += static_cast<char>(control);
      i += kRuneBytes;
      continue;
    }
    raw += path[i++];
  }
  return raw;
}

Result<std::unique_ptr<ArchiveSource>> open_local_source(const std::string& root,
                                                         ItemReader items) {
  DRAY_TRY_ASSIGN(LocalFiles files, LocalFiles::below(root));
  return std::make_unique<LocalSource>(std::move(files), std::move(items));
}

}  // namespace dray::worker
