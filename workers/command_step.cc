#include "workers/command_step.h"

#include <sysexits.h>

#include <algorithm>
#include <regex>

#include "daemon/base/quote.h"
#include "daemon/base/text.h"
#include "workers/command_output.h"
#include "workers/hook_step.h"
#include "workers/output_tail.h"
#include "workers/progress_plan.h"
#include "workers/runner_step.h"

namespace dray::worker {
namespace {

// std::regex recurses for each character.
constexpr size_t kMaxValue = 256;

Status check_value(const std::string& name, const std::string& value, const std::string& pattern) {
  if (value.size() > kMaxValue)
    return fail(ErrorCode::invalid, "setting {}: is {} bytes long; allowed: {}", name, value.size(),
                kMaxValue);
  try {
    if (std::regex_match(value, std::regex(pattern))) return {};
  } catch (const std::regex_error&) {
    return fail(ErrorCode::invalid, "setting {}: its pattern cannot be used", name);
  }
  return fail(ErrorCode::invalid, "setting {}: must match {}", name, quoted(pattern));
}

std::string filled_in(const std::string& argument, const CommandCall& call) {
  std::string out;
  for (size_t at = 0; at < argument.size();) {
    const size_t open = argument.find('{', at);
    const size_t close = open == std::string::npos ? open : argument.find('}', open);
    if (close == std::string::npos) return out + argument.substr(at);
    out += argument.substr(at, open - at);
    out += call.settings.at(argument.substr(open + 1, close - open - 1));
    at = close + 1;
  }
  return out;
}

class CommandStep final : public RunnerStep {
 public:
  explicit CommandStep(AttemptState& state)
      : RunnerStep(state),
        parts_(state.context.phases),
        output_([this](const CommandPhase& phase) { next_phase(phase); },
                [this](const CommandProgress& progress) { moved(progress); }) {}

  void begin() override {
    Result<ProcessPlan> plan = make_plan();
    if (!plan) return state().host.ended(start_failure(plan.error()));
    run(std::move(*plan));
  }

 private:
  Result<ProcessPlan> make_plan() {
    const CommandCall& call = state().policy.command;
    const auto found = state().context.commands.find(call.name);
    if (found == state().context.commands.end())
      return fail(ErrorCode::invalid,
                  "this worker has no command {}; an administrator allows it with [commands.{}] in "
                  "the worker's configuration",
                  quoted(call.name), call.name);
    ProcessPlan plan;
    DRAY_TRY_ASSIGN(plan.argv, command_argv(found->second, call));
    plan.label = fmt::format("run-{}-{}-command", state().token.run, state().token.attempt);
    plan.environment = program_environment(state(), "command");
    plan.directory = state().paths.temp();
    plan.stall = seconds{state().spec.options.stall_seconds};
    plan.capture_output = true;
    plan.program = &found->second;
    plan.on_started = [this] { show(true); };
    plan.on_output = [this](std::span<const char> bytes) {
      state().log->write(bytes, now());
      tail_.add_bytes(bytes);
      runner().moved(now());
      output_.feed(bytes);
    };
    plan.on_plain = [this](std::string_view line) {
      tail_.add(line);
      tail_.add("\n");
      runner().moved(now());
    };
    return plan;
  }

  void next_phase(const CommandPhase& phase) {
    parts_.enter(phase.name);
    state().note("notice", "phase: " + phase.name);
    show(true);
  }
  void moved(const CommandProgress& progress) {
    parts_.progress(progress.done, progress.total);
    show(false);
  }
  void show(bool always) {
    Progress progress;
    progress.phase = Phase::transferring;
    progress.stage = parts_.title();
    progress.percent = parts_.percent();
    progress.checks_done = static_cast<int64_t>(std::min<uint64_t>(parts_.done(), INT64_MAX));
    progress.checks_total = static_cast<int64_t>(std::min<uint64_t>(parts_.total(), INT64_MAX));
    state().host.show(progress, always);
  }

  void finish(const ProcessEnd& how) override {
    output_.finish();
    StepEnd end;
    if (how.start_error) {
      end = start_failure(*how.start_error);
      end.error_class = ErrorClass::config;
    } else if (how.stopped) {
      end = stopped_end(*how.stopped);
    } else if (how.evidence.signal != 0) {
      end.outcome = Outcome::killed;
      end.error_class = ErrorClass::crash;
      end.retry = true;
      end.signal = how.evidence.signal;
      end.hint = fmt::format("The command was ended by signal {}.", end.signal);
    } else {
      end = judge_command(how.evidence.exit_code, state().policy.command.name);
    }
    end.output = tail_.shown();
    if (end.deciding_line.empty()) end.deciding_line = end.output;
    state().host.ended(std::move(end));
  }

  ProgressParts parts_;
  CommandOutput output_;
  OutputTail tail_;
};

}  // namespace

Result<std::vector<std::string>> command_argv(const AllowedProgram& program,
                                              const CommandCall& call) {
  for (const auto& [name, value] : call.settings) {
    const auto pattern = program.settings.find(name);
    if (pattern == program.settings.end())
      return fail(ErrorCode::invalid, "command {} takes no setting {}", quoted(call.name),
                  quoted(name));
    DRAY_TRY(check_value(name, value, pattern->second));
  }
  std::vector<std::string> argv{program.program};
  for (const std::string& argument : program.arguments) {
    for (const std::string& name : placeholders(argument))
      if (!call.settings.contains(name))
        return fail(ErrorCode::invalid, "command {} needs the setting {}", quoted(call.name),
                    quoted(name));
    argv.push_back(filled_in(argument, call));
  }
  return argv;
}

StepEnd judge_command(int exit_code, const std::string& name) {
  struct Row {
    int code;
    ErrorClass error_class;
    bool retry;
  };
  static constexpr Row kRows[] = {
      {EX_USAGE, ErrorClass::usage, false},       {EX_NOINPUT, ErrorClass::not_found, false},
      {EX_NOHOST, ErrorClass::network, true},     {EX_UNAVAILABLE, ErrorClass::network, true},
      {EX_OSERR, ErrorClass::resources, true},    {EX_CANTCREAT, ErrorClass::permission, false},
      {EX_IOERR, ErrorClass::network, true},      {EX_TEMPFAIL, ErrorClass::network, true},
      {EX_NOPERM, ErrorClass::permission, false}, {EX_CONFIG, ErrorClass::config, false},
  };
  StepEnd end;
  end.exit_code = exit_code;
  if (exit_code == 0) return end;
  end.outcome = Outcome::failed;
  end.error_class = ErrorClass::unknown;
  end.retry = true;
  for (const Row& row : kRows) {
    if (row.code != exit_code) continue;
    end.error_class = row.error_class;
    end.retry = row.retry;
  }
  end.hint = fmt::format("The command {} ended with {}; the log shows what it said.", quoted(name),
                         exit_code);
  return end;
}

std::unique_ptr<Step> make_command_step(AttemptState& state) {
  return std::make_unique<CommandStep>(state);
}

}  // namespace dray::worker
