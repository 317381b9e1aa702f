#include "ops/doctor.h"

#include <sys/stat.h>
#include <sys/timex.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "daemon/base/files.h"
#include "daemon/base/text.h"
#include "ops/child.h"
#include "ops/views.h"
#include "workers/rclone_version.h"

namespace dray::ops {
namespace {

// Fixed by then: CVE-2026-49980, -59732, -54572, -71311, -71312, -71313 (files that leave the
// destination, commands run by file names).
constexpr RcloneVersion kSafeRclone{1, 75, 0};
constexpr uint64_t kLittleSpace = uint64_t{1} << 30;
constexpr std::string_view kUnits[] = {"dray-broker.service", "drayd.service",
                                       "dray-worker@1.service"};

Finding examine_socket(const std::string& endpoint) {
  Finding finding{"broker socket", Health::good, endpoint, ""};
  constexpr std::string_view kIpc = "ipc://";
  if (!endpoint.starts_with(kIpc)) return finding;
  const std::string path = endpoint.substr(kIpc.size());
  if (access(path.c_str(), R_OK | W_OK) == 0) return finding;
  finding.health = Health::bad;
  finding.detail = fmt::format("{}: {}", path, std::strerror(errno));
  finding.fix =
      errno == EACCES
          ? "this user may not reach it: join the group that owns the directory, or use sudo"
          : "start it: `systemctl start dray-broker`, or `dray up`";
  return finding;
}

// A file that must be ours alone.
Finding examine_secret(const std::string& name, const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    if (errno == EACCES) return {name, Health::good, path + " (not readable for this user)", ""};
    return {name, Health::warning, fmt::format("{}: {}", path, std::strerror(errno)),
            "the worker makes it at its first start on this machine"};
  }
  if ((info.st_mode & 077) == 0) return {name, Health::good, path, ""};
  return {name, Health::bad,
          fmt::format("{} can be reached by others (mode {:o})", path, info.st_mode & 07777),
          fmt::format("chmod 400 {}", path)};
}

Finding examine_disk(const std::string& path) {
  const Result<uint64_t> free = free_bytes(path);
  if (!free)
    return {"disk", Health::warning, free.error().message,
            "the directory is made at the first start"};
  const std::string detail = fmt::format("{} free in {}", human_bytes(*free), path);
  if (*free >= kLittleSpace) return {"disk", Health::good, detail, ""};
  return {"disk", Health::warning, detail, "free some space: results and logs are written there"};
}

Finding examine_clock() {
  timex state{};
  const int status = adjtimex(&state);
  if (status < 0) return {"clock", Health::good, "cannot be asked here", ""};
  if (status != TIME_ERROR && (state.status & STA_UNSYNC) == 0)
    return {"clock", Health::good, "synchronised", ""};
  return {"clock", Health::warning, "not synchronised: schedules may fire at the wrong time",
          "`timedatectl set-ntp true`, or install chrony"};
}

Finding examine_program(const std::string& name, const std::string& program, Health without,
                        const std::string& fix) {
  const std::string path = find_program(program);
  if (!path.empty()) return {name, Health::good, path, ""};
  return {name, without, program + " is not installed on this machine", fix};
}

void examine_units(std::vector<Finding>& findings) {
  for (const std::string_view unit : kUnits) {
    const std::string state = unit_state(std::string(unit));
    if (state.empty()) continue;
    const bool active = state == "active";
    findings.push_back({std::string(unit), active ? Health::good : Health::warning, state,
                        active ? "" : fmt::format("systemctl enable --now {}", unit)});
  }
}

}  // namespace

Finding judge_rclone(const std::string& worker, const std::string& version) {
  const std::string name = "rclone of " + worker;
  const std::optional<RcloneVersion> parsed = parse_rclone_version(version);
  if (!parsed)
    return {name, Health::warning, "unknown version '" + clean_name(version) + "'",
            "install rclone from rclone.org"};
  if (*parsed >= kSafeRclone) return {name, Health::good, version, ""};
  return {name, Health::warning,
          version + " has known security bugs (file names from a hostile source)",
          fmt::format("install rclone {} or newer from rclone.org", to_string(kSafeRclone))};
}

Finding judge_sandbox(const std::string& worker, const WorkerExamination& examined) {
  Finding finding{"sandbox of " + worker, Health::good, "", ""};
  const bool wanted = examined.sandbox == Sandbox::sandboxed_process;
  if (examined.sandbox_works) {
    finding.detail = wanted ? fmt::format("works; transfers live in it{}",
                                          examined.sandbox_enforced ? ", enforced" : "")
                            : "works, for jobs that ask for it";
    return finding;
  }
  finding.detail = "does not work: " + clean_name(examined.sandbox_problem);
  finding.health = wanted && examined.sandbox_enforced ? Health::bad : Health::warning;
  finding.fix = "see docs/SANDBOX.md, then restart the worker";
  return finding;
}

std::vector<Finding> examine_machine(const Config& config) {
  std::vector<Finding> findings;
  findings.push_back(examine_socket(config.cli.broker));
  findings.push_back(examine_disk(config.paths.data_dir));
  findings.push_back(examine_clock());
  findings.push_back(examine_program("rclone", config.worker.rclone, Health::bad,
                                     "apt install rclone, or newer from rclone.org"));
  findings.push_back(
      examine_program("bubblewrap", "bwrap", Health::warning, "apt install bubblewrap"));
  findings.push_back(examine_secret("worker key", config.worker.key_file));
  examine_units(findings);
  return findings;
}

std::vector<Finding> examine_daemons(Context& context) {
  std::vector<Finding> findings;
  const Result<SystemCheckAnswer> check = context.ask_as<SystemCheckAnswer>("system.check");
  if (!check) {
    findings.push_back({"scheduler", Health::bad, check.error().message, ""});
    return findings;
  }
  findings.push_back({"scheduler", Health::good, "answers", ""});
  for (const CheckView& row : check->checks)
    findings.push_back({row.name, row.ok ? Health::good : Health::bad, row.detail, row.fix});
  const Result<WorkerListAnswer> workers = context.ask_as<WorkerListAnswer>("worker.list");
  if (!workers) return findings;
  for (const WorkerView& worker : workers->workers) {
    if (!worker.connected) continue;
    findings.push_back(judge_rclone(worker.name, worker.rclone_version));
    const auto examined =
        context.ask_as<WorkerExamination>("worker.examine", {{"name", worker.name}});
    if (!examined) continue;
    findings.push_back(judge_sandbox(worker.name, *examined));
    findings.push_back({"limits of " + worker.name, Health::good,
                        examined->group_limits.empty()
                            ? "memory and processes of a run together"
                            : "memory of each process: " + clean_name(examined->group_limits),
                        ""});
  }
  return findings;
}

}  // namespace dray::ops
