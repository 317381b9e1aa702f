#include "schemas/job_check.h"

#include <algorithm>
#include <vector>

#include "daemon/base/quote.h"
#include "daemon/base/text.h"
#include "schemas/job_json.h"
#include "schemas/job_policy_check.h"
#include "schemas/limits.h"
#include "schemas/rclone_flags.h"
#include "schemas/rclone_options.h"
#include "schemas/week_times.h"

namespace dray {
namespace {

// Collects what is wrong with one thing.
class Problems {
 public:
  explicit Problems(std::string where) : where_(std::move(where)) {}

  void add(std::string_view path, std::string_view problem) {
    if (!text_.empty()) text_ += '\n';
    text_ += fmt::format("{}: {}: {}", where_, path, problem);
  }
  void add(std::string_view path, const Status& status) {
    if (!status) add(path, status.error().message);
  }
  Status result() && {
    if (text_.empty()) return {};
    return std::unexpected(Error{ErrorCode::invalid, std::move(text_)});
  }

 private:
  std::string where_;
  std::string text_;
};

struct Range {
  std::string_view path;
  int64_t value;
  int64_t min;
  int64_t max;
  std::string_view zero = "";  // what 0 means when it is allowed beside min to max
};

void check_ranges(std::span<const Range> ranges, Problems& problems) {
  for (const Range& range : ranges) {
    if (!range.zero.empty() && range.value == 0) continue;
    if (range.value >= range.min && range.value <= range.max) continue;
    problems.add(range.path, range.zero.empty()
                                 ? fmt::format("{} is out of range; allowed: {} to {}", range.value,
                                               range.min, range.max)
                                 : fmt::format("{} is out of range; allowed: {} to {}, or 0 ({})",
                                               range.value, range.min, range.max, range.zero));
  }
}

int64_t number(uint64_t value) {
  return static_cast<int64_t>(std::min<uint64_t>(value, INT64_MAX));
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

std::string place(std::string_view what, std::string_view name) {
  return fmt::format("{} {}", what, quoted(name, limits::kMaxNameBytes));
}

void check_endpoint(std::string_view path, const Endpoint& endpoint, Problems& problems) {
  problems.add(path, check_name("remote", endpoint.remote));
  problems.add(path, check_path(endpoint.path));
}

// The program of a command knows by itself what it works on.
void check_no_endpoint(std::string_view path, const Endpoint& endpoint, Problems& problems) {
  if (!endpoint.remote.empty() || !endpoint.path.empty())
    problems.add(path, "a job of kind command has none; give its program a setting");
}

// The components that count: "/photos//2024/." and "photos/2024" are one place.
std::vector<std::string_view> components(std::string_view path) {
  std::vector<std::string_view> parts;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    if (!part.empty() && part != ".") parts.push_back(part);
    begin = end + 1;
  }
  return parts;
}

void check_options(const TransferOptions& options, const JobCheckOptions& check,
                   Problems& problems) {
  const Range ranges[] = {
      {"options.transfers", options.transfers, 1, 256},
      {"options.checkers", options.checkers, 1, 1024},
      {"options.max_delete", options.max_delete, -1, 1'000'000'000},
      {"options.stall_seconds", number(options.stall_seconds), 60, 86'400, "never"},
  };
  check_ranges(ranges, problems);
  if (options.filters.size() > limits::kMaxFilters)
    problems.add("options.filters",
                 fmt::format("{} rules; allowed: {}", options.filters.size(), limits::kMaxFilters));
  if (options.flags.size() > limits::kMaxFlags)
    problems.add("options.flags",
                 fmt::format("{} flags; allowed: {}", options.flags.size(), limits::kMaxFlags));
  for (size_t i = 0; i < std::min(options.filters.size(), limits::kMaxFilters); ++i)
    problems.add(fmt::format("options.filters[{}]", i), check_filter(options.filters[i]));
  for (size_t i = 0; i < std::min(options.flags.size(), limits::kMaxFlags); ++i)
    problems.add(fmt::format("options.flags[{}]", i),
                 check_rclone_flag(options.flags[i], check.further_flags));
}

bool writes_objects(JobKind kind) {
  return kind == JobKind::sync || kind == JobKind::copy || kind == JobKind::move;
}

// Earlier states are made of what runs move aside: one run at a time, and nothing that changes
// files behind their back.
void check_versions(const JobSpec& job, Problems& problems) {
  const JobPolicy& policy = job.policy;
  if (policy.layout == Layout::versioned && !policy.versions_path.empty())
    problems.add("versions_path",
                 "layout versioned keeps them below the destination; leave it "
                 "out, or choose layout mirror");
  const bool kept = writes_objects(job.kind) &&
                    (policy.layout == Layout::versioned || !policy.versions_path.empty());
  if (kept && job.overlap == OverlapPolicy::allow)
    problems.add("overlap",
                 "allow cannot keep versions: runs at the same time would mix them; "
                 "choose another policy, or layout mirror");
  if (kept && std::ranges::any_of(job.options.flags, [](const std::string& flag) {
        return flag.starts_with("--track-renames");
      }))
    problems.add("options.flags",
                 "--track-renames moves files without keeping them where they "
                 "were; leave it out, or choose layout mirror");
  if (policy.restore_drill != DrillPeriod::never && !writes_objects(job.kind) &&
      job.kind != JobKind::archive)
    problems.add("restore_drill",
                 fmt::format("a job of kind {} leaves nothing to restore", to_string(job.kind)));
  if (policy.versions_path.empty() || policy.layout == Layout::versioned) return;
  const Result<Endpoint> place = parse_endpoint(policy.versions_path);
  if (!place) return problems.add("versions_path", place.error().message);
  problems.add("versions_path", check_path(place->path));
  if (place->remote != job.destination.remote)
    problems.add("versions_path", "must be on the destination's remote: files are moved there");
  if (paths_overlap(*place, job.destination) || paths_overlap(*place, job.source))
    problems.add("versions_path", "overlaps with source or destination; choose another directory");
  if (policy.encryption)
    problems.add("versions_path", "cannot be combined with encryption; choose layout versioned");
}

void check_policies(const JobSpec& job, Problems& problems) {
  const Range ranges[] = {
      {"priority", job.priority, -100, 100},
      {"misfire_max", job.misfire_max, 1, 1000},
      {"max_concurrent", job.max_concurrent, 1, 100},
      {"bandwidth_kbps", number(job.bandwidth_kbps), 1, 1'000'000'000, "no cap"},
      {"bandwidth_weight", job.policy.bandwidth_weight, 1, 1000},
      {"limits.max_duration_seconds", number(job.policy.limits.max_duration_seconds), 1,
       366 * 86'400, "no limit"},
      {"limits.memory_bytes", number(job.policy.limits.memory_bytes), 32 << 20, int64_t{1} << 50,
       "the worker's default"},
      {"limits.cpu_percent", job.policy.limits.cpu_percent, 5, 100'000, "the worker's default"},
      {"archive.level", job.policy.archive.level, 1, limits::kMaxArchiveLevel},
      {"archive.fetchers", job.policy.archive.fetchers, 1, limits::kMaxArchiveFetchers},
      {"archive.volume_bytes", number(job.policy.archive.volume_bytes), limits::kMinArchiveVolume,
       INT64_MAX, "one volume"},
      {"retry.max_attempts", job.retry.max_attempts, 1, limits::kMaxAttempts},
      {"retry.backoff_seconds", job.retry.backoff_seconds, 1, 86'400},
      {"retry.backoff_max_seconds", job.retry.backoff_max_seconds, 1, 7 * 86'400},
  };
  check_ranges(ranges, problems);
  if (job.retry.backoff_max_seconds < job.retry.backoff_seconds)
    problems.add("retry.backoff_max_seconds",
                 fmt::format("{} is less than backoff_seconds, which is {}",
                             job.retry.backoff_max_seconds, job.retry.backoff_seconds));
  problems.add("bandwidth_table", check_bandwidth_table("rows", job.policy.bandwidth_table));
  problems.add("limits", check_run_windows("windows", job.policy.limits.windows));
  check_versions(job, problems);
  if (job.max_concurrent > 1 && job.overlap != OverlapPolicy::allow)
    problems.add("max_concurrent", "more than 1 needs overlap = allow");
}

// A file that is handed in comes from nowhere that we know.
void check_source(const JobSpec& job, Problems& problems) {
  if (job.kind == JobKind::upload) {
    if (job.source != Endpoint{})
      problems.add("source", "a job of kind upload has none: files are handed in with `dray push`");
    if (job.schedule.kind != ScheduleKind::manual)
      problems.add("schedule", "a job of kind upload runs when a file is handed in; leave it out");
    return;
  }
  if (job.source == Endpoint{}) return problems.add("source", "is missing");
  check_endpoint("source", job.source, problems);
  if (paths_overlap(job.source, job.destination))
    problems.add("destination",
                 "is the same as the source or inside it, or has the source inside it; choose "
                 "another directory or remote");
}

}  // namespace

Status check_name(std::string_view what, std::string_view name) {
  const bool good = !name.empty() && name.size() <= limits::kMaxNameBytes &&
                    std::ranges::all_of(name, is_name_char) && name.front() != '.' &&
                    name.front() != '_' && name.front() != '-';
  if (good) return {};
  return fail(ErrorCode::invalid,
              "{} is not a name for a {}; allowed: letters, digits, '.', '_' and '-', beginning "
              "with a letter or digit, at most {} characters",
              quoted(name), what, limits::kMaxNameBytes);
}

Status check_path(std::string_view path) {
  if (path.size() > limits::kMaxPathBytes)
    return fail(ErrorCode::invalid, "the path is {} bytes long; allowed: {}", path.size(),
                limits::kMaxPathBytes);
  if (std::ranges::any_of(path, is_control))
    return fail(ErrorCode::invalid,
                "the path {} holds a control character; paths of jobs cannot hold one",
                quoted(path));
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    if (path.substr(begin, end - begin) == "..")
      return fail(ErrorCode::invalid, "the path {} holds '..'; name the directory itself",
                  quoted(path));
    begin = end + 1;
  }
  return {};
}

Status check_filter(std::string_view rule) {
  if (rule.size() > limits::kMaxPathBytes)
    return fail(ErrorCode::invalid, "the rule is {} bytes long; allowed: {}", rule.size(),
                limits::kMaxPathBytes);
  if (std::ranges::any_of(rule, is_control))
    return fail(ErrorCode::invalid, "{} holds a control character", quoted(rule));
  const bool glob = rule.size() > 2 && (rule.starts_with("+ ") || rule.starts_with("- ")) &&
                    !trim(rule.substr(2)).empty();
  if (glob || rule == "!") return {};
  return fail(ErrorCode::invalid,
              "{} is not a filter rule; write \"- GLOB\" to leave out, \"+ GLOB\" to take, \"!\" "
              "to forget the rules above",
              quoted(rule));
}

Status check_reason(std::string_view reason) {
  if (reason.size() > limits::kMaxReasonBytes)
    return fail(ErrorCode::invalid, "reason: is {} bytes long; allowed: {}", reason.size(),
                limits::kMaxReasonBytes);
  if (!is_plain_text(reason))
    return fail(ErrorCode::invalid,
                "reason: holds a control character or is not UTF-8; write it in one line");
  return {};
}

Status check_job(const JobSpec& job, const JobCheckOptions& options) {
  Problems problems(place("job", job.name));
  problems.add("name", check_name("job", job.name));
  problems.add("client", check_name("client", job.client));
  if (job.kind == JobKind::command) {
    check_no_endpoint("source", job.source, problems);
    check_no_endpoint("destination", job.destination, problems);
  } else {
    check_source(job, problems);
    check_endpoint("destination", job.destination, problems);
  }
  for (const PolicyProblem& problem : check_job_policy(job.policy, job.kind))
    problems.add(problem.path, std::string_view(problem.text));
  check_policies(job, problems);
  check_options(job.options, options, problems);
  return std::move(problems).result();
}

bool paths_overlap(const Endpoint& a, const Endpoint& b) {
  if (a.remote != b.remote) return false;
  const auto parts_a = components(a.path);
  const auto parts_b = components(b.path);
  const size_t common = std::min(parts_a.size(), parts_b.size());
  return std::equal(parts_a.begin(), parts_a.begin() + static_cast<ptrdiff_t>(common),
                    parts_b.begin());
}

Status check_client(const ClientSpec& client) {
  Problems problems(place("client", client.name));
  problems.add("name", check_name("client", client.name));
  const Range ranges[] = {
      {"weight", client.weight, 1, 1000},
      {"max_concurrent_jobs", client.max_concurrent_jobs, 1, 100'000, "no cap"},
      {"max_bandwidth_kbps", number(client.max_bandwidth_kbps), 1, 1'000'000'000, "no cap"},
  };
  check_ranges(ranges, problems);
  return std::move(problems).result();
}

Status check_remote(const SealedRemote& remote) {
  Problems problems(place("remote", remote.name));
  problems.add("name", check_name("remote", remote.name));
  problems.add("client", check_name("client", remote.client));
  if (Status type = check_remote_settings(remote.name, remote.type, {}); !type)
    problems.add("type", std::string_view(type.error().message));
  const Range ranges[] = {
      {"max_concurrent", remote.max_concurrent, 1, 10'000, "no cap"},
      {"refers_to", static_cast<int64_t>(remote.refers_to.size()), 0, limits::kMaxRemoteDepth},
      {"sealed", static_cast<int64_t>(remote.sealed.size()), 1, limits::kMaxStringBytes / 2},
  };
  check_ranges(ranges, problems);
  for (const std::string& other : remote.refers_to) {
    problems.add("refers_to", check_name("remote", other));
    if (other == remote.name) problems.add("refers_to", "the remote cannot refer to itself");
  }
  if (remote.sealed_for.empty() || remote.sealed_for.size() > limits::kMaxNameBytes ||
      !is_plain_text(remote.sealed_for))
    problems.add("sealed_for",
                 "must be the fingerprint of the key that the settings are sealed to");
  return std::move(problems).result();
}

}  // namespace dray
