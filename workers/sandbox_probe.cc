#include "workers/sandbox_probe.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>

#include "daemon/base/files.h"
#include "daemon/base/text.h"
#include "workers/captured_command.h"
#include "workers/clean_text.h"
#include "workers/rclone_command.h"

namespace dray::worker {
namespace {

constexpr size_t kMaxReason = 300;
constexpr std::string_view kBwrap = "bwrap";
// Places that only an administrator writes to: PATH is not asked.
constexpr std::string_view kDirectories[] = {"/usr/bin/", "/usr/local/bin/", "/bin/"};

// The first that works is used: root needs no user namespace, and where containers hide parts of
// /proc no new one can be mounted.
const std::vector<std::string> kBases[] = {
    {"--unshare-user", "--proc", "/proc"},
    {"--proc", "/proc"},
    {"--unshare-user", "--dir", "/proc"},
    {"--dir", "/proc"},
};

std::string find_bwrap() {
  for (const std::string_view directory : kDirectories)
    if (const std::string path = fmt::format("{}{}", directory, kBwrap);
        access(path.c_str(), X_OK) == 0)
      return path;
  return "";
}

// Why it does not work; empty: it does.
std::string try_out(EventLoop& loop, ProcessFamily& family, const std::string& guard,
                    const SandboxTools& tools, const std::string& program,
                    const std::string& directory) {
  SandboxView view;
  view.directory = directory;
  ChildSpec spec;
  spec.guard = guard;
  spec.label = "sandbox-probe";
  spec.directory = directory;
  spec.argv = sandbox_argv(tools, guard, view, {program, "version", "--config", "/notfound"});
  spec.environment = rclone_environment(RunPaths{directory});
  spec.kill_at = SystemClock{}.now().mono + kSandboxTimeout;
  std::optional<CapturedResult> result;
  const CapturedCommand command(loop, family, std::move(spec),
                                [&](CapturedResult r) { result = std::move(r); });
  while (!result && !loop.stopped())
    loop.run_turn();
  if (!result) return "the worker was stopped while it tried";
  if (result->start_error) return result->start_error->message;
  const ChildExit& exit = result->exit;
  if (!exit.guard_lost && !exit.by_deadline && WIFEXITED(exit.wait_status) &&
      WEXITSTATUS(exit.wait_status) == 0)
    return "";
  const std::string_view said = trim(result->log);
  if (!said.empty()) return shorten(strip_controls(said.substr(0, said.find('\n'))), kMaxReason);
  return exit.by_deadline ? "bubblewrap did not answer" : "bubblewrap failed without a word";
}

}  // namespace

SandboxTools find_sandbox(EventLoop& loop, ProcessFamily& family, const std::string& guard,
                          const std::string& program, const std::string& work_dir) {
  SandboxTools tools;
  tools.bwrap = find_bwrap();
  if (tools.bwrap.empty()) {
    tools.why_not = "bubblewrap is not installed (apt install bubblewrap)";
    return tools;
  }
  const std::string directory = work_dir + "/probe-sandbox";
  if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    tools.why_not = errno_error(errno, directory).message;
    return tools;
  }
  std::string first;
  for (const std::vector<std::string>& base : kBases) {
    tools.base = base;
    tools.why_not = try_out(loop, family, guard, tools, program, directory);
    if (tools.works()) break;
    if (first.empty()) first = tools.why_not;
  }
  // What the strictest one said is what an administrator can mend.
  if (!tools.works()) tools.why_not = first;
  [[maybe_unused]] const Status removed = remove_tree(directory);
  return tools;
}

}  // namespace dray::worker
