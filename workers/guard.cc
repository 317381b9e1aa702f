#include "workers/guard.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

extern char** environ;

namespace dray::guard {
namespace {

// Bounds the pause between two sweeps when a child was missed because it forked while the process
// list was read; every death of a child ends the pause at once.
constexpr int kSweepPauseMs = 20;
// A line of /proc/PID/stat up to the parent's pid: 16 bytes of name and four short fields.
constexpr size_t kStatBytes = 128;

struct Failure {
  Stage stage = Stage::none;
  int error = 0;
};

// Never blocks and never fails the guard: a worker that is gone is noticed by end of file.
void report(const ReportPacket& packet) {
  while (send(kControlFd, &packet, sizeof packet, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
         errno == EINTR) {
  }
}

int report_failure(Failure failure) {
  ReportPacket packet;
  packet.report = Report::failed;
  packet.stage = failure.stage;
  packet.error = failure.error;
  report(packet);
  return 1;
}

// ── The command ─────────────────────────────────────────────────────────────────────────────────

// By system call: glibc keeps two signals to itself, which posix_spawn leaves ignored, and refuses
// to touch them.
void reset_signal(int number) {
  struct {
    void (*handler)(int) = SIG_DFL;
    unsigned long flags = 0;
    void (*restorer)() = nullptr;
    uint64_t mask = 0;
  } const action;
  syscall(SYS_rt_sigaction, number, &action, nullptr, sizeof action.mask);
}

// In the child, between fork and exec. Returns only when something failed.
Failure become_command(pid_t guard, const char* directory, char** argv) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return {Stage::death_signal, errno};
  if (getppid() != guard) return {Stage::death_signal, ESRCH};  // it died before the call above
  if (setsid() < 0) return {Stage::session, errno};
  // Ignored signals survive an exec, and Go honours an ignored SIGINT or SIGHUP.
  for (int number = 1; number < NSIG; ++number)
    reset_signal(number);
  sigset_t none;
  sigemptyset(&none);
  if (sigprocmask(SIG_SETMASK, &none, nullptr) != 0) return {Stage::signals, errno};
  const rlimit no_core{0, 0};
  if (setrlimit(RLIMIT_CORE, &no_core) != 0) return {Stage::limits, errno};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return {Stage::privileges, errno};
  // The pipe that reports a failed exec is descriptor 3, close-on-exec; nothing lies above it.
  if (syscall(SYS_close_range, 4, ~0U, 0) != 0) return {Stage::descriptors, errno};
  if (chdir(directory) != 0) return {Stage::directory, errno};
  execve(argv[0], argv, environ);
  return {Stage::exec, errno};
}

// Forks and waits until the command has been executed or has failed to be.
Failure start_command(const char* directory, char** argv, pid_t& child) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return {Stage::pipe, errno};
  const pid_t guard = getpid();
  child = fork();
  if (child < 0) return {Stage::fork, errno};
  if (child == 0) {
    // The control socket is not the command's: descriptor 3 becomes the failure pipe instead.
    dup3(ends[1], kControlFd, O_CLOEXEC);
    const Failure failure = become_command(guard, directory, argv);
    [[maybe_unused]] const ssize_t written = write(kControlFd, &failure, sizeof failure);
    _exit(127);
  }
  close(ends[1]);
  Failure failure;
  ssize_t got = 0;
  do {
    got = read(ends[0], &failure, sizeof failure);
  } while (got < 0 && errno == EINTR);
  close(ends[0]);
  if (got != static_cast<ssize_t>(sizeof failure)) return {};
  return failure;
}

// ── The tree ────────────────────────────────────────────────────────────────────────────────────

// The parent of `pid`, or 0.
pid_t parent_of(const char* pid) {
  char path[300];
  snprintf(path, sizeof path, "/proc/%s/stat", pid);
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  char text[kStatBytes];
  const ssize_t got = read(fd, text, sizeof text - 1);
  close(fd);
  if (got <= 0) return 0;
  text[got] = '\0';
  // "PID (NAME) STATE PPID ...": the name may hold anything, so count from its last parenthesis.
  const char* end = strrchr(text, ')');
  int parent = 0;
  char state = 0;
  return end != nullptr && sscanf(end + 1, " %c %d", &state, &parent) == 2 ? parent : 0;
}

// Kills the guard's own children. A child that has not been reaped keeps its pid, so the number
// cannot mean anybody else; what was below it becomes ours as it dies, and is killed next time.
void kill_children() {
  DIR* processes = opendir("/proc");
  if (processes == nullptr) return;
  const pid_t self = getpid();
  while (const dirent* entry = readdir(processes)) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
    if (parent_of(entry->d_name) == self) kill(atoi(entry->d_name), SIGKILL);
  }
  closedir(processes);
}

class Guard {
 public:
  Guard(int signals, int timer) : signals_(signals), timer_(timer) {}

  // Until nothing is left below the guard.
  void watch(pid_t child, const OrderPacket& deadline);

 private:
  void on_control();
  void obey(const OrderPacket& packet);
  void set_deadline(int64_t boottime_ns);
  bool reap();  // false: no child is left
  void kill_tree();

  int signals_;
  int timer_;
  pid_t child_ = -1;  // until it is reaped
  bool doomed_ = false;
  bool by_deadline_ = false;
  bool control_open_ = true;
};

void Guard::set_deadline(int64_t boottime_ns) {
  itimerspec spec{};
  spec.it_value.tv_sec = boottime_ns / 1'000'000'000;
  spec.it_value.tv_nsec = boottime_ns % 1'000'000'000;
  // All zero would switch the timer off instead of firing it.
  if (boottime_ns <= 0) spec.it_value.tv_nsec = 1;
  timerfd_settime(timer_, TFD_TIMER_ABSTIME, &spec, nullptr);
}

