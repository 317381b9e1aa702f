// Answers REQUESTs: the verbs of schemas/verbs.h, each by one handler. A change is checked, written
// and audited in the turn's transaction, and leaves as an event for the core; the service sends the
// answer after the commit.
//
// Thread: the service's. Nothing here blocks but the database.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/base/time.h"
#include "daemon/scheduler/core.h"
#include "daemon/scheduler/events.h"
#include "daemon/scheduler/store.h"
#include "daemon/scheduler/store_catalog.h"
#include "daemon/scheduler/store_jobs.h"
#include "daemon/scheduler/store_queries.h"
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
  std::string problem;  // why the database cannot be written; "" when it can
};

// A question that somebody else answers; the service passes the answer on.
struct Relay {
  SessionId worker;
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

  store::Catalog catalog{store.db()};
  store::Jobs jobs{store.db()};
  store::Queries queries{store.db()};

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

Result<store::JobRecord> require_job(Context& context, std::string_view name);
Result<RunView> require_run(Context& context, RunId run);

#define DRAY_VERB_HANDLERS(X)                                                                   \
  X("status", status)                                                                           \
  X("client.list", client_list)                                                                 \
  X("client.put", client_put)                                                                   \
  X("client.remove", client_remove)                                                             \
  X("remote.list", remote_list)                                                                 \
  X("remote.put", remote_put) X("remote.remove", remote_remove) X("remote.test", remote_test)   \
      X("seal.key", seal_key) X("job.list", job_list) X("job.show", job_show)                   \
          X("job.put", job_put) X("job.remove", job_remove) X("job.enable", job_enable)         \
              X("job.next", job_next) X("schedule.preview", schedule_preview)                   \
                  X("run.list", run_list) X("run.show", run_show) X("run.why", run_why)         \
                      X("run.log", run_log) X("event.list", event_list)                         \
                          X("worker.list", worker_list) X("worker.drain", worker_drain)         \
                              X("settings.list", settings_list) X("settings.set", settings_set) \
                                  X("audit.list", audit_list) X("system.check", system_check)   \
                                      X("system.backup", system_backup)
#define DRAY_DECLARE(name, function) Result<std::string> function(Context&, const JsonValue&);
DRAY_VERB_HANDLERS(DRAY_DECLARE)
#undef DRAY_DECLARE

}  // namespace dray::verbs
