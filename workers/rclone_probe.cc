#include "workers/rclone_probe.h"

#include <unistd.h>

#include <cstdlib>

#include "daemon/base/quote.h"
#include "daemon/base/text.h"
#include "schemas/limits.h"
#include "workers/clean_text.h"
#include "workers/rclone_backends.h"
#include "workers/rclone_command.h"
#include "workers/rclone_question.h"

namespace dray::worker {
namespace {

constexpr std::string_view kUsualPath = "/usr/local/bin:/usr/bin:/bin";

Result<std::string> find_program(const std::string& program) {
  if (program.contains('/')) {
    if (access(program.c_str(), X_OK) == 0) return program;
    return fail(ErrorCode::not_found,
                "[worker] rclone = {}: no such program; install rclone or correct the path",
                quoted(program, 200));
  }
  const char* path = std::getenv("PATH");
  std::string_view rest = path != nullptr ? std::string_view(path) : kUsualPath;
  while (!rest.empty()) {
    const std::string_view dir = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(dir.size() + 1, rest.size()));
    if (dir.empty() || dir.front() != '/') continue;
    const std::string candidate = fmt::format("{}/{}", dir, program);
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return fail(ErrorCode::not_found,
              "{} is not in $PATH; install rclone (apt install rclone) or set [worker] rclone to "
              "its path",
              quoted(program, 200));
}

// Turns the loop until the command has ended.
Result<std::string> run_and_wait(EventLoop& loop, ProcessFamily& family, ChildSpec spec) {
  std::optional<CapturedResult> result;
  const CapturedCommand command(
      loop, family, std::move(spec), [&](CapturedResult r) { result = std::move(r); },
      kMaxProvidersBytes);
  while (!result && !loop.stopped())
    loop.run_turn();
  if (!result) return fail(ErrorCode::unavailable, "stopped while asking rclone for its version");
  if (result->start_error) return std::unexpected(std::move(*result->start_error));
  return std::move(result->output);
}

void take_entries(std::string_view listing, ProbeResult& result) {
  while (!listing.empty()) {
    const std::string_view line = listing.substr(0, listing.find('\n'));
    listing.remove_prefix(std::min(line.size() + 1, listing.size()));
    ++result.entries_total;
    if (result.entries.size() < RcloneProbe::kMaxEntries)
      result.entries.push_back(shorten(strip_controls(line), limits::kMaxFileNameBytes));
  }
}

}  // namespace

Result<RcloneFound> find_rclone(EventLoop& loop, ProcessFamily& family, const std::string& program,
                                const std::string& guard, const std::string& work_dir) {
  RcloneFound found;
  DRAY_TRY_ASSIGN(found.path, find_program(program));
  const auto ask = [&](std::vector<std::string> words) -> Result<std::string> {
    ChildSpec spec;
    spec.guard = guard;
    spec.label = "rclone-version";
    spec.directory = work_dir;
    spec.argv = {found.path};
    std::ranges::move(words, std::back_inserter(spec.argv));
    // A name that makes rclone look for no configuration.
    spec.argv.insert(spec.argv.end(), {"--config", "/notfound"});
    spec.environment = rclone_environment(RunPaths{work_dir});
    spec.kill_at = SystemClock{}.now().mono + kVersionTimeout;
    return run_and_wait(loop, family, std::move(spec));
  };
  DRAY_TRY_ASSIGN(const std::string version_text, ask({"version"}));
  const std::string_view first = std::string_view(version_text).substr(0, version_text.find('\n'));
  const std::optional<RcloneVersion> version =
      first.starts_with("rclone ") ? parse_rclone_version(first) : std::nullopt;
  if (!version)
    return fail(ErrorCode::invalid, "{} is not rclone: it answers 'version' with {}", found.path,
                quoted(first, 100));
  if (*version < kOldestRclone)
    return fail(ErrorCode::invalid, "{} is rclone {}; at least {} is needed", found.path,
                to_string(*version), to_string(kOldestRclone));
  found.number = *version;
  found.version = first.substr(std::string_view("rclone ").size());
  DRAY_TRY_ASSIGN(const std::string providers, ask({"config", "providers"}));
  DRAY_TRY_ASSIGN(found.backends, annotate(parse_backends(providers), found.path));
  return found;
}

// ── RcloneProbe ─────────────────────────────────────────────────────────────────────────────────

struct RcloneProbe::Impl {
  std::unique_ptr<RcloneQuestion> question;
};

RcloneProbe::RcloneProbe(const RunContext& context, uint64_t number, const Probe& probe,
                         std::function<void(ProbeResult)> done)
    : impl_(std::make_unique<Impl>()) {
  const Instant started = context.clock.now().mono;
  impl_->question = std::make_unique<RcloneQuestion>(
      context,
      QuestionWanted{.name = fmt::format("probe-{}", number),
                     .verb = "lsf",
                     .flags = {"--max-depth", "1", "--format", "p"},
                     .endpoint = probe.endpoint,
                     .remotes = probe.remotes},
      [&context, started, done = std::move(done)](QuestionResult answer) {
        ProbeResult result;
        result.ok = answer.ok;
        result.error_class = answer.error_class;
        result.hint = std::move(answer.hint);
        result.deciding_line = std::move(answer.deciding_line);
        take_entries(answer.output, result);
        result.duration_ms = static_cast<uint64_t>(to_ms(context.clock.now().mono - started));
        done(std::move(result));
      });
}

RcloneProbe::~RcloneProbe() = default;

}  // namespace dray::worker
