#include "workers/rclone_probe.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "daemon/base/files.h"
#include "daemon/base/quote.h"
#include "daemon/base/text.h"
#include "schemas/limits.h"
#include "workers/clean_text.h"
#include "workers/explain.h"
#include "workers/rclone_command.h"
#include "workers/rclone_config.h"
#include "workers/run_directory.h"

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

ExitFacts exit_facts(const ChildExit& exit, const std::optional<RcloneVersion>& version) {
  ExitFacts facts;
  facts.version = version;
  facts.verb = RcloneVerb::list;
  if (exit.guard_lost) {
    facts.signal = SIGKILL;
  } else if (WIFSIGNALED(exit.wait_status)) {
    facts.signal = WTERMSIG(exit.wait_status);
  } else {
    facts.exit_code = WEXITSTATUS(exit.wait_status);
  }
  return facts;
}

}  // namespace

Result<RcloneFound> find_rclone(EventLoop& loop, ProcessFamily& family, const std::string& program,
                                const std::string& guard, const std::string& work_dir) {
  RcloneFound found;
  DRAY_TRY_ASSIGN(found.path, find_program(program));
  const SystemClock clock;
  ChildSpec spec;
  spec.guard = guard;
  spec.label = "rclone-version";
  spec.directory = work_dir;
  // A name that makes rclone look for no configuration.
  spec.argv = {found.path, "version", "--config", "/notfound"};
  spec.environment = rclone_environment(RunPaths{work_dir});
  spec.kill_at = clock.now().mono + kVersionTimeout;
  std::optional<CapturedResult> result;
  const CapturedCommand command(loop, family, std::move(spec),
                                [&](CapturedResult r) { result = std::move(r); });
  while (!result && !loop.stopped())
    loop.run_turn();
  if (!result) return fail(ErrorCode::unavailable, "stopped while asking rclone for its version");
  if (result->start_error) return std::unexpected(std::move(*result->start_error));
  const std::string_view first =
      std::string_view(result->output).substr(0, result->output.find('\n'));
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
  return found;
}

// ── RcloneProbe ─────────────────────────────────────────────────────────────────────────────────

struct RcloneProbe::Impl {
  Impl(const RunContext& context_in, uint64_t number)
      : context(context_in), paths{fmt::format("{}/probe-{}", context_in.work_dir, number)} {}
  ~Impl() {
    command.reset();
    // What cannot be removed now goes at the next start.
    [[maybe_unused]] const Status removed = remove_tree(paths.directory);
  }

  Result<ChildSpec> prepare(const Probe& probe);
  ProbeResult judge_it(const CapturedResult& captured);
  void answer(ProbeResult result);

  const RunContext& context;
  RunPaths paths;
  Instant started{};
  std::function<void(ProbeResult)> done;
  std::unique_ptr<CapturedCommand> command;
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
};

Result<ChildSpec> RcloneProbe::Impl::prepare(const Probe& probe) {
  DRAY_TRY_ASSIGN(RcloneConfig config, build_rclone_config(probe.remotes, probe.endpoint, nullptr,
                                                           context.keys, context.local_roots));
  DRAY_TRY(make_run_directory(paths));
  DRAY_TRY(write_private_file(paths.config(), config.text.reveal()));
  ChildSpec spec;
  spec.guard = context.guard;
  spec.label = "probe";
  spec.directory = paths.directory;
  spec.argv = probe_argv(context.rclone, config.source, paths);
  spec.environment = rclone_environment(paths);
  spec.kill_at = started + kTimeout;
  return spec;
}

ProbeResult RcloneProbe::Impl::judge_it(const CapturedResult& captured) {
  ProbeResult result;
  if (captured.start_error) {
    result.error_class = ErrorClass::resources;
    result.hint = shorten(captured.start_error->message, limits::kMaxHintBytes);
    return result;
  }
  if (captured.exit.by_deadline) {
    result.error_class = ErrorClass::network;
    result.hint = fmt::format("The remote did not answer within {}.", human_duration(kTimeout));
    return result;
  }
  LogExplainer explainer;
  explainer.feed(captured.log);
  const ExitFacts facts = exit_facts(captured.exit, context.version);
  Judgement judgement = explainer.finish(facts);
  result.ok = facts.exit_code == 0 && facts.signal == 0;
  if (!result.ok) {
    result.error_class = judgement.error_class;
    result.hint = shorten(judgement.hint, limits::kMaxHintBytes);
    result.deciding_line = std::move(judgement.deciding_line);
    return result;
  }
  std::string_view rest = captured.output;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    ++result.entries_total;
    if (result.entries.size() < kMaxEntries)
      result.entries.push_back(shorten(strip_controls(line), limits::kMaxFileNameBytes));
  }
  return result;
}

void RcloneProbe::Impl::answer(ProbeResult result) {
  result.duration_ms = static_cast<uint64_t>(to_ms(context.clock.now().mono - started));
  const auto call = done;  // which may destroy us
  call(std::move(result));
}

RcloneProbe::RcloneProbe(const RunContext& context, uint64_t number, const Probe& probe,
                         std::function<void(ProbeResult)> done)
    : impl_(std::make_unique<Impl>(context, number)) {
  Impl* self = impl_.get();
  self->started = context.clock.now().mono;
  self->done = std::move(done);
  Result<ChildSpec> spec = self->prepare(probe);
  if (!spec) {
    ProbeResult result;
    result.error_class = ErrorClass::config;
    result.hint = shorten(spec.error().message, limits::kMaxHintBytes);
    context.loop.post([self, alive = std::weak_ptr<bool>(self->alive), result] {
      if (!alive.expired()) self->answer(result);
    });
    return;
  }
  self->command = std::make_unique<CapturedCommand>(
      context.loop, context.family, std::move(*spec),
      [self](CapturedResult captured) { self->answer(self->judge_it(captured)); });
}

RcloneProbe::~RcloneProbe() = default;

}  // namespace dray::worker
