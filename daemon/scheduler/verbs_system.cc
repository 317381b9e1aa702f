// Status, workers, settings, audit log and the health of the scheduler itself.
#include <algorithm>
#include <set>

#include "daemon/base/files.h"
#include "daemon/base/quote.h"
#include "daemon/base/seal.h"
#include "daemon/base/text.h"
#include "daemon/scheduler/settings.h"
#include "daemon/scheduler/verb_args.h"
#include "daemon/scheduler/verbs.h"
#include "schemas/job_check.h"
#include "schemas/job_json.h"

namespace dray::verbs {
namespace {

constexpr size_t kStatusRows = 20;
// Reading some 1 GiB; heartbeats survive it.
constexpr Duration kIntegrityLimit = seconds{2};

struct DrainArgs {
  std::string name;
  bool drain = true;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.name);
    visit("drain", self.drain);
  }
};

struct SetArgs {
  std::string name;
  JsonText value;
  std::string client;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.name);
    visit("value", self.value);
    visit.optional("client", self.client);
  }
};

struct AuditArgs {
  uint64_t limit = 100;
  uint64_t before = UINT64_MAX;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("limit", self.limit);
    visit.optional("before", self.before);
  }
};

struct BackupArgs {
  std::string path;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("path", self.path);
  }
};

SchedulerView scheduler_view(Context& context, const LiveSettings& settings) {
  SchedulerView view;
  view.version = context.around.version;
  view.epoch = context.around.scheduler_epoch;
  view.now = context.now.wall;
  view.started_at = context.around.started_at;
  view.accepting = context.around.problem.empty();
  view.problem = context.around.problem;
  view.queue_paused = settings.queue_paused;
  view.queue_paused_reason = settings.queue_paused_reason;
  view.database_bytes = context.store.database_bytes();
  return view;
}

Result<std::vector<RunView>> runs_in(Context& context, std::vector<RunState> states) {
  store::RunFilter filter;
  filter.states = std::move(states);
  filter.limit = kStatusRows;
  DRAY_TRY_ASSIGN(std::vector<RunView> runs, context.queries.runs(filter));
  for (RunView& run : runs) {
    DRAY_TRY_ASSIGN(run, require_run(context, run.run));
  }
  return runs;
}

Result<SettingsAnswer> all_settings(Context& context) {
  DRAY_TRY_ASSIGN(const auto stored, context.catalog.settings());
  SettingsAnswer answer;
  for (const SettingRow& row : setting_rows()) {
    const auto found = stored.find(std::string(row.name));
    SettingView& view = answer.settings[std::string(row.name)];
    view.default_value.json = row.default_json;
    view.value.json = found == stored.end() ? std::string(row.default_json) : found->second;
    view.description = row.description;
  }
  return answer;
}

// "client/NAME/max_concurrent_jobs" beside the global ones.
void add_client_settings(const ClientSpec& spec, SettingsAnswer& answer) {
  const auto add = [&](std::string_view name, uint64_t value, std::string_view fallback,
                       std::string_view description) {
    answer.settings[fmt::format("client/{}/{}", spec.name, name)] = {
        {fmt::format("{}", value)}, {std::string(fallback)}, std::string(description)};
  };
  add("weight", spec.weight, "1", "Share of the queue beside other clients");
  add("max_concurrent_jobs", spec.max_concurrent_jobs, "0", "Runs at the same time; 0: no cap");
  add("max_bandwidth_kbps", spec.max_bandwidth_kbps, "0",
      "Kilobytes (1000 B) per second; 0: no cap");
}

Result<std::string> settings_json(Context& context) {
  DRAY_TRY_ASSIGN(SettingsAnswer answer, all_settings(context));
  DRAY_TRY_ASSIGN(const auto clients, context.catalog.clients());
  for (size_t i = 0; i < std::min(clients.size(), limits::kMaxPageRows); ++i)
    add_client_settings(clients[i].spec, answer);
  return to_json(answer);
}

