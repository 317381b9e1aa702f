#include "workers/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "daemon/base/fd.h"
#include "daemon/base/files.h"
#include "workers/child_pipes.h"
#include "workers/guard.h"
#include "workers/process_wait.h"

namespace dray::worker {
namespace {

constexpr size_t kReadBytes = 64 << 10;
// Reads per wake-up of the loop, so that a flooding child leaves room for the others.
constexpr int kReadsPerTurn = 8;

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
Result<pid_t> spawn_guard(ChildSpec& spec, const Pipe& input, int out, int log, int control) {
  std::vector<std::string> args = {"dray-guard", spec.label,
                                   std::to_string(spec.kill_at.time_since_epoch().count()),
                                   spec.directory};
  args.insert(args.end(), spec.argv.begin(), spec.argv.end());
  const std::vector<char*> argv = pointers(args);
  const std::vector<char*> envp = pointers(spec.environment);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (input.theirs) {
    posix_spawn_file_actions_adddup2(&actions, input.theirs.get(), STDIN_FILENO);
  } else {
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  }
  if (out >= 0) {
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  } else {
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  }
  posix_spawn_file_actions_adddup2(&actions, log, STDERR_FILENO);
  posix_spawn_file_actions_adddup2(&actions, control, guard::kControlFd);
  if (input.ours) posix_spawn_file_actions_adddup2(&actions, input.ours.get(), guard::kInputFd);
  posix_spawn_file_actions_addclosefrom_np(
      &actions, input.ours ? guard::kInputFd + 1 : guard::kControlFd + 1);
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

}  // namespace

// ── ChildProcess ────────────────────────────────────────────────────────────────────────────────

struct ChildProcess::Impl {
  Impl(EventLoop& loop_in, ProcessFamily& family_in, ChildHandlers handlers_in)
      : loop(loop_in), family(family_in), handlers(std::move(handlers_in)) {}

  // What is read from one pipe, until its end.
  struct Stream {
    UniqueFd fd;
    std::unique_ptr<EventLoop::Watch> watch;
  };

  void watch_everything();
  void order(guard::Order kind, int64_t value = 0);
  void read_control();
  void obey(const guard::ReportPacket& packet);
  void read_stream(Stream& stream, const std::function<void(std::span<const char>)>& handler,
                   const std::function<void()>& ended);
  void end_stream(Stream& stream, const std::function<void()>& ended);
  void look_at_guard();
  void guard_ended();

  EventLoop& loop;
  ProcessFamily& family;
  ChildHandlers handlers;
  std::string label;
  std::string program;
  pid_t guard = 0;
  pid_t command = 0;
  bool told_end = false;  // on_failed or on_exit was called
  bool gone = false;
  UniqueFd guard_handle;
  std::unique_ptr<EventLoop::Watch> guard_watch;
  UniqueFd control;
  std::unique_ptr<EventLoop::Watch> control_watch;
  Stream log;
  Stream output;
  UniqueFd input;
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
  Pipe input;
  if (spec.feed_input) {
    DRAY_TRY_ASSIGN(input, annotate(make_input(), context));
  }
  DRAY_TRY_ASSIGN(
      const pid_t pid,
      annotate(spawn_guard(spec, input, spec.output_fd >= 0 ? spec.output_fd : output.theirs.get(),
                           log.theirs.get(), control.theirs.get()),
               context));
  UniqueFd handle(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!handle) {
    const Error error = errno_error(errno, context);
    control.ours.reset();  // which ends it
    wait_for_exit(pid, kDestroyWait);
    return std::unexpected(error);
  }
  auto impl = std::make_unique<Impl>(loop, family, std::move(handlers));
  impl->label = spec.label;
  impl->program = spec.argv.front();
  impl->guard = pid;
  impl->control = std::move(control.ours);
  impl->log.fd = std::move(log.ours);
  impl->output.fd = std::move(output.ours);
  impl->input = std::move(input.ours);
  impl->guard_handle = std::move(handle);
  family.add_guard(pid);
  impl->watch_everything();
  return std::unique_ptr<ChildProcess>(new ChildProcess(std::move(impl)));
}

void ChildProcess::Impl::watch_everything() {
  control_watch = loop.watch_readable(control.get(), [this] { read_control(); });
  log.watch = loop.watch_readable(
      log.fd.get(), [this] { read_stream(log, handlers.on_log, handlers.on_log_end); });
  if (output.fd)
    output.watch = loop.watch_readable(output.fd.get(),
                                       [this] { read_stream(output, handlers.on_output, {}); });
  guard_watch = loop.watch_readable(guard_handle.get(), [this] { look_at_guard(); });
}

// The loop may wake us for nothing: an event of a descriptor that was closed in the same turn can
// fall to the next one that is opened. Whoever waited for the end then would stop the whole loop.
void ChildProcess::Impl::look_at_guard() {
  siginfo_t info{};
  const int got = waitid(P_PID, static_cast<id_t>(guard), &info, WEXITED | WNOHANG);
  if (got == 0 && info.si_pid == 0) return;
  guard_watch.reset();
  guard_ended();
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
  impl_->guard_watch.reset();
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

int ChildProcess::input() const {
  return impl_->input.get();
}
void ChildProcess::end_input() {
  impl_->input.reset();
  impl_->order(guard::Order::end_input);
}

pid_t ChildProcess::guard_pid() const {
  return impl_->guard;
}
pid_t ChildProcess::command_pid() const {
  return impl_->command;
}

}  // namespace dray::worker
