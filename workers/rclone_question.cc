#include "workers/rclone_question.h"

#include <sys/wait.h>

#include <csignal>

#include "daemon/base/files.h"
#include "daemon/base/text.h"
#include "schemas/limits.h"
#include "workers/captured_command.h"
#include "workers/explain.h"
#include "workers/rclone_command.h"
#include "workers/run_config.h"

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
    logins.reset();
    // What cannot be removed now goes at the next start.
    [[maybe_unused]] const Status removed = remove_tree(paths.directory);
  }

  Result<ChildSpec> prepare();
  QuestionResult judge_it(CapturedResult captured);
  void answer(QuestionResult result);
  void answer_later(QuestionResult result);
  void give_way();

  const RunContext& context;
  QuestionWanted wanted;
  RunPaths paths;
  std::function<void(QuestionResult)> done;
  std::unique_ptr<LoginKeeper::Use> logins;
  std::unique_ptr<CapturedCommand> command;
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
};

Result<ChildSpec> RcloneQuestion::Impl::prepare() {
  const bool encrypted = wanted.crypt.has_value();
  DRAY_TRY_ASSIGN(RunConfig config,
                  make_run_config(context, paths,
                                  {.remotes = wanted.remotes,
                                   .source = encrypted ? Endpoint{} : wanted.endpoint,
                                   .destination = encrypted ? &wanted.endpoint : nullptr,
                                   .crypt = encrypted ? &*wanted.crypt : nullptr,
                                   .user = LoginKeeper::User::question,
                                   .give_way = [this] { give_way(); }}));
  const std::string& place = encrypted ? config.rclone.destination : config.rclone.source;
  logins = std::move(config.logins);
  ChildSpec spec;
  spec.guard = context.guard;
  spec.label = wanted.name;
  spec.directory = paths.directory;
  spec.argv = question_argv(context.rclone, wanted.verb, place, paths, wanted.flags);
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

// A run wants the account: two of rclone must not renew one login.
void RcloneQuestion::Impl::give_way() {
  if (!command) return;
  command.reset();
  logins.reset();
  answer_later(failure(ErrorClass::resources,
                       "A run of this account started; try again when it has ended."));
}

void RcloneQuestion::Impl::answer_later(QuestionResult result) {
  context.loop.post([this, still = std::weak_ptr<bool>(alive), result = std::move(result)] {
    if (!still.expired()) answer(result);
  });
}

void RcloneQuestion::Impl::answer(QuestionResult result) {
  logins.reset();
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
    self->answer_later(failure(ErrorClass::config, spec.error().message));
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
