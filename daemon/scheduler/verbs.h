// Answers REQUESTs: the verbs of schemas/verbs.h, each by one handler. A change is checked, written
// and audited in the turn's transaction, and leaves as an event for the core; the service sends the
// answer after the commit.
//
// Thread: the service's. Nothing here blocks but the database.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/base/seal.h"
#include "daemon/base/time.h"
#include "daemon/scheduler/core.h"
#include "daemon/scheduler/events.h"
#include "daemon/scheduler/store.h"
#include "daemon/store/store_catalog.h"
#include "daemon/store/store_jobs.h"
#include "daemon/store/store_keys.h"
#include "daemon/store/store_notify.h"
#include "daemon/store/store_queries.h"
#include "schemas/crypt_key.h"
#include "schemas/json_fields.h"
#include "schemas/messages.h"
#include "schemas/verbs.h"

namespace dray::verbs {

// What the handlers know of the process around them.
struct Surroundings {
  std::string version;
  std::string default_time_zone = "UTC";
  std::vector<std::string> further_flags;  // worker.allow_flags
  WallTime started_at{};
  uint64_t scheduler_epoch = 0;
  uint64_t min_free_disk = 0;
  Endpoint default_destination;       // [destination.default]; remote "": there is none
  std::optional<SessionId> notifier;  // that is connected
  std::string problem;                // why the database cannot be written; "" when it can
};

// A question that somebody else answers; the service passes the answer on.
struct Relay {
  SessionId worker;  // or the notifier
  std::variant<Probe, LogRead, WorkerQuery> question;
};
struct Backup {
  std::string path;
};
using Later = std::variant<std::monostate, Relay, Backup>;

struct Context {
  Context(Store& store_in, const scheduler::Core& core_in, const Surroundings& around_in,
          Now now_in)
      : store(store_in), core(core_in), around(around_in), now(now_in) {}

  Store& store;
  const scheduler::Core& core;
  const Surroundings& around;
  Now now;
  Role role = Role::ops;
  std::string peer;      // proven
  std::string asked_by;  // as the peer names the person, safe to show
  Acting acting;         // on whose behalf: reach.h; `queries` are bound to its client

  store::Catalog catalog{store.db()};
  store::Jobs jobs{store.db()};
  store::Queries queries{store.db()};
  store::Keys keys{store.db()};
  store::Notify notify{store.db()};

  // Does something of that client concern whoever asks?
  bool may_see(std::string_view client) const {
    return acting.client.empty() || acting.client == client;
  }

