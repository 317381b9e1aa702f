// run.approve, run.reject: what becomes of a run that its guard held.
#include "daemon/scheduler/verbs.h"
#include "schemas/job_check.h"

namespace dray::verbs {
namespace {

struct DecisionArgs {
  RunId run;
  std::string reason;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("run", self.run);
    visit.optional("reason", self.reason);
  }
};

struct DecisionAnswer {
  RunId run;
  RunState state = RunState::queued;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("run", self.run);
    visit("state", self.state);
  }
};

Result<std::string> decide(Context& context, const JsonValue& body, bool approve) {
  DRAY_TRY_ASSIGN(const DecisionArgs args, arguments<DecisionArgs>(body));
  DRAY_TRY(check_reason(args.reason));
  DRAY_TRY_ASSIGN(const RunView run, require_run(context, args.run));
  if (run.state != RunState::held)
    return fail(ErrorCode::conflict, "run {} is {}; only a run that is held can be {}", args.run,
                to_string(run.state), approve ? "approved" : "rejected");
  const RunState after = approve ? RunState::queued : RunState::cancelled;
  context.target = fmt::format("run {}", args.run);
  context.before = JsonText{to_json(DecisionAnswer{args.run, run.state})};
  context.after = JsonText{to_json(DecisionAnswer{args.run, after})};
  context.events.emplace_back(
      scheduler::DecideHeld{args.run, approve, args.reason, context.asked_by});
  return to_json(DecisionAnswer{args.run, after});
}

}  // namespace

Result<std::string> run_approve(Context& context, const JsonValue& body) {
  return decide(context, body, true);
}

Result<std::string> run_reject(Context& context, const JsonValue& body) {
  return decide(context, body, false);
}

}  // namespace dray::verbs
