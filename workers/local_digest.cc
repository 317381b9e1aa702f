#include "workers/local_digest.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "daemon/base/digest.h"
#include "daemon/base/fd.h"
#include "workers/quiet_thread.h"

namespace dray::worker {
namespace {

// Fits the second-level cache: hashing finds it there.
constexpr size_t kReadBytes = 256 << 10;

}  // namespace

LocalDigest::LocalDigest(EventLoop& loop, std::string path,
                         std::function<void(Result<FileDigest>)> done)
    : done_(std::make_shared<const std::function<void(Result<FileDigest>)>>(std::move(done))) {
  thread_ =
      quiet_thread("digest", [this, &loop, path = std::move(path), alive = std::weak_ptr(done_)] {
        loop.post([alive, found = read(path)] {
          if (const auto call = alive.lock()) (*call)(found);
        });
      });
}

LocalDigest::~LocalDigest() {
  stop();
  thread_.join();
}

Result<FileDigest> LocalDigest::read(const std::string& path) const {
  // Never waits for the other end of a pipe that took the file's place.
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd) return fail_errno(errno, path);
  struct stat info {};
  if (fstat(fd.get(), &info) != 0) return fail_errno(errno, path);
  if (!S_ISREG(info.st_mode)) return fail(ErrorCode::conflict, "{} is no file", path);
  posix_fadvise(fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  FileDigest found;
  Digest digest(DigestKind::sha256);
  std::vector<char> buffer(kReadBytes);
  while (!stopped_) {
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(errno, path);
    if (got == 0) {
      found.sha256 = digest.finish_hex();
      return found;
    }
    digest.update({buffer.data(), static_cast<size_t>(got)});
    found.size += static_cast<uint64_t>(got);
  }
  return fail(ErrorCode::conflict, "interrupted");
}

}  // namespace dray::worker