Status set_for_client(Context& context, const SetArgs& args) {
  if (!is_client_setting(args.name))
    return fail(ErrorCode::invalid,
                "{} is not a client's setting; allowed: max_bandwidth_kbps, max_concurrent_jobs, "
                "weight",
                quoted(args.name));
  DRAY_TRY_ASSIGN(const auto before, context.catalog.client(args.client));
  if (!before) return fail(ErrorCode::not_found, "there is no client {}", quoted(args.client));
  // A number given as text is a number here: it comes from a command line.
  std::string value = args.value.json;
  if (value.size() > 2 && value.front() == '"') value = value.substr(1, value.size() - 2);
  DRAY_TRY_ASSIGN(const JsonDocument patch,
                  JsonDocument::parse(fmt::format("{{{}:{}}}", json_quote(args.name), value)));
  DRAY_TRY_ASSIGN(const ClientSpec spec, patch_client(before->spec, patch.root()));
  DRAY_TRY(check_client(spec));
  DRAY_TRY_ASSIGN(const ClientRow row, context.catalog.put_client(spec));
  context.target = fmt::format("client/{}/{}", args.client, args.name);
  context.before.json = to_json(before->spec);
  context.after.json = to_json(spec);
  context.events.emplace_back(scheduler::ClientPut{row});
  return {};
}

Status set_globally(Context& context, const SetArgs& args) {
  DRAY_TRY_ASSIGN(const std::string value, check_setting(args.name, args.value.json));
  DRAY_TRY_ASSIGN(const auto before, context.catalog.settings());
  DRAY_TRY(context.catalog.put_setting(args.name, value, context.now.wall));
  context.target = args.name;
  if (const auto old = before.find(args.name); old != before.end())
    context.before.json = old->second;
  context.after.json = value;
  DRAY_TRY_ASSIGN(const LiveSettings settings, live_settings(context.catalog));
  context.events.emplace_back(scheduler::SettingsPut{settings});
  return {};
}

Status count_everything(const scheduler::CoreStatus& core, StatusAnswer& answer) {
  answer.counts["workers"] = core.workers.size();
  answer.counts["workers_connected"] = static_cast<uint64_t>(std::ranges::count_if(
      core.workers, [](const scheduler::WorkerView& worker) { return worker.connected; }));
  answer.counts["slots"] = core.slots;
  answer.counts["slots_busy"] = core.slots - std::min(core.slots, core.free_slots);
  answer.counts["queued"] = core.queued;
  answer.counts["retry_wait"] = core.retrying;
  answer.counts["running"] = core.on_worker;
  answer.counts["held"] = core.held;
  return {};
}

// The machines and the runs of others are nobody's business but the operators'.
Status count_own(Context& context, StatusAnswer& answer) {
  for (const std::string_view name : {"queued", "retry_wait", "running", "held"})
    answer.counts[std::string(name)] = 0;
  DRAY_TRY_ASSIGN(const auto open, context.queries.open_runs());
  for (const auto& [state, count] : open)
    answer.counts[is_on_worker(parse_enum<RunState>(state).value_or(RunState::queued)) ? "running"
                                                                                       : state] +=
        count;
  answer.scheduler.database_bytes = 0;
  return {};
}

CheckView check_database(Context& context) {
  const Result<std::string> found = context.queries.integrity(kIntegrityLimit);
  if (!found && found.error().code == ErrorCode::exhausted)
    return {"database", true, "too large to be checked while the scheduler runs", ""};
  if (!found) return {"database", false, found.error().message, "restore the newest backup"};
  if (*found != "ok") return {"database", false, *found, "restore the newest backup"};
  return {"database", true, human_bytes(context.store.database_bytes()), ""};
}

CheckView check_writes(Context& context) {
  if (context.around.problem.empty()) return {"writes", true, "", ""};
  return {"writes", false, context.around.problem, "free space on the disk of the database"};
}

CheckView check_disk(Context& context) {
  const Result<uint64_t> free = free_bytes(context.store.path());
  if (!free) return {"disk", false, free.error().message, "look at the disk of the database"};
  const bool enough = *free >= context.around.min_free_disk;
  return {"disk", enough, human_bytes(*free) + " free",
          enough ? "" : "free space: below scheduler.min_free_disk no run starts"};
}

CheckView check_workers(const scheduler::CoreStatus& status) {
  const auto connected = std::ranges::count_if(
      status.workers, [](const scheduler::WorkerView& worker) { return worker.connected; });
  const std::string detail =
      fmt::format("{} of {} connected, {} slots", connected, status.workers.size(), status.slots);
  return {"workers", connected > 0, detail, connected > 0 ? "" : "start dray-worker"};
}

