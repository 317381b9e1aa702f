// Bandwidth: who has how much and why, and the caps that decide it.
#include "daemon/base/quote.h"
#include "daemon/scheduler/settings.h"
#include "daemon/scheduler/verb_args.h"
#include "daemon/scheduler/verbs.h"
#include "daemon/scheduler/week_table.h"
#include "schemas/answers_bandwidth.h"
#include "schemas/job_check.h"
#include "schemas/job_json.h"

namespace dray::verbs {
namespace {

struct SetArgs {
  std::string client;
  std::string job;
  std::optional<uint64_t> kbps;
  std::optional<BandwidthTable> table;  // without rows: the plain cap holds
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("client", self.client);
    visit.optional("job", self.job);
    visit.optional("kbps", self.kbps);
    visit.optional("table", self.table);
  }
};

Status check_table(const BandwidthTable& table) {
  if (table.rows.empty()) return {};
  if (auto compiled = WeekTable::compile(table); !compiled)
    return std::unexpected(std::move(compiled.error()));
  return {};
}

Result<BandwidthSetAnswer> set_global(Context& context, const SetArgs& args) {
  const auto put = [&](std::string_view name, const std::string& json) -> Status {
    DRAY_TRY_ASSIGN(const std::string value, check_setting(name, json));
    return context.catalog.put_setting(name, value, context.now.wall);
  };
  DRAY_TRY_ASSIGN(const LiveSettings before, live_settings(context.catalog));
  if (args.kbps) DRAY_TRY(put("global_max_bandwidth_kbps", fmt::format("{}", *args.kbps)));
  if (args.table) DRAY_TRY(put("global_bandwidth_table", to_json(*args.table)));
  DRAY_TRY_ASSIGN(const LiveSettings after, live_settings(context.catalog));
  context.events.emplace_back(scheduler::SettingsPut{after});
  const auto view = [](const LiveSettings& settings) {
    return BandwidthSetAnswer{"global", "", settings.global_max_bandwidth_kbps,
                              settings.global_bandwidth_table};
  };
  context.before.json = to_json(view(before));
  return view(after);
}

Result<BandwidthSetAnswer> set_for_client(Context& context, const SetArgs& args) {
  DRAY_TRY_ASSIGN(auto client, context.catalog.client(args.client));
  if (!client) return fail(ErrorCode::not_found, "there is no client {}", quoted(args.client));
  const auto view = [&] {
    return BandwidthSetAnswer{"client", args.client, client->spec.max_bandwidth_kbps,
                              client->bandwidth_table};
  };
  context.before.json = to_json(view());
  if (args.kbps) client->spec.max_bandwidth_kbps = *args.kbps;
  if (args.table) client->bandwidth_table = *args.table;
  DRAY_TRY(check_client(client->spec));
  DRAY_TRY(context.catalog.put_client(client->spec));
  DRAY_TRY(context.catalog.set_client_bandwidth_table(args.client, client->bandwidth_table));
  context.events.emplace_back(scheduler::ClientPut{*client});
  return view();
}

Result<BandwidthSetAnswer> set_for_job(Context& context, const SetArgs& args) {
  DRAY_TRY_ASSIGN(store::JobRecord record, require_job(context, args.job));
  JobSpec& spec = record.spec;
  const auto view = [&] {
    return BandwidthSetAnswer{"job", args.job, spec.bandwidth_kbps, spec.policy.bandwidth_table};
  };
  context.before.json = to_json(view());
  if (args.kbps) spec.bandwidth_kbps = *args.kbps;
  if (args.table) spec.policy.bandwidth_table = *args.table;
  DRAY_TRY(check_job(spec, {context.around.further_flags}));
  DRAY_TRY(context.jobs.put(record.id, spec, context.now.wall));
  DRAY_TRY_ASSIGN(JobPlan plan, context.jobs.plan(record));
  context.events.emplace_back(scheduler::JobPut{std::move(plan), false});
  return view();
}

// Of what holds for everybody the sums would tell of others.
Result<bool> may_see_cap(Context& context, const scheduler::CapView& cap) {
  if (context.acting.client.empty()) return true;
  if (cap.scope == "client") return context.may_see(cap.name);
  if (cap.scope != "job") return false;
  DRAY_TRY_ASSIGN(const auto record, context.jobs.find(cap.name));
  return record && context.may_see(record->spec.client);
}

}  // namespace

Result<std::string> bandwidth_show(Context& context, const JsonValue& body) {
  DRAY_TRY(arguments<NoArgs>(body));
  const scheduler::BandwidthView view = context.core.bandwidth();
  BandwidthAnswer answer;
  for (const scheduler::CapView& cap : view.caps) {
    DRAY_TRY_ASSIGN(const bool visible, may_see_cap(context, cap));
    if (visible)
      answer.caps.push_back({cap.scope, cap.name, cap.cap, cap.table,
                             cap.next_change.value_or(WallTime{}), cap.given, cap.used, cap.runs});
  }
  for (const scheduler::ShareView& share : view.shares)
    if (context.may_see(share.client))
      answer.runs.push_back({share.run, share.job, share.client, share.worker, share.weight,
                             share.share, share.used, share.wants, share.confirmed, share.live,
                             share.limited_by});
  return fitting_json(answer, answer.runs);
}

Result<std::string> bandwidth_set(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const SetArgs args, arguments<SetArgs>(body));
  if (!args.client.empty() && !args.job.empty())
    return fail(ErrorCode::invalid, "name a client or a job, not both");
  if (!args.kbps && !args.table)
    return fail(ErrorCode::invalid, "say what is to change: kbps, table or both");
  if (args.table) DRAY_TRY(check_table(*args.table));
  context.target = !args.job.empty()      ? "job " + args.job
                   : !args.client.empty() ? "client " + args.client
                                          : "global";
  DRAY_TRY_ASSIGN(const BandwidthSetAnswer answer, !args.job.empty() ? set_for_job(context, args)
                                                   : !args.client.empty()
                                                       ? set_for_client(context, args)
                                                       : set_global(context, args));
  context.after.json = to_json(answer);
  return to_json(answer);
}

}  // namespace dray::verbs
