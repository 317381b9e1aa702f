#include "ops/child.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

namespace dray::ops {
namespace {

// A line longer than this is cut into pieces: a child must not fill our memory.
constexpr size_t kMaxLine = 64 << 10;

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const std::string& text : texts)
    out.push_back(const_cast<char*>(text.c_str()));  // NOLINT: execve takes char* and changes none
  out.push_back(nullptr);
  return out;
}

struct ExecPlan {
  std::vector<char*> argv;
  std::vector<char*> environment;
  const char* directory;
  int output;
  pid_t parent;
};

// Between fork and exec: only what is async-signal-safe.
[[noreturn]] void become(const ExecPlan& plan) {
  // Set before anything can fail, and checked: the parent may be gone already.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != plan.parent) _exit(127);
  // Ctrl-C at the terminal is for `dray up`, which stops its children in order.
  setpgid(0, 0);
  for (int signal = 1; signal < NSIG; ++signal) {
    struct sigaction plain {};
    plain.sa_handler = SIG_DFL;
    sigaction(signal, &plain, nullptr);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int null = open("/dev/null", O_RDONLY);
  if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(plan.output, STDOUT_FILENO) < 0 ||
      dup2(plan.output, STDERR_FILENO) < 0 || chdir(plan.directory) != 0)
    _exit(126);
  close_range(3, ~0U, 0);
  execve(plan.argv[0], plan.argv.data(), plan.environment.data());
  _exit(127);
}

std::string how_it_ended(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return fmt::format("exit code {}", info.si_status);
  return fmt::format("signal {} ({})", info.si_status, strsignal(info.si_status));
}

}  // namespace

Result<std::unique_ptr<Child>> Child::start(EventLoop& loop, const ChildSpec& spec, OnLine on_line,
                                            OnEnd on_end) {
  std::array<int, 2> pipe_fds{};
  if (pipe2(pipe_fds.data(), O_CLOEXEC) != 0) return fail_errno(errno, spec.name);
  UniqueFd read_end(pipe_fds[0]);
  const UniqueFd write_end(pipe_fds[1]);
  const ExecPlan plan{pointers(spec.argv), pointers(spec.environment), spec.directory.c_str(),
                      write_end.get(), getpid()};
  const pid_t pid = fork();
  if (pid < 0) return fail_errno(errno, spec.name);
  if (pid == 0) become(plan);

  std::unique_ptr<Child> child(new Child());
  child->pid_ = pid;
  // Not reaped yet, so the number still means this child.
  child->pidfd_.reset(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!child->pidfd_) {
    const Error error = errno_error(errno, spec.name);
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    child->ended_ = true;
    return std::unexpected(error);
  }
  child->output_ = std::move(read_end);
  child->on_line_ = std::move(on_line);
  child->on_end_ = std::move(on_end);
  Child* self = child.get();
  child->output_watch_ = loop.watch_readable(self->output_.get(), [self] { self->read_output(); });
  child->end_watch_ = loop.watch_readable(self->pidfd_.get(), [self] { self->reap(); });
  return child;
}

Child::Child() = default;

Child::~Child() {
  if (ended_) return;
  send_signal(SIGKILL);
  // By number: the pidfd does not block, and the child is not reaped, so the number is still its
  // own.
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void Child::send_signal(int signal) {
  if (!ended_) syscall(SYS_pidfd_send_signal, pidfd_.get(), signal, nullptr, 0);
}

void Child::read_output() {
  std::array<char, 16 << 10> buffer;
  while (true) {
    const ssize_t count = read(output_.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      if (count == 0 || errno != EAGAIN) output_watch_.reset();
      return;
    }
    pending_.append(buffer.data(), static_cast<size_t>(count));
    emit_lines(false);
  }
}

void Child::emit_lines(bool last) {
  size_t at = 0;
  for (size_t end; (end = pending_.find('\n', at)) != std::string::npos; at = end + 1)
    on_line_(std::string_view(pending_).substr(at, end - at));
  pending_.erase(0, at);
  if ((last && !pending_.empty()) || pending_.size() > kMaxLine) {
    on_line_(pending_);
    pending_.clear();
  }
}

void Child::reap() {
  siginfo_t info{};
  if (waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd_.get()), &info,
             WEXITED | WNOHANG) != 0 ||
      info.si_pid == 0)
    return;
  ended_ = true;
  if (output_watch_) read_output();
  emit_lines(true);
  output_watch_.reset();
  end_watch_.reset();
  // The owner may destroy this object in the callback.
  const OnEnd on_end = std::move(on_end_);
  on_end(how_it_ended(info), info.si_code == CLD_EXITED && info.si_status == 0);
}

std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return access(name.c_str(), X_OK) == 0 ? name : "";
  const char* path = std::getenv("PATH");
  std::string_view rest = path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
  while (!rest.empty()) {
    const size_t colon = rest.find(':');
    const std::string candidate = fmt::format("{}/{}", rest.substr(0, colon), name);
    if (candidate.front() == '/' && access(candidate.c_str(), X_OK) == 0) return candidate;
    rest.remove_prefix(colon == std::string_view::npos ? rest.size() : colon + 1);
  }
  return "";
}

std::vector<std::string> basic_environment() {
  std::vector<std::string> environment;
  for (const char* name : {"PATH", "HOME", "LANG", "LC_ALL", "TZ", "TZDIR", "ASAN_OPTIONS",
                           "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS"})
    if (const char* value = std::getenv(name))
      environment.push_back(fmt::format("{}={}", name, value));
  return environment;
}

}  // namespace dray::ops