CheckView check_keys(const scheduler::CoreStatus& status) {
  std::set<std::string> keys;
  for (const scheduler::WorkerView& worker : status.workers)
    keys.insert(worker.row.public_key);
  if (keys.size() < 2) return {"sealing key", true, "", ""};
  return {"sealing key", false, fmt::format("the workers have {} different ones", keys.size()),
          "give all workers the same worker.key_file"};
}

}  // namespace

Result<std::string> status(Context& context, const JsonValue& body) {
  DRAY_TRY(arguments<NoArgs>(body));
  const scheduler::CoreStatus core = context.core.status();
  StatusAnswer answer;
  answer.scheduler = scheduler_view(context, core.settings);
  DRAY_TRY_ASSIGN(answer.counts, context.queries.counts());
  DRAY_TRY(context.acting.client.empty() ? count_everything(core, answer)
                                         : count_own(context, answer));
  using enum RunState;
  DRAY_TRY_ASSIGN(answer.running,
                  runs_in(context, {starting, running, validating, finishing, cancelling}));
  DRAY_TRY_ASSIGN(answer.queued, runs_in(context, {queued, retry_wait, held, paused}));
  DRAY_TRY_ASSIGN(answer.failing, context.queries.failing(kStatusRows));
  DRAY_TRY_ASSIGN(answer.next, context.queries.next_due(kStatusRows));
  return to_json(answer);
}

Result<std::string> worker_list(Context& context, const JsonValue& body) {
  DRAY_TRY(arguments<NoArgs>(body));
  WorkerListAnswer answer;
  for (const scheduler::WorkerView& worker : context.core.status().workers) {
    WorkerView view;
    view.name = worker.row.name;
    view.epoch = worker.row.epoch;
    view.version = worker.row.version;
    view.rclone_version = worker.row.rclone_version;
    view.slots = worker.row.slots;
    view.busy = worker.busy;
    view.connected = worker.connected;
    view.drain = worker.draining;
    view.last_seen = worker.connected ? context.now.wall : worker.row.last_seen;
    if (worker.row.public_key.size() == kSealKeyBytes) {
      SealingKey key;
      std::ranges::copy(worker.row.public_key, key.bytes.begin());
      view.seal_fingerprint = fingerprint(key);
    }
    answer.workers.push_back(std::move(view));
  }
  return fitting_json(answer, answer.workers);
}

Result<std::string> worker_drain(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const DrainArgs args, arguments<DrainArgs>(body));
  const scheduler::CoreStatus core = context.core.status();
  const auto worker = std::ranges::find_if(
      core.workers, [&](const scheduler::WorkerView& one) { return one.row.name == args.name; });
  if (worker == core.workers.end())
    return fail(ErrorCode::not_found, "there is no worker {}", quoted(args.name));
  context.target = args.name;
  context.before.json = worker->row.drain ? "true" : "false";
  context.after.json = args.drain ? "true" : "false";
  context.events.emplace_back(scheduler::WorkerDrain{args.name, args.drain});
  return "{}";
}

Result<std::string> settings_list(Context& context, const JsonValue& body) {
  DRAY_TRY(arguments<NoArgs>(body));
  return settings_json(context);
}

Result<std::string> settings_set(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const SetArgs args, arguments<SetArgs>(body));
  DRAY_TRY(args.client.empty() ? set_globally(context, args) : set_for_client(context, args));
  return settings_json(context);
}

Result<std::string> audit_list(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const AuditArgs args, arguments<AuditArgs>(body));
  AuditListAnswer answer;
  DRAY_TRY_ASSIGN(answer.entries,
                  context.catalog.audit(args.before,
                                        std::clamp<uint64_t>(args.limit, 1, limits::kMaxPageRows)));
  return fitting_json(answer, answer.entries);
}

Result<std::string> system_check(Context& context, const JsonValue& body) {
  DRAY_TRY(arguments<NoArgs>(body));
  const scheduler::CoreStatus core = context.core.status();
  return to_json(SystemCheckAnswer{{check_database(context), check_writes(context),
                                    check_disk(context), check_workers(core), check_keys(core)}});
}

Result<std::string> system_backup(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const BackupArgs args, arguments<BackupArgs>(body));
  if (!args.path.starts_with('/'))
    return fail(ErrorCode::invalid, "path: {} must be absolute: the scheduler writes it",
                quoted(args.path));
  DRAY_TRY(check_path(args.path));
  context.later = Backup{args.path};
  return "";
}

}  // namespace dray::verbs
