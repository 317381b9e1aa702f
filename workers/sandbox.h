// Confines the processes of a run: bubblewrap with a root of its own, in which only rclone, its
// libraries, certificates, the resolver's configuration, the run's directory and the local paths of
// this very run exist; for programs of the administrator the system's programs as well. Namespaces
// of their own for processes, mounts, IPC and host name; the network is the worker's. No capability
// is left. Everything inside ends when the guard does.
//
//   dray-guard ... dray-guard --shield bwrap ... -- dray-guard --enter rclone ...
//
// Pure but for what is said otherwise.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/base/result.h"
#include "schemas/job_policy.h"

namespace dray::worker {

// What this machine can do (sandbox_probe.h finds out).
struct SandboxTools {
  std::string bwrap;              // absolute path
  std::vector<std::string> base;  // arguments that work here: which namespaces, /proc or not
  std::string why_not = "it was not tried";  // empty: it works
  bool works() const { return why_not.empty(); }
};

// The administrator's word ([worker] sandbox, sandbox_enforce).
struct SandboxRules {
  Sandbox standard = Sandbox::local_process;  // of jobs that do not say
  bool enforced = false;                      // of jobs that do say, too
};

// How the processes of a run live.
struct SandboxChoice {
  bool confined = false;
  std::string note;  // for the report; empty: nothing to say
};
// unavailable: it is enforced and does not work here.
Result<SandboxChoice> choose_sandbox(Sandbox wish, const SandboxRules& rules,
                                     const SandboxTools& tools);

// What the processes of a run may see and use.
struct SandboxView {
  std::string directory;              // the run's own
  std::vector<std::string> readable;  // local paths
  std::vector<std::string> writable;
  uint64_t memory_bytes = 0;  // of each process, or of the group; 0: no limit
  std::string cgroup;         // of the run (run_cgroup.h); empty: none
  bool programs = false;      // those of the system and a /tmp of its own: for hooks and commands
  uint32_t cpu_percent = 0;   // of all of them; 100: one processor; 0: no limit
};

// Where only a number of threads can keep to it.
constexpr unsigned processors_for(uint32_t cpu_percent) {
  return cpu_percent < 100 ? 1 : (cpu_percent + 99) / 100;
}

// The command line that runs `argv` (argv[0]: absolute path) inside. `guard`: the program
// dray-guard.
std::vector<std::string> sandbox_argv(const SandboxTools& tools, const std::string& guard,
                                      const SandboxView& view,
                                      const std::vector<std::string>& argv);
// The one that only limits it; `argv` itself where there is no limit.
std::vector<std::string> limited_argv(const std::string& guard, const SandboxView& view,
                                      const std::vector<std::string>& argv);

}  // namespace dray::worker