void Guard::obey(const OrderPacket& packet) {
  switch (packet.order) {
    case Order::deadline:
      set_deadline(packet.value);
      break;
    case Order::terminate:
      if (child_ > 0) kill(-child_, SIGTERM);  // its session's group, named after its pid
      break;
    case Order::kill:
      doomed_ = true;
      break;
    case Order::end_input:
      close(kInputFd);
      break;
  }
}

void Guard::on_control() {
  OrderPacket packet;
  const ssize_t got = recv(kControlFd, &packet, sizeof packet, MSG_DONTWAIT);
  if (got == static_cast<ssize_t>(sizeof packet)) {
    obey(packet);
  } else if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
    control_open_ = false;  // the worker is gone
    doomed_ = true;
  }
}

bool Guard::reap() {
  for (;;) {
    int status = 0;
    rusage used{};
    const pid_t pid = wait4(-1, &status, WNOHANG, &used);
    if (pid < 0 && errno == EINTR) continue;
    if (pid < 0) return false;
    if (pid == 0) return true;
    if (pid != child_) continue;
    child_ = -1;
    doomed_ = true;  // whatever it left behind
    ReportPacket packet;
    packet.report = Report::exited;
    packet.pid = pid;
    packet.wait_status = status;
    packet.by_deadline = by_deadline_ ? 1 : 0;
    packet.max_rss_kib = used.ru_maxrss;
    packet.cpu_us = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1'000'000 +
                    used.ru_utime.tv_usec + used.ru_stime.tv_usec;
    report(packet);
  }
}

void Guard::kill_tree() {
  // The group first: all of an ordinary tree at once, before it can notice anything.
  if (child_ > 0) kill(-child_, SIGKILL);
  kill_children();
}

void Guard::watch(pid_t child, const OrderPacket& deadline) {
  child_ = child;
  obey(deadline);
  while (reap()) {
    if (doomed_) kill_tree();
    pollfd fds[3] = {{signals_, POLLIN, 0}, {timer_, POLLIN, 0}, {kControlFd, POLLIN, 0}};
    const nfds_t count = control_open_ ? 3 : 2;
    if (poll(fds, count, doomed_ ? kSweepPauseMs : -1) < 0 && errno != EINTR) doomed_ = true;
    signalfd_siginfo info;
    while (read(signals_, &info, sizeof info) > 0) {
    }
    uint64_t expirations = 0;
    if (read(timer_, &expirations, sizeof expirations) > 0) by_deadline_ = doomed_ = true;
    if (control_open_ && fds[2].revents != 0) on_control();
  }
}

// Everything that could end or stop the guard by accident is blocked and ignored.
Failure set_up(int& signals, int& timer) {
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return {Stage::subreaper, errno};
  sigset_t all;
  sigfillset(&all);
  if (sigprocmask(SIG_SETMASK, &all, nullptr) != 0) return {Stage::signals, errno};
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  signals = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals < 0) return {Stage::signals, errno};
  timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
  if (timer < 0) return {Stage::timer, errno};
  return {};
}

// The pipes must end when the command's tree has ended, not when the guard has.
void let_go_of_standard_streams() {
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) {
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    close(STDERR_FILENO);
    return;
  }
  dup2(null, STDIN_FILENO);
  dup2(null, STDOUT_FILENO);
  dup2(null, STDERR_FILENO);
  close(null);
}

int become(char** argv) {
  execve(argv[0], argv, environ);
  fprintf(stderr, "dray-guard: %s: %s\n", argv[0], strerror(errno));
  return 127;
}

int shield(const char* group, char** argv) {
  char path[4096];
  snprintf(path, sizeof path, "%s/cgroup.procs", group);
  if (group[0] != '\0') {
    const int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, "0", 1) != 1) {
      fprintf(stderr, "dray-guard: %s: %s\n", path, strerror(errno));
      return 127;
    }
    close(fd);
  }
  signal(SIGTERM, SIG_IGN);
  return become(argv);
}

int enter(const char* memory, char** argv) {
  for (int number = 1; number < NSIG; ++number)
    reset_signal(number);
  // What a process may write to, whether or not it does: the closest that there is to its memory.
  const rlim_t bytes = strtoull(memory, nullptr, 10);
  const rlimit limit{bytes, bytes};
  if (bytes > 0 && setrlimit(RLIMIT_DATA, &limit) != 0) {
    fprintf(stderr, "dray-guard: limit memory: %s\n", strerror(errno));
    return 127;
  }
  return become(argv);
}

}  // namespace

int run(int argc, char** argv) {
  if (argc >= 4 && argv[1] == kShield) return shield(argv[2], argv + 3);
  if (argc >= 4 && argv[1] == kEnter) return enter(argv[2], argv + 3);
  if (argc < 5) return report_failure({Stage::usage, EINVAL});
  fcntl(kControlFd, F_SETFD, FD_CLOEXEC);
  fcntl(kInputFd, F_SETFD, FD_CLOEXEC);  // fails when there is none
  int signals = -1;
  int timer = -1;
  if (const Failure failure = set_up(signals, timer); failure.stage != Stage::none)
    return report_failure(failure);
  OrderPacket deadline;
  deadline.value = strtoll(argv[2], nullptr, 10);
  pid_t child = -1;
  const Failure failure = start_command(argv[3], argv + 4, child);
  let_go_of_standard_streams();
  if (failure.stage != Stage::none) return report_failure(failure);
  ReportPacket started;
  started.pid = child;
  report(started);
  Guard guard(signals, timer);
  guard.watch(child, deadline);
  return 0;
}

}  // namespace dray::guard
