#include "workers/child_pipes.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "workers/guard.h"

namespace dray::worker {
namespace {

// The most that an ordinary user may ask for (/proc/sys/fs/pipe-max-size).
constexpr int kInputBytes = 1 << 20;

// Out of the way of the numbers that the guard's descriptors have.
Result<UniqueFd> raised(UniqueFd fd) {
  if (fd.get() > guard::kInputFd) return fd;
  UniqueFd higher(fcntl(fd.get(), F_DUPFD_CLOEXEC, guard::kInputFd + 1));
  if (!higher) return fail_errno(errno, "duplicate a descriptor");
  return higher;
}

}  // namespace

Result<Pipe> make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail_errno(errno, "make a pipe");
  Pipe pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return pipe;
}

Result<Pipe> make_control() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    return fail_errno(errno, "make a socket pair");
  Pipe pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
  DRAY_TRY_ASSIGN(pipe.theirs, raised(std::move(pipe.theirs)));
  return pipe;
}

Result<Pipe> make_input() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail_errno(errno, "make a pipe");
  Pipe pipe{UniqueFd(ends[1]), UniqueFd(ends[0])};
  // Fewer switches between who writes and who reads; a smaller pipe only costs speed.
  fcntl(ends[1], F_SETPIPE_SZ, kInputBytes);
  DRAY_TRY_ASSIGN(pipe.ours, raised(std::move(pipe.ours)));
  DRAY_TRY_ASSIGN(pipe.theirs, raised(std::move(pipe.theirs)));
  return pipe;
}

}  // namespace dray::worker
