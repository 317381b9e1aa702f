#include "daemon/base/fd.h"

#include <unistd.h>

#include <cerrno>

namespace dray {

void UniqueFd::reset(int fd) {
  if (fd_ >= 0) {
    const int saved = errno;
    // Never repeated after EINTR: Linux has closed the descriptor then.
    ::close(fd_);
    errno = saved;
  }
  fd_ = fd;
}

}  // namespace dray
