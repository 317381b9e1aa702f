#include "workers/rclone_question.h"

#include <sys/wait.h>

#include <csignal>

#include "daemon/base/files.h"
#include "daemon/base/text.h"
#include "schemas/limits.h"
#include "workers/captured_command.h"
#include "workers/explain.h"
#include "workers/rclone_command.h"
#include "workers/rclone_config.h"
#include "workers/run_directory.h"

namespace dray::worker {
namespace {

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

QuestionResult failure(ErrorClass error_class, std::string_view hint) {
  QuestionResult result;
  result.error_class = error_class;
  result.hint = shorten(hint, limits::kMaxHintBytes);
  return result;
}

struct ClassCode {
  ErrorClass error_class;
  ErrorCode code;
};
constexpr ClassCode kCodes[] = {
    {ErrorClass::auth, ErrorCode::denied},         {ErrorClass::permission, ErrorCode::denied},
    {ErrorClass::config, ErrorCode::invalid},      {ErrorClass::usage, ErrorCode::invalid},
    {ErrorClass::not_found, ErrorCode::not_found}, {ErrorClass::network, ErrorCode::unavailable},
    {ErrorClass::quota, ErrorCode::exhausted},     {ErrorClass::resources, ErrorCode::exhausted},
};

}  // namespace

struct RcloneQuestion::Impl {
  Impl(const RunContext& context_in, QuestionWanted wanted_in)
      : context(context_in),
        wanted(std::move(wanted_in)),
        paths{fmt::format("{}/{}", context_in.work_dir, wanted.name)} {}
  ~Impl() {
    command.reset();
    // What cannot be removed now goes at the next start.
    [[maybe_unused]] const Status removed = remove_tree(paths.directory);
  }

  Result<ChildSpec> prepare();
  QuestionResult judge_it(CapturedResult captured);
  void answer(QuestionResult result);

  const RunContext& context;
  QuestionWanted wanted;
  RunPaths paths;
  std::function<void(QuestionResult)> done;
  std::unique_ptr<CapturedCommand> command;
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
};

Result<ChildSpec> RcloneQuestion::Impl::prepare() {
  DRAY_TRY_ASSIGN(RcloneConfig config, build_rclone_config(wanted.remotes, wanted.endpoint, nullptr,
                                                           context.keys, context.local_roots));
  DRAY_TRY(make_run_directory(paths));
  DRAY_TRY(write_private_file(paths.config(), config.text.reveal()));
  ChildSpec spec;
  spec.guard = context.guard;
  spec.label = wanted.name;
  spec.directory = paths.directory;
  spec.argv = question_argv(context.rclone, wanted.verb, config.source, paths, wanted.flags);
  spec.environment = rclone_environment(paths);
  spec.kill_at = context.clock.now().mono + wanted.timeout;
  return spec;
}

QuestionResult RcloneQuestion::Impl::judge_it(CapturedResult captured) {
  if (captured.start_error) return failure(ErrorClass::resources, captured.start_error->message);
  if (captured.exit.by_deadline)
    return failure(ErrorClass::network, fmt::format("The remote did not answer within {}.",
                                                    human_duration(wanted.timeout)));
  QuestionResult result;
  const ExitFacts facts = exit_facts(captured.exit, context.version);
  result.ok = facts.exit_code == 0 && facts.signal == 0;
  if (result.ok) {
    result.cut = captured.output.size() >= CapturedCommand::kMaxBytes;
    result.output = std::move(captured.output);
    return result;
  }
  LogExplainer explainer;
  explainer.feed(captured.log);
  Judgement judgement = explainer.finish(facts);
  result.error_class = judgement.error_class;
  result.hint = shorten(judgement.hint, limits::kMaxHintBytes);
  result.deciding_line = std::move(judgement.deciding_line);
  return result;
}

void RcloneQuestion::Impl::answer(QuestionResult result) {
  const auto call = done;  // which may destroy us
  call(std::move(result));
}

RcloneQuestion::RcloneQuestion(const RunContext& context, QuestionWanted wanted,
                               std::function<void(QuestionResult)> done)
    : impl_(std::make_unique<Impl>(context, std::move(wanted))) {
  Impl* self = impl_.get();
  self->done = std::move(done);
  Result<ChildSpec> spec = self->prepare();
  if (!spec) {
    context.loop.post([self, alive = std::weak_ptr<bool>(self->alive),
                       result = failure(ErrorClass::config, spec.error().message)] {
      if (!alive.expired()) self->answer(result);
    });
    return;
  }
  self->command = std::make_unique<CapturedCommand>(
      context.loop, context.family, std::move(*spec),
      [self](CapturedResult captured) { self->answer(self->judge_it(std::move(captured))); });
}

RcloneQuestion::~RcloneQuestion() = default;

Error to_error(const QuestionResult& result) {
  ErrorCode code = ErrorCode::io;
  for (const ClassCode& row : kCodes)
    if (row.error_class == result.error_class) code = row.code;
  std::string message = result.hint;
  if (!result.deciding_line.empty())
    message += fmt::format(" rclone said: {}", result.deciding_line);
  return {code, std::move(message)};
}

}  // namespace dray::worker
