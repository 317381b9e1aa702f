// One program that `dray up` runs: started with an argument vector and a small environment, its
// output read line by line, its end noticed through a pidfd. It dies with us, however we die.
//
// Thread: the loop's.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/event_loop.h"
#include "daemon/base/fd.h"
#include "daemon/base/result.h"

namespace dray::ops {

struct ChildSpec {
  std::string name;                      // for people
  std::vector<std::string> argv;         // argv[0]: absolute path
  std::vector<std::string> environment;  // complete: nothing is inherited
  std::string directory = "/";
};

class Child {
 public:
  using OnLine = std::function<void(std::string_view line)>;
  // `how`: "exit code 1", "signal 9 (Killed)". Called once, after the last line.
  using OnEnd = std::function<void(const std::string& how, bool clean)>;

  static Result<std::unique_ptr<Child>> start(EventLoop& loop, const ChildSpec& spec,
                                              OnLine on_line, OnEnd on_end);
  // Kills it if it still runs.
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  bool running() const { return !ended_; }
  void send_signal(int signal);

 private:
  Child();
  void read_output();
  void reap();
  void emit_lines(bool last);

  pid_t pid_ = -1;
  UniqueFd pidfd_;
  UniqueFd output_;
  std::string pending_;
  bool ended_ = false;
  OnLine on_line_;
  OnEnd on_end_;
  std::unique_ptr<EventLoop::Watch> output_watch_;
  std::unique_ptr<EventLoop::Watch> end_watch_;
};

// `name` as an absolute path: as it is, or found on PATH; "" when there is none.
std::string find_program(const std::string& name);

// Only what our programs need of this process's environment.
std::vector<std::string> basic_environment();

}  // namespace dray::ops
