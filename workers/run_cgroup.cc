#include "workers/run_cgroup.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "daemon/base/fd.h"
#include "daemon/base/files.h"
#include "daemon/base/text.h"

namespace dray::worker {
namespace {

constexpr std::string_view kLeaf = "/worker";
constexpr std::string_view kControllers = "+memory +pids";
constexpr uint64_t kCpuPeriodUs = 100'000;
constexpr size_t kMaxFile = 4096;

Status put(const std::string& path, std::string_view text) {
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) return fail_errno(errno, path);
  return write_all(fd.get(), text, path);
}

// "0::/system.slice/x.service" of cgroup v2; lines of v1 name controllers.
std::string own_group(std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.starts_with("0::/")) return std::string(line.substr(3));
  }
  return "";
}

bool has_word(std::string_view text, std::string_view word) {
  return fmt::format(" {} ", trim(text)).find(fmt::format(" {} ", word)) != std::string::npos;
}

}  // namespace

RunCgroups RunCgroups::claim(const std::string& mount, std::string_view own) {
  RunCgroups groups;
  std::string group = own_group(own);
  // An earlier life of this process image was in the leaf already.
  if (group.ends_with(kLeaf)) group.resize(group.size() - kLeaf.size());
  if (group.empty() || group == "/") return groups;
  const std::string base = mount + group;
  const Result<std::string> controllers = read_file(base + "/cgroup.controllers", kMaxFile);
  if (!controllers || !has_word(*controllers, "memory") || !has_word(*controllers, "pids"))
    return groups;
  const std::string leaf = base + std::string(kLeaf);
  if (mkdir(leaf.c_str(), 0755) != 0 && errno != EEXIST) return groups;
  Status done = put(leaf + "/cgroup.procs", "0");
  groups.bounds_cpu_ = has_word(*controllers, "cpu");
  const std::string wanted = fmt::format("{}{}", kControllers, groups.bounds_cpu_ ? " +cpu" : "");
  if (done) done = put(base + "/cgroup.subtree_control", wanted);
  if (!done) {
    groups.why_not_ = done.error().message;
    return groups;
  }
  // What an earlier life of this worker left.
  if (const auto left = list_dir(base))
    for (const std::string& name : *left)
      if (name.starts_with("run-")) remove(fmt::format("{}/{}", base, name));
  groups.base_ = base;
  groups.why_not_.clear();
  return groups;
}

Result<std::string> RunCgroups::make(const std::string& name, const Limits& limits) const {
  const std::string path = fmt::format("{}/{}", base_, name);
  if (mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) return fail_errno(errno, path);
  DRAY_TRY(put(path + "/pids.max", std::to_string(kMaxProcesses)));
  if (limits.cpu_percent > 0 && bounds_cpu_)
    DRAY_TRY(put(path + "/cpu.max",
                 fmt::format("{} {}", limits.cpu_percent * kCpuPeriodUs / 100, kCpuPeriodUs)));
  if (limits.memory_bytes > 0) {
    DRAY_TRY(put(path + "/memory.max", std::to_string(limits.memory_bytes)));
    // Swapping would hide the limit. Kernels without swap accounting have no such file.
    [[maybe_unused]] const Status swap = put(path + "/memory.swap.max", "0");
  }
  return path;
}

void RunCgroups::remove(const std::string& path) {
  [[maybe_unused]] const Status killed = put(path + "/cgroup.kill", "1");
  rmdir(path.c_str());
}

}  // namespace dray::worker
