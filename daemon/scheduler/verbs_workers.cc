// Which worker to ask, and what their sealing keys are.
#include <algorithm>

#include "daemon/base/quote.h"
#include "daemon/scheduler/verbs.h"

namespace dray::verbs {
namespace {

struct ExamineArgs {
  std::string name;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.name);
  }
};

}  // namespace

SealingKey to_sealing_key(std::string_view bytes) {
  SealingKey key;
  std::ranges::copy(bytes, key.bytes.begin());
  return key;
}

std::set<std::string> worker_keys(const scheduler::Core& core) {
  std::set<std::string> keys;
  for (const scheduler::WorkerView& worker : core.status().workers)
    if (worker.row.public_key.size() == kSealKeyBytes) keys.insert(worker.row.public_key);
  return keys;
}

Status check_reader(const scheduler::Core& core, std::string_view sealed_for) {
  for (const std::string& key : worker_keys(core))
    if (fingerprint(to_sealing_key(key)) == sealed_for) return {};
  return fail(
      ErrorCode::conflict,
      "no worker has the key {} that its settings are sealed to; take the current key and seal "
      "again",
      quoted(sealed_for));
}

Result<SessionId> any_worker(const scheduler::Core& core) {
  const scheduler::CoreStatus status = core.status();
  const scheduler::WorkerView* best = nullptr;
  for (const scheduler::WorkerView& worker : status.workers)
    if (worker.connected && (!best || worker.busy < best->busy)) best = &worker;
  const std::optional<SessionId> session =
      best ? core.session_of(best->row.name) : std::optional<SessionId>();
  if (session) return *session;
  return fail(ErrorCode::unavailable, "no worker is connected; start dray-worker and try again");
}

Result<std::string> worker_examine(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const ExamineArgs args, arguments<ExamineArgs>(body));
  const std::optional<SessionId> session = context.core.session_of(args.name);
  if (!session)
    return fail(ErrorCode::unavailable, "worker {} is not connected", quoted(args.name));
  WorkerQuery question;
  question.kind = "worker.examine";
  question.body = "{}";
  context.later = Relay{*session, std::move(question)};
  return "";
}

}  // namespace dray::verbs
