// What falls to this process when one of its guards is killed.
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <optional>

#include "daemon/base/fd.h"
#include "daemon/base/files.h"
#include "workers/child_process.h"
#include "workers/process_wait.h"

namespace dray::worker {
namespace {

std::optional<pid_t> parse_pid(std::string_view text) {
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return pid;
}

// "PID (NAME) STATE PPID ...": the name may hold anything, so look from its last parenthesis.
pid_t parent_of(pid_t pid) {
  const Result<std::string> stat = read_file(fmt::format("/proc/{}/stat", pid), 4096);
  if (!stat) return 0;
  const size_t end = stat->rfind(')');
  if (end == std::string::npos || stat->size() < end + 5) return 0;
  const std::string_view rest = std::string_view(*stat).substr(end + 4);
  return parse_pid(rest.substr(0, rest.find(' '))).value_or(0);
}

}  // namespace

void wait_for_exit(pid_t pid, Duration limit) {
  const UniqueFd handle(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (handle) {
    pollfd fd{handle.get(), POLLIN, 0};
    while (poll(&fd, 1, static_cast<int>(to_ms(limit))) < 0 && errno == EINTR) {
    }
  }
  waitpid(pid, nullptr, WNOHANG);
}

ProcessFamily::ProcessFamily() {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
}

int ProcessFamily::sweep_orphans() {
  const SystemClock clock;
  const Instant limit = clock.now().mono + kSweepLimit;
  int killed = 0;
  for (bool found = true; found && clock.now().mono < limit;) {
    found = false;
    const Result<std::vector<std::string>> entries = list_dir("/proc");
    if (!entries) break;
    for (const std::string& entry : *entries) {
      const std::optional<pid_t> pid = parse_pid(entry);
      if (!pid || guards_.contains(*pid) || parent_of(*pid) != getpid()) continue;
      // Our own child, not reaped yet: the number cannot mean anybody else.
      ::kill(*pid, SIGKILL);
      wait_for_exit(*pid, limit - clock.now().mono);
      found = true;
      ++killed;
    }
  }
  return killed;
}

}  // namespace dray::worker
