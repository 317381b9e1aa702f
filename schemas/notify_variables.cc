#include "schemas/notify_variables.h"

namespace dray {
namespace {

constexpr NotifyVariable kVariables[] = {
    {"event",
     "success, warning, failure, cancelled, missed, held, overdue, fixed, started, digest "
     "or test"},
    {"headline", "one sentence: what happened"},
    {"client", "whose job it is"},
    {"job", "name of the job"},
    {"run", "number of the run"},
    {"kind", "what the run did: sync, copy, archive, prune, restore ..."},
    {"trigger", "why it ran: schedule, manual, retention, drill"},
    {"outcome", "state in which the run ended"},
    {"cause", "class of the error: auth, network, quota ..."},
    {"hint", "what is wrong and what helps, in one sentence"},
    {"reason", "why the run is held, was missed or was cancelled"},
    {"cancelled_by", "who cancelled it"},
    {"said", "line of the transfer's log that decided"},
    {"worker", "machine that ran it"},
    {"attempts", "how many attempts it took"},
    {"scheduled", "when it was due"},
    {"started", "when it began"},
    {"ended", "when it ended"},
    {"duration", "from begin to end, like 2h 05m"},
    {"bytes", "bytes transferred, like 1.21 GiB"},
    {"files", "files transferred"},
    {"checks", "files compared"},
    {"deletes", "files deleted"},
    {"errors", "errors counted"},
    {"validation",
     "how far the copy is proven: hash, sampled, size, partial, failed; empty: it was "
     "not compared"},
    {"failing_paths", "some of the paths that failed", VariableKind::list},
    {"failures", "how many runs failed in a row"},
    {"failing_since", "when the first of them failed"},
    {"last_success", "when a run of the job last ended well"},
    {"must_succeed_every", "how often a run has to end well, like 26h"},
    {"next_due", "when the job runs next"},
    {"next", "what happens next, in one sentence"},
    {"link", "address of the run's page; empty without notifier.public_url"},
    {"time", "when the event happened"},
    {"count", "digest: how many notices it holds"},
    {"items", "digest: the notices", VariableKind::list},
};

constexpr NotifyVariable kPathVariables[] = {{"this", "the path"}};

constexpr NotifyVariable kItemVariables[] = {
    {"event", "as above"}, {"headline", "as above"}, {"client", "as above"}, {"job", "as above"},
    {"run", "as above"},   {"hint", "as above"},     {"link", "as above"},   {"time", "as above"},
};

}  // namespace

std::span<const NotifyVariable> notify_variables() {
  return kVariables;
}

std::span<const NotifyVariable> notify_item_variables(std::string_view list) {
  if (list == "failing_paths") return kPathVariables;
  if (list == "items") return kItemVariables;
  return {};
}

}  // namespace dray
