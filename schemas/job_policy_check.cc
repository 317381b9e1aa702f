#include "schemas/job_policy_check.h"

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "schemas/job_check.h"

namespace dray {
namespace {

constexpr size_t kMaxHooks = 16;
constexpr size_t kMaxSettings = 64;
constexpr size_t kMaxSettingBytes = 256;

using Problems = std::vector<PolicyProblem>;

struct Range {
  std::string_view path;
  uint64_t value;
  uint64_t min;
  uint64_t max;
};

void check_range(const Range& range, Problems& problems) {
  if (range.value >= range.min && range.value <= range.max) return;
  problems.push_back({std::string(range.path), fmt::format("{} is out of range; allowed: {} to {}",
                                                           range.value, range.min, range.max)});
}

void check_hooks(std::string_view path, const std::vector<HookCall>& hooks, Problems& problems) {
  if (hooks.size() > kMaxHooks)
    problems.push_back(
        {std::string(path), fmt::format("{} hooks; allowed: {}", hooks.size(), kMaxHooks)});
  for (size_t i = 0; i < std::min(hooks.size(), kMaxHooks); ++i) {
    const std::string where = fmt::format("{}[{}]", path, i);
    if (const Status name = check_name("hook", hooks[i].name); !name)
      problems.push_back({where + ".name", name.error().message});
    check_range({where + ".timeout_seconds", hooks[i].timeout_seconds, 1, 86'400}, problems);
  }
}

void check_command(const CommandCall& command, JobKind kind, Problems& problems) {
  if (kind != JobKind::command) {
    if (!command.name.empty() || !command.settings.empty())
      problems.push_back({"command", "only jobs of kind command have one"});
    return;
  }
  if (const Status name = check_name("command", command.name); !name)
    problems.push_back({"command.name", name.error().message});
  if (command.settings.size() > kMaxSettings)
    problems.push_back({"command.settings", fmt::format("{} settings; allowed: {}",
                                                        command.settings.size(), kMaxSettings)});
  for (const auto& [key, value] : command.settings) {
    const std::string where = "command.settings." + shorten(escape_for_display(key), 64);
    if (const Status name = check_name("setting", key); !name)
      problems.push_back({where, name.error().message});
    if (value.size() > kMaxSettingBytes || !is_plain_text(value))
      problems.push_back(
          {where, fmt::format("must be one line of text of at most {} bytes", kMaxSettingBytes)});
  }
}

}  // namespace

std::vector<PolicyProblem> check_job_policy(const JobPolicy& policy, JobKind kind) {
  Problems problems;
  const Range ranges[] = {
      {"validation.sample_percent", policy.validation.sample_percent, 1, 100},
      {"guard.max_delete_percent", policy.guard.max_delete_percent, 0, 100},
      {"guard.min_overwrites", policy.guard.min_overwrites, 0, 1'000'000'000},
  };
  for (const Range& range : ranges)
    check_range(range, problems);
  if (policy.validation.on_failure == FailureAction::ignore)
    problems.push_back({"validation.on_failure", "must be fail or warn"});
  check_hooks("before", policy.before, problems);
  check_hooks("after", policy.after, problems);
  check_command(policy.command, kind, problems);
  return problems;
}

}  // namespace dray
