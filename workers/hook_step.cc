#include "workers/hook_step.h"

#include "daemon/base/event_loop.h"
#include "daemon/base/files.h"
#include "daemon/base/quote.h"
#include "daemon/base/text.h"
#include "workers/output_tail.h"
#include "workers/runner_step.h"

namespace dray::worker {
namespace {

std::string_view name_of(HookPhase phase) {
  return phase == HookPhase::before ? "before" : "after";
}

class HookStep final : public RunnerStep {
 public:
  HookStep(AttemptState& state, const HookCall& call, HookPhase phase)
      : RunnerStep(state), call_(call), phase_(phase), timer_(state.context.loop) {}

  void begin() override {
    const auto found = state().context.hooks.find(call_.name);
    if (found == state().context.hooks.end())
      return state().host.ended(start_failure(check_hooks(state()).error()));
    const AllowedProgram& program = found->second;
    timeout_ = std::min<Duration>(program.timeout, seconds{call_.timeout_seconds});
    state().note("notice", fmt::format("hook {} ({}) begins", call_.name, name_of(phase_)));
    timer_.start_once(timeout_, [this] { stop(StopReason::time_limit); });
    run(make_plan(program));
  }

 private:
  ProcessPlan make_plan(const AllowedProgram& program) {
    ProcessPlan plan;
    plan.label = fmt::format("run-{}-{}-hook", state().token.run, state().token.attempt);
    plan.argv = {program.program};
    plan.argv.insert(plan.argv.end(), program.arguments.begin(), program.arguments.end());
    plan.environment = program_environment(state(), name_of(phase_));
    plan.directory = state().paths.temp();
    plan.capture_output = true;
    plan.program = &program;
    plan.on_started = [this] {
      Progress progress;
      progress.phase = Phase::hooks;
      state().host.show(progress, true);
    };
    plan.on_output = [this](std::span<const char> bytes) {
      state().log->write(bytes, now());
      tail_.add_bytes(bytes);
    };
    plan.on_plain = [this](std::string_view line) {
      tail_.add(line);
      tail_.add("\n");
    };
    return plan;
  }

  void finish(const ProcessEnd& how) override {
    timer_.cancel();
    StepEnd end;
    if (how.start_error) {
      end = start_failure(*how.start_error);
      end.error_class = ErrorClass::config;
      end.hint = fmt::format("The hook {} cannot be started: {}", quoted(call_.name), end.hint);
    } else if (how.stopped && *how.stopped != StopReason::time_limit) {
      end = stopped_end(*how.stopped);
    } else {
      end = judged(how);
    }
    end.output = tail_.shown();
    state().host.ended(std::move(end));
  }
  StepEnd judged(const ProcessEnd& how) const {
    StepEnd end;
    end.signal = how.evidence.signal;
    end.exit_code = end.signal == 0 ? how.evidence.exit_code : -1;
    if (how.stopped) {
      end.hint = fmt::format("The hook {} did not end within {} and was stopped.",
                             quoted(call_.name), human_duration(timeout_));
    } else if (end.signal != 0) {
      end.hint = fmt::format("The hook {} was ended by signal {}.", quoted(call_.name), end.signal);
    } else if (end.exit_code != 0) {
      end.hint = fmt::format("The hook {} ended with {}.", quoted(call_.name), end.exit_code);
    } else {
      return end;
    }
    return by_policy(std::move(end));
  }
  StepEnd by_policy(StepEnd end) const {
    if (call_.on_failure == FailureAction::ignore) {
      end.hint += " This is ignored, as the job says.";
      return end;
    }
    const bool fails = call_.on_failure == FailureAction::fail;
    end.outcome = fails ? Outcome::failed : Outcome::warning;
    end.error_class = ErrorClass::unknown;
    // What was copied need not be copied again for the sake of a hook.
    end.retry = fails && phase_ == HookPhase::before;
    return end;
  }

  HookCall call_;
  HookPhase phase_;
  Timer timer_;
  Duration timeout_{};
  OutputTail tail_;
};

}  // namespace

bool runs_hooks(const RunSpec& spec) {
  return !spec.dry_run && is_job_kind(spec.kind);
}

Status check_hooks(const AttemptState& state) {
  if (!is_job_kind(state.spec.kind)) return {};
  for (const auto* list : {&state.policy.before, &state.policy.after})
    for (const HookCall& call : *list)
      if (!state.context.hooks.contains(call.name))
        return fail(ErrorCode::invalid,
                    "this worker has no hook {}; an administrator allows it with [hooks.{}] in the "
                    "worker's configuration",
                    quoted(call.name), call.name);
  return {};
}

std::unique_ptr<Step> make_hook_step(AttemptState& state, const HookCall& call, HookPhase phase) {
  return std::make_unique<HookStep>(state, call, phase);
}

std::vector<std::string> program_environment(const AttemptState& state, std::string_view phase) {
  return {
      fmt::format("DRAY_RUN={}", state.token.run),
      "DRAY_JOB=" + state.spec.job,
      "DRAY_CLIENT=" + state.spec.client,
      fmt::format("DRAY_PHASE={}", phase),
      fmt::format("DRAY_OUTCOME={}", phase == "after" ? to_string(state.outcome) : ""),
  };
}

}  // namespace dray::worker