  // Set by the handler.
  std::vector<scheduler::Event> events;  // for the core, in this turn
  std::string target;                    // of a change: what was changed, for the audit log
  JsonText before;
  JsonText after;
  Later later;
};

// The body of the answer. With `later` set, the body is to come.
using Handler = Result<std::string> (*)(Context&, const JsonValue& body);
struct HandlerRow {
  std::string_view verb;
  Handler handler;
};
// One row per verb of kVerbs.
std::span<const HandlerRow> handlers();

// Before anything is written: the verb and its handler, or why not. denied: the peer's role may
// not.
struct Chosen {
  const Verb* verb = nullptr;
  Handler handler = nullptr;
};
Result<Chosen> choose(const Request& request, Role role);

// Runs a handler. For a change the store must be in a transaction; what a failed change wrote is
// taken back. Honours the idempotency key.
Response handle(Context& context, const Chosen& chosen, const Request& request);

Response refusal(const Error& error);

// ── For the handlers ────────────────────────────────────────────────────────────────────────────

// The body as a struct with fields(), strictly.
template <class Args>
Result<Args> arguments(const JsonValue& body) {
  Args args;
  DRAY_TRY(read_json(body, args));
  return args;
}

// The answer as JSON; of a list as much as fits into a message.
template <class Answer, class Row>
std::string fitting_json(Answer& answer, std::vector<Row>& rows) {
  std::string json = to_json(answer);
  while (json.size() > limits::kMaxStringBytes && !rows.empty()) {
    rows.resize(rows.size() / 2);
    json = to_json(answer);
  }
  return json;
}

// Raw public keys of all workers that ever said hello, without doubles.
std::set<std::string> worker_keys(const scheduler::Core& core);
SealingKey to_sealing_key(std::string_view bytes);
// conflict: none of them has that fingerprint.
Status check_reader(const scheduler::Core& core, std::string_view sealed_for);
// The least busy one that is connected: any can look at a remote or open a box. unavailable: none.
Result<SessionId> any_worker(const scheduler::Core& core);

// A job as it is to be stored: checked against everything around it, stored, told to the core.
// `key`: the passwords of an encrypted job that has none yet.
Result<std::string> put_job(Context& context, const std::optional<store::JobRecord>& before,
                            const JobSpec& spec, const SealedCryptKey* key = nullptr);
// What a new job of kind upload is like where nothing else is said.
void use_upload_defaults(JobSpec& spec);
// Keeps the passwords that an encrypted job is to have. invalid: it has none and `key` is none;
// conflict: encryption cannot be switched while data lies there.
Status settle_encryption(Context& context, const std::optional<store::JobRecord>& before,
                         const JobSpec& spec, const SealedCryptKey* key);

using store::no_job;
using store::no_run;
using store::no_version;

Result<store::JobRecord> require_job(Context& context, std::string_view name);
Result<RunView> require_run(Context& context, RunId run);

// clang-format off: one row per verb
#define DRAY_VERB_HANDLERS(X)                         \
  X("status", status)                                 \
  X("client.list", client_list)                       \
  X("client.put", client_put)                         \
  X("client.remove", client_remove)                   \
  X("remote.list", remote_list)                       \
  X("remote.put", remote_put)                         \
  X("remote.remove", remote_remove)                   \
  X("remote.test", remote_test)                       \
  X("remote.about", remote_about)                     \
  X("remote.browse", remote_browse)                   \
  X("remote.merge", remote_merge)                     \
  X("remote.types", remote_types)                     \
  X("remote.host_key", remote_host_key)               \
  X("seal.key", seal_key)                             \
  X("job.list", job_list)                             \
  X("job.show", job_show)                             \
  X("job.put", job_put)                               \
  X("job.import", job_import)                         \
  X("job.remove", job_remove)                         \
  X("job.enable", job_enable)                         \
  X("job.next", job_next)                             \
  X("schedule.preview", schedule_preview)             \
  X("run.list", run_list)                             \
  X("run.show", run_show)                             \
  X("run.why", run_why)                               \
  X("run.log", run_log)                               \
  X("run.approve", run_approve)                       \
  X("run.reject", run_reject)                         \
  X("version.list", version_list)                     \
  X("version.show", version_show)                     \
  X("version.find", version_find)                     \
  X("version.pin", version_pin)                       \
  X("version.unpin", version_unpin)                   \
  X("retention.preview", retention_preview)           \
  X("event.list", event_list)                         \
  X("run.pause", run_pause)                           \
  X("run.resume", run_resume)                         \
  X("run.priority", run_priority)                     \
  X("job.pause", job_pause)                           \
  X("client.pause", client_pause)                     \
  X("queue.pause", queue_pause)                       \
  X("bandwidth.show", bandwidth_show)                 \
  X("bandwidth.set", bandwidth_set)                   \
  X("worker.list", worker_list)                       \
  X("worker.drain", worker_drain)                     \
  X("worker.programs", worker_programs)               \
  X("notify.channel.list", notify_channel_list)       \
  X("notify.channel.put", notify_channel_put)         \
  X("notify.channel.remove", notify_channel_remove)   \
  X("notify.rule.list", notify_rule_list)             \
  X("notify.rule.put", notify_rule_put)               \
  X("notify.rule.remove", notify_rule_remove)         \
  X("notify.template.list", notify_template_list)     \
  X("notify.template.put", notify_template_put)       \
  X("notify.template.remove", notify_template_remove) \
  X("notify.key", notify_key)                         \
  X("notify.deliveries", notify_deliveries)           \
  X("notify.preview", notify_preview)                 \
  X("notify.test", notify_test)                       \
  X("notify.retry", notify_retry)                     \
  X("notify.register", notify_register)               \
  X("notify.config", notify_config)                   \
  X("notify.mark", notify_mark)                       \
  X("settings.list", settings_list)                   \
  X("settings.set", settings_set)                     \
  X("token.list", token_list)                         \
  X("token.put", token_put)                           \
  X("token.remove", token_remove)                     \
  X("user.list", user_list)                           \
  X("user.put", user_put)                             \
  X("user.remove", user_remove)                       \
  X("user.password", user_password)                   \
  X("session.put", session_put)                       \
  X("session.remove", session_remove)                 \
  X("access.used", access_used)                       \
  X("audit.list", audit_list)                         \
  X("system.check", system_check)                     \
  X("system.backup", system_backup)                   \
  X("worker.examine", worker_examine)                 \
  X("job.export_key", job_export_key)                 \
  X("upload.prepare", upload_prepare)                 \
  X("receipt.list", receipt_list)
// clang-format on
#define DRAY_DECLARE(name, function) Result<std::string> function(Context&, const JsonValue&);
DRAY_VERB_HANDLERS(DRAY_DECLARE)
#undef DRAY_DECLARE

}  // namespace dray::verbs
