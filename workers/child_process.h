// One command with everything it starts, under a guard (workers/guard.h). Owner of the guard, of
// the control socket and of the pipes.
//
// What happens to a command is told in this order:
//   on_started                     the command runs            } exactly one
//   on_failed                      it could not be started     }
//   on_log, on_output              any number of times
//   on_exit                        the command has ended; missing when on_failed came
//   on_log_end                     nobody holds the log pipe's other end any more
//   on_gone                        the guard has ended, and with it everything that the command
//   left
// on_log_end may come before on_exit, and after on_gone when something escaped with the pipe.
//
// The log pipe is read whenever there is something in it, whether or not anybody wants it: rclone
// stands still when the pipe is full, and dies when it is closed.
//
// Thread: that of the loop. A handler must not destroy its ChildProcess. Cost: one vfork-like spawn
// of a 1 MB program, independent of this process's memory.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "daemon/base/event_loop.h"
#include "daemon/base/result.h"
#include "daemon/base/time.h"

namespace dray::worker {

// The children of this process. Makes it a subreaper, so that what a killed guard leaves behind
// falls to us. A process that has one has no children but guards: any other child is an orphan of
// a dead guard. One per process, outlives its ChildProcesses.
class ProcessFamily {
 public:
  ProcessFamily();
  ProcessFamily(const ProcessFamily&) = delete;
  ProcessFamily& operator=(const ProcessFamily&) = delete;

  void add_guard(pid_t pid) { guards_.insert(pid); }
  void remove_guard(pid_t pid) { guards_.erase(pid); }
  // Kills and reaps every child that is not a guard, until there is none. Returns how many. Blocks
  // for as long as the kernel takes to end a killed process, at most kSweepLimit.
  int sweep_orphans();

  static constexpr Duration kSweepLimit = seconds{2};

 private:
  std::set<pid_t> guards_;
};

struct ChildSpec {
  std::string guard;                     // the program dray-guard
  std::string label;                     // shows in process lists: "run-812-1"
  std::string directory;                 // working directory of the command
  std::vector<std::string> argv;         // argv[0]: absolute path of the program
  std::vector<std::string> environment;  // all of it, "NAME=VALUE"
  Instant kill_at = Instant::max();      // the guard kills everything then
  bool capture_output = false;           // standard output to on_output; else to /dev/null
  int output_fd = -1;                    // borrowed for start(): standard output goes there
  bool feed_input = false;               // standard input from input(); else from /dev/null
};

struct ChildExit {
  bool guard_lost = false;  // the guard was killed; nothing below is known
  int wait_status = 0;      // as waitpid gives it
  bool by_deadline = false;
  int64_t max_rss_kib = 0;
  Duration cpu{};
};

struct ChildHandlers {
  std::function<void()> on_started;
  std::function<void(const Error&)> on_failed;  // "start run-812-1: exec /usr/bin/rclone: ..."
  std::function<void(std::span<const char>)> on_log;
  std::function<void(std::span<const char>)> on_output;
  std::function<void(const ChildExit&)> on_exit;
  std::function<void()> on_log_end;
  std::function<void()> on_gone;
};

class ChildProcess {
 public:
  // The error of a guard that could not even be spawned; then no handler is called. `family`
  // outlives the result.
  static Result<std::unique_ptr<ChildProcess>> start(EventLoop& loop, ProcessFamily& family,
                                                     ChildSpec spec, ChildHandlers handlers);
  // Kills what is left of the command and waits for it (at most kDestroyWait); calls no handler.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  void terminate();  // SIGTERM to the command's process group
  void kill();       // SIGKILL to everything, until nothing is left
  void set_deadline(Instant kill_at);
  // Takes what the pipes hold and closes them: on_log_end follows if it has not come.
  void close_pipes();

  // With feed_input: a blocking pipe to the command's standard input; EPIPE once it has ended. Also
  // for another thread, which makes a duplicate. The command sees the end of its input only after
  // end_input(), and when the duplicates are closed: never because this process died.
  int input() const;
  void end_input();

  pid_t guard_pid() const;
  pid_t command_pid() const;  // 0 until on_started

  static constexpr Duration kDestroyWait = seconds{5};

 private:
  struct Impl;
  explicit ChildProcess(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dray::worker
