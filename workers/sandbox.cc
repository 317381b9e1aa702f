#include "workers/sandbox.h"

#include <fmt/format.h>

#include <string_view>

#include "workers/guard.h"

namespace dray::worker {
namespace {

// What rclone needs of the system, as far as it is there. Nothing that holds a secret or tells who
// is on the machine: no /etc/passwd, no home, no /var, no /run.
constexpr std::string_view kSystem[] = {
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/pki/tls/certs",
    "/etc/pki/ca-trust/extracted",
    "/etc/ca-certificates",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
    "/etc/resolv.conf",
    "/etc/nsswitch.conf",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/mime.types",
    "/usr/share/mime/globs2",
    "/etc/localtime",
    "/usr/share/zoneinfo",
};

// What a script needs besides. They hide what lies below them, so they come first.
constexpr std::string_view kPrograms[] = {"/usr", "/bin", "/sbin", "/etc/alternatives"};

void add(std::vector<std::string>& args, std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words)
    args.emplace_back(word);
}

// A group bounds the memory by itself.
void add_entry(std::vector<std::string>& args, const std::string& guard, const SandboxView& view) {
  const uint64_t limit = view.cgroup.empty() ? view.memory_bytes : 0;
  add(args, {guard, guard::kEnter, std::to_string(limit)});
}

}  // namespace

Result<SandboxChoice> choose_sandbox(Sandbox wish, const SandboxRules& rules,
                                     const SandboxTools& tools) {
  const bool own_word = wish != Sandbox::worker_default && !rules.enforced;
  const Sandbox wanted = own_word ? wish : rules.standard;
  if (wanted != Sandbox::sandboxed_process) {
    const bool overruled = wish == Sandbox::sandboxed_process;
    return SandboxChoice{false, overruled ? "local_process: this worker enforces it" : ""};
  }
  if (tools.works()) return SandboxChoice{true, std::string(to_string(wanted))};
  if (rules.enforced)
    return fail(ErrorCode::unavailable,
                "this worker runs transfers in a sandbox only, and the sandbox does not work: {}",
                tools.why_not);
  return SandboxChoice{false, fmt::format("local_process: no sandbox here: {}", tools.why_not)};
}

std::vector<std::string> sandbox_argv(const SandboxTools& tools, const std::string& guard,
                                      const SandboxView& view,
                                      const std::vector<std::string>& argv) {
  std::vector<std::string> args{guard, std::string(guard::kShield), view.cgroup, tools.bwrap};
  args.insert(args.end(), tools.base.begin(), tools.base.end());
  add(args, {"--die-with-parent", "--cap-drop", "ALL", "--unshare-pid", "--dev", "/dev"});
  if (view.programs) {
    add(args, {"--tmpfs", "/tmp"});
    for (const std::string_view path : kPrograms)
      add(args, {"--ro-bind-try", path, path});
  }
  for (const std::string_view path : kSystem)
    add(args, {"--ro-bind-try", path, path});
  add(args, {"--ro-bind", guard, guard, "--ro-bind", argv.front(), argv.front()});
  for (const std::string& path : view.readable)
    add(args, {"--ro-bind-try", path, path});
  for (const std::string& path : view.writable)
    add(args, {"--bind", path, path});
  // What is not let in must not be made in here, where it would be lost with the sandbox.
  add(args, {"--bind", view.directory, view.directory, "--remount-ro", "/", "--chdir",
             view.directory, "--"});
  add_entry(args, guard, view);
  args.insert(args.end(), argv.begin(), argv.end());
  return args;
}

std::vector<std::string> limited_argv(const std::string& guard, const SandboxView& view,
                                      const std::vector<std::string>& argv) {
  if (view.cgroup.empty() && view.memory_bytes == 0) return argv;
  std::vector<std::string> args;
  if (!view.cgroup.empty()) add(args, {guard, guard::kShield, view.cgroup});
  add_entry(args, guard, view);
  args.insert(args.end(), argv.begin(), argv.end());
  return args;
}

}  // namespace dray::worker
