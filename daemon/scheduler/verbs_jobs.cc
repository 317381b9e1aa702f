// Jobs and their schedules.
#include <algorithm>

#include "daemon/base/quote.h"
#include "daemon/scheduler/calendar.h"
#include "daemon/scheduler/default_destination.h"
#include "daemon/scheduler/verbs.h"
#include "daemon/scheduler/week_table.h"
#include "schemas/job_check.h"
#include "schemas/job_json.h"

namespace dray::verbs {
namespace {

constexpr size_t kLastRuns = 10;
constexpr size_t kMaxOccurrences = 200;

struct JobName {
  std::string name;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.name);
  }
};

struct ListArgs {
  std::string client;
  uint64_t limit = 100;
  std::string after;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("client", self.client);
    visit.optional("limit", self.limit);
    visit.optional("after", self.after);
  }
};

struct PutArgs {
  std::optional<bool> create;
  std::optional<SealedCryptKey> crypt_key;
  JobSpec spec;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    JobSpec::fields(self.spec, visit);
    visit.optional("create", self.create);
    visit.optional("crypt_key", self.crypt_key);
  }
};

struct EnableArgs {
  std::string name;
  bool enabled = true;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.name);
    visit("enabled", self.enabled);
  }
};

struct NextArgs {
  std::string name;
  uint64_t count = 10;
  WallTime from{};
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.name);
    visit.optional("count", self.count);
    visit.optional("from", self.from);
  }
};

struct PreviewArgs {
  Schedule schedule;
  uint64_t count = 10;
  WallTime from{};
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("schedule", self.schedule);
    visit.optional("count", self.count);
    visit.optional("from", self.from);
  }
};

Result<JobView> job_view(Context& context, const store::JobRecord& record) {
  DRAY_TRY_ASSIGN(JobView view, store::job_view(context.queries, record));
  view.next_due = context.core.next_due(record.id).value_or(WallTime{});
  return view;
}

Result<std::string> previewed(const Schedule& schedule, WallTime anchor, WallTime from,
                              uint64_t count) {
  DRAY_TRY_ASSIGN(const CompiledSchedule compiled, CompiledSchedule::compile(schedule, anchor));
  OccurrencesAnswer answer;
  for (Preview& one : compiled.preview(from, std::clamp<uint64_t>(count, 1, kMaxOccurrences)))
    answer.occurrences.push_back({one.at, std::move(one.local), std::move(one.abbreviation),
                                  one.shifted_by_gap, one.repeated_hour, one.dst_day});
  return to_json(answer);
}

void use_default_zone(Context& context, const JsonValue& body, Schedule& schedule) {
  const std::optional<JsonValue> given = body.find("schedule");
  if (given && !given->find("time_zone")) schedule.time_zone = context.around.default_time_zone;
}

// The job as it is to be: complete for a new one, patched for one that exists.
Result<PutArgs> wanted_job(Context& context, const JsonValue& body,
                           const std::optional<store::JobRecord>& before, std::string_view name) {
  PutArgs args;
  const std::optional<JsonValue> kind = body.find("kind");
  if (before) {
    args.spec = before->spec;
  } else if (kind && kind->text() == to_string(JobKind::upload)) {
    use_upload_defaults(args.spec);
  }
  const Status read = read_json(body, args, {.patch = before.has_value()});
  if (!read) return std::unexpected(annotate(read.error(), fmt::format("job {}", quoted(name))));
  if (args.create.has_value() && *args.create && before)
    return fail(ErrorCode::conflict, "job {} exists already; edit it, or choose another name",
                quoted(name));
  if (args.create.has_value() && !*args.create && !before)
    return fail(ErrorCode::not_found, "there is no job {}", quoted(name));
  use_default_zone(context, body, args.spec.schedule);
  if (args.spec.destination.remote.empty() && args.spec.kind != JobKind::command) {
    DRAY_TRY_ASSIGN(args.spec.destination,
                    scheduler::default_destination(context.around.default_destination, args.spec));
  }
  return args;
}

// What depends on time zones: check_job() has looked at the rest.
Status check_week(const JobSpec& spec) {
  if (const BandwidthTable& table = spec.policy.bandwidth_table; !table.rows.empty())
    if (auto compiled = WeekTable::compile(table); !compiled)
      return std::unexpected(std::move(compiled.error()));
  if (const std::vector<RunWindow>& windows = spec.policy.limits.windows; !windows.empty())
    if (auto compiled = WeekTable::compile(windows, spec.schedule.time_zone); !compiled)
      return std::unexpected(annotate(std::move(compiled.error()), "limits"));
  return {};
}

Status check_surroundings(Context& context, const JobSpec& spec, JobId id, WallTime anchor) {
  const std::string where = fmt::format("job {}", quoted(spec.name));
  DRAY_TRY_ASSIGN(const auto client, context.catalog.client(spec.client));
  if (!client)
    return fail(ErrorCode::not_found, "{}: client: there is no client {}; add it first", where,
                quoted(spec.client));
  for (const auto& [field, remote] : {std::pair{"source", spec.source.remote},
                                      std::pair{"destination", spec.destination.remote}}) {
    if (remote.empty()) continue;  // check_job knows which kinds may do without
    auto closure = context.catalog.remote_closure(spec.client, remote);
    if (!closure)
      return std::unexpected(
          annotate(std::move(closure.error()), fmt::format("{}: {}", where, field)));
  }
  if (auto compiled = CompiledSchedule::compile(spec.schedule, anchor); !compiled)
    return std::unexpected(annotate(std::move(compiled.error()), where));
  DRAY_TRY(annotate(check_week(spec), where));
  DRAY_TRY_ASSIGN(const std::string other, context.jobs.writes_there(spec, id));
  if (!other.empty())
    return fail(ErrorCode::conflict,
                "{}: destination: job {} writes to the same place, or inside or around it; choose "
                "another directory",
                where, quoted(other));
  return {};
}

}  // namespace

