#include "workers/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/process/v2/process.hpp>
#include <cerrno>
#include <charconv>
#include <optional>

#include "daemon/base/fd.h"
#include "daemon/base/files.h"
#include "workers/guard.h"

namespace dray::worker {
namespace {

using ProcessHandle = boost::process::v2::basic_process_handle<boost::asio::any_io_executor>;

constexpr size_t kReadBytes = 64 << 10;
// Reads per wake-up of the loop, so that a flooding child leaves room for the others.
constexpr int kReadsPerTurn = 8;

struct Pipe {
  UniqueFd ours;
  UniqueFd theirs;
};

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
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> list;
  list.reserve(strings.size() + 1);
  for (std::string& s : strings)
    list.push_back(s.data());
  list.push_back(nullptr);
  return list;
}

// posix_spawn does not copy or touch this process's memory (vfork semantics), so its cost does not
// grow with it, and unlike Boost's vfork launcher it runs no handler of ours in the child.
Result<pid_t> spawn_guard(ChildSpec& spec, int out, int log, int control) {
  std::vector<std::string> args = {"dray-guard", spec.label,
                                   std::to_string(spec.kill_at.time_since_epoch().count()),
                                   spec.directory};
  args.insert(args.end(), spec.argv.begin(), spec.argv.end());
  const std::vector<char*> argv = pointers(args);
  const std::vector<char*> envp = pointers(spec.environment);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  if (out >= 0) {
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  } else {
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  }
  posix_spawn_file_actions_adddup2(&actions, log, STDERR_FILENO);
  posix_spawn_file_actions_adddup2(&actions, control, guard::kControlFd);
  posix_spawn_file_actions_addclosefrom_np(&actions, guard::kControlFd + 1);
  pid_t pid = 0;
  const int error =
      posix_spawn(&pid, spec.guard.c_str(), &actions, nullptr, argv.data(), envp.data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return fail_errno(error, fmt::format("run {}", spec.guard));
  return pid;
}

int64_t to_boottime_ns(Instant at) {
  return at.time_since_epoch().count();
}

void wait_for_exit(pid_t pid, Duration limit) {
  const UniqueFd handle(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (handle) {
    pollfd fd{handle.get(), POLLIN, 0};
    while (poll(&fd, 1, static_cast<int>(to_ms(limit))) < 0 && errno == EINTR) {
    }
  }
  waitpid(pid, nullptr, WNOHANG);
}

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

// ── ProcessFamily ───────────────────────────────────────────────────────────────────────────────

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

// ── ChildProcess ────────────────────────────────────────────────────────────────────────────────

struct ChildProcess::Impl {
  Impl(EventLoop& loop_in, ProcessFamily& family_in, ChildHandlers handlers_in)
      : loop(loop_in),
        family(family_in),
        handlers(std::move(handlers_in)),
        handle(loop.context().get_executor()) {}

  // What is read from one pipe, until its end.
  struct Stream {
    UniqueFd fd;
    std::unique_ptr<EventLoop::Watch> watch;
  };

  void watch_everything(std::shared_ptr<bool> alive);
  void order(guard::Order kind, int64_t value = 0);
  void read_control();
  void obey(const guard::ReportPacket& packet);
  void read_stream(Stream& stream, const std::function<void(std::span<const char>)>& handler,
                   const std::function<void()>& ended);
  void end_stream(Stream& stream, const std::function<void()>& ended);
  void guard_ended();

  EventLoop& loop;
  ProcessFamily& family;
  ChildHandlers handlers;
  ProcessHandle handle;
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
  std::string label;
  std::string program;
  pid_t guard = 0;
  pid_t command = 0;
  bool told_end = false;  // on_failed or on_exit was called
  bool gone = false;
  UniqueFd control;
  std::unique_ptr<EventLoop::Watch> control_watch;
  Stream log;
  Stream output;
  std::vector<char> buffer = std::vector<char>(kReadBytes);
};

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(EventLoop& loop, ProcessFamily& family,
                                                          ChildSpec spec, ChildHandlers handlers) {
  const std::string context = fmt::format("start {}", spec.label);
  if (spec.argv.empty()) return fail(ErrorCode::invalid, "{}: no command", context);
  DRAY_TRY_ASSIGN(Pipe log, annotate(make_pipe(), context));
  DRAY_TRY_ASSIGN(Pipe control, annotate(make_control(), context));
  Pipe output;
  if (spec.capture_output) {
    DRAY_TRY_ASSIGN(output, annotate(make_pipe(), context));
  }
  DRAY_TRY_ASSIGN(const pid_t pid, annotate(spawn_guard(spec, output.theirs.get(), log.theirs.get(),
                                                        control.theirs.get()),
                                            context));
  auto impl = std::make_unique<Impl>(loop, family, std::move(handlers));
  impl->label = spec.label;
  impl->program = spec.argv.front();
  impl->guard = pid;
  impl->control = std::move(control.ours);
  impl->log.fd = std::move(log.ours);
  impl->output.fd = std::move(output.ours);
  impl->handle = ProcessHandle(loop.context().get_executor(), pid);
  family.add_guard(pid);
  impl->watch_everything(impl->alive);
  return std::unique_ptr<ChildProcess>(new ChildProcess(std::move(impl)));
}

void ChildProcess::Impl::watch_everything(std::shared_ptr<bool> still) {
  control_watch = loop.watch_readable(control.get(), [this] { read_control(); });
  log.watch = loop.watch_readable(
      log.fd.get(), [this] { read_stream(log, handlers.on_log, handlers.on_log_end); });
  if (output.fd)
    output.watch = loop.watch_readable(output.fd.get(),
                                       [this] { read_stream(output, handlers.on_output, {}); });
  handle.async_wait([this, still = std::move(still)](boost::system::error_code, int) {
    if (*still) guard_ended();
  });
}

void ChildProcess::Impl::order(guard::Order kind, int64_t value) {
  if (!control) return;
  guard::OrderPacket packet;
  packet.order = kind;
  packet.value = value;
  while (send(control.get(), &packet, sizeof packet, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
         errno == EINTR) {
  }
}

void ChildProcess::Impl::read_control() {
  for (;;) {
    guard::ReportPacket packet;
    const ssize_t got = recv(control.get(), &packet, sizeof packet, MSG_DONTWAIT);
    if (got == static_cast<ssize_t>(sizeof packet)) {
      obey(packet);
    } else if (got < 0 && errno == EINTR) {
      continue;
    } else {
      if (got == 0 || (got < 0 && errno != EAGAIN)) control_watch.reset();
      return;
    }
  }
}

void ChildProcess::Impl::obey(const guard::ReportPacket& packet) {
  switch (packet.report) {
    case guard::Report::started:
      command = packet.pid;
      if (handlers.on_started) handlers.on_started();
      break;
    case guard::Report::failed: {
      told_end = true;
      const std::string_view stage = guard::text_of(packet.stage);
      const bool names_program = packet.stage == guard::Stage::exec;
      if (handlers.on_failed)
        handlers.on_failed(errno_error(
            packet.error, fmt::format("start {}: {}{}{}", label, stage, names_program ? " " : "",
                                      names_program ? program : "")));
      break;
    }
    case guard::Report::exited:
      told_end = true;
      if (handlers.on_exit)
        handlers.on_exit({false, packet.wait_status, packet.by_deadline != 0, packet.max_rss_kib,
                          microseconds{packet.cpu_us}});
      break;
  }
}

void ChildProcess::Impl::read_stream(Stream& stream,
                                     const std::function<void(std::span<const char>)>& handler,
                                     const std::function<void()>& ended) {
  for (int i = 0; i < kReadsPerTurn && stream.fd; ++i) {
    const ssize_t got = read(stream.fd.get(), buffer.data(), buffer.size());
    if (got > 0) {
      if (handler) handler(std::span(buffer.data(), static_cast<size_t>(got)));
    } else if (got < 0 && errno == EINTR) {
      continue;
    } else if (got < 0 && errno == EAGAIN) {
      return;
    } else {
      end_stream(stream, ended);
    }
  }
}

void ChildProcess::Impl::end_stream(Stream& stream, const std::function<void()>& ended) {
  stream.watch.reset();
  stream.fd.reset();
  if (ended) ended();
}

void ChildProcess::Impl::guard_ended() {
  gone = true;
  // The last reports may still be in the socket.
  if (control_watch) read_control();
  control_watch.reset();
  control.reset();
  family.remove_guard(guard);
  if (!told_end) {  // it was killed, or crashed
    family.sweep_orphans();
    told_end = true;
    if (handlers.on_exit) handlers.on_exit({true, 0, false, 0, {}});
  }
  // The ends that the tree held are closed by now, unless something escaped with them.
  if (log.fd) read_stream(log, handlers.on_log, handlers.on_log_end);
  if (output.fd) read_stream(output, handlers.on_output, {});
  if (handlers.on_gone) handlers.on_gone();
}

ChildProcess::ChildProcess(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

ChildProcess::~ChildProcess() {
  *impl_->alive = false;
  impl_->control_watch.reset();
  impl_->log.watch.reset();
  impl_->output.watch.reset();
  if (impl_->gone) return;
  impl_->order(guard::Order::kill);
  impl_->control.reset();  // which alone would be enough
  wait_for_exit(impl_->guard, kDestroyWait);
  impl_->family.remove_guard(impl_->guard);
  if (!impl_->told_end) impl_->family.sweep_orphans();
}

void ChildProcess::terminate() {
  impl_->order(guard::Order::terminate);
}
void ChildProcess::kill() {
  impl_->order(guard::Order::kill);
}
void ChildProcess::set_deadline(Instant kill_at) {
  impl_->order(guard::Order::deadline, to_boottime_ns(kill_at));
}

void ChildProcess::close_pipes() {
  if (impl_->log.fd)
    impl_->read_stream(impl_->log, impl_->handlers.on_log, impl_->handlers.on_log_end);
  if (impl_->log.fd) impl_->end_stream(impl_->log, impl_->handlers.on_log_end);
  if (impl_->output.fd) impl_->read_stream(impl_->output, impl_->handlers.on_output, {});
  if (impl_->output.fd) impl_->end_stream(impl_->output, {});
}

pid_t ChildProcess::guard_pid() const {
  return impl_->guard;
}
pid_t ChildProcess::command_pid() const {
  return impl_->command;
}

}  // namespace dray::worker