Result<std::string> put_job(Context& context, const std::optional<store::JobRecord>& before,
                            const JobSpec& spec, const SealedCryptKey* key) {
  const JobId old = before ? before->id : JobId{};
  DRAY_TRY(check_job(spec, {context.around.further_flags}));
  DRAY_TRY(check_surroundings(context, spec, old, before ? before->created_at : context.now.wall));
  DRAY_TRY(settle_encryption(context, before, spec, key));
  DRAY_TRY(context.jobs.put(old, spec, context.now.wall));
  DRAY_TRY_ASSIGN(const store::JobRecord record, require_job(context, spec.name));
  DRAY_TRY_ASSIGN(JobPlan plan, context.jobs.plan(record));
  context.target = spec.name;
  if (before) context.before.json = to_json(before->spec);
  context.after.json = to_json(spec);
  context.events.emplace_back(scheduler::JobPut{std::move(plan), !before});
  JobAnswer answer;
  DRAY_TRY_ASSIGN(answer.job, job_view(context, record));
  // The core hears of the change only after this: ask the calendar.
  answer.job.next_due = WallTime{};
  if (spec.enabled) {
    DRAY_TRY_ASSIGN(const CompiledSchedule compiled,
                    CompiledSchedule::compile(spec.schedule, record.created_at));
    answer.job.next_due = compiled.next_after(context.now.wall).value_or(WallTime{});
  }
  return to_json(answer);
}

Result<std::string> job_list(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const ListArgs args, arguments<ListArgs>(body));
  const size_t limit = std::clamp<uint64_t>(args.limit, 1, limits::kMaxPageRows);
  DRAY_TRY_ASSIGN(const auto records, context.jobs.list({args.client, args.after, limit, ""}));
  JobListAnswer answer;
  for (const store::JobRecord& record : records) {
    DRAY_TRY_ASSIGN(JobView view, job_view(context, record));
    answer.jobs.push_back(std::move(view));
  }
  return fitting_json(answer, answer.jobs);
}

Result<std::string> job_show(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const JobName args, arguments<JobName>(body));
  DRAY_TRY_ASSIGN(const store::JobRecord record, require_job(context, args.name));
  JobShowAnswer answer;
  DRAY_TRY_ASSIGN(answer.job, job_view(context, record));
  answer.next_due = answer.job.next_due;
  store::RunFilter filter;
  filter.job = record.id;
  filter.limit = kLastRuns;
  DRAY_TRY_ASSIGN(answer.last_runs, context.queries.runs(filter));
  if (record.spec.policy.encryption) {
    DRAY_TRY_ASSIGN(const auto key, context.keys.find(args.name));
    if (key) answer.key = key->view;
  }
  return to_json(answer);
}

Result<std::string> job_put(Context& context, const JsonValue& body) {
  const std::optional<JsonValue> name = body.find("name");
  if (!name || !name->text()) return fail(ErrorCode::invalid, "job: name: is missing");
  DRAY_TRY_ASSIGN(const auto before, context.jobs.find(*name->text()));
  DRAY_TRY_ASSIGN(const PutArgs args, wanted_job(context, body, before, *name->text()));
  return put_job(context, before, args.spec, args.crypt_key ? &*args.crypt_key : nullptr);
}

// All or none: a refusal takes back what the request has stored (verbs.cc).
Result<std::string> job_import(Context& context, const JsonValue& body) {
  const std::optional<JsonValue> jobs = body.find("jobs");
  if (!jobs || !jobs->is_array()) return fail(ErrorCode::invalid, "jobs: expected a list of jobs");
  JsonWriter before;
  JsonWriter after;
  before.begin_array();
  after.begin_array();
  for (size_t i = 0; i < jobs->size(); ++i) {
    context.before.json.clear();
    if (const auto put = job_put(context, jobs->at(i)); !put)
      return std::unexpected(annotate(put.error(), fmt::format("jobs[{}]", i)));
    if (!context.before.json.empty()) before.raw(context.before.json);
    after.raw(context.after.json);
  }
  before.end_array();
  after.end_array();
  context.before.json = before.take();
  context.after.json = after.take();
  context.target = fmt::format("{} jobs", jobs->size());
  return to_json(JobsImported{jobs->size()});
}

Result<std::string> job_remove(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const JobName args, arguments<JobName>(body));
  DRAY_TRY_ASSIGN(const store::JobRecord record, require_job(context, args.name));
  DRAY_TRY(context.jobs.remove(record.id));
  DRAY_TRY(context.notify.remove_rules_of_job(args.name));
  context.target = args.name;
  context.before.json = to_json(record.spec);
  context.events.emplace_back(scheduler::JobRemoved{record.id});
  return "{}";
}

Result<std::string> job_enable(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const EnableArgs args, arguments<EnableArgs>(body));
  DRAY_TRY_ASSIGN(const store::JobRecord record, require_job(context, args.name));
  JobSpec spec = record.spec;
  spec.enabled = args.enabled;
  return put_job(context, record, spec);
}

Result<std::string> job_next(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const NextArgs args, arguments<NextArgs>(body));
  DRAY_TRY_ASSIGN(const store::JobRecord record, require_job(context, args.name));
  return previewed(record.spec.schedule, record.created_at,
                   args.from == WallTime{} ? context.now.wall : args.from, args.count);
}

Result<std::string> schedule_preview(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(PreviewArgs args, arguments<PreviewArgs>(body));
  use_default_zone(context, body, args.schedule);
  return previewed(args.schedule, context.now.wall,
                   args.from == WallTime{} ? context.now.wall : args.from, args.count);
}

}  // namespace dray::verbs
