// dray job ...
#include "daemon/base/files.h"
#include "daemon/base/text.h"
#include "ops/commands.h"
#include "ops/context.h"
#include "ops/edit_job.h"
#include "ops/format.h"
#include "ops/job_key.h"
#include "ops/views.h"
#include "schemas/job_json.h"
#include "schemas/weekdays.h"

namespace dray::ops {
namespace {

constexpr size_t kMaxFilterFile = 256 << 10;
constexpr size_t kMaxJobFile = 8 << 20;
constexpr int kPage = 200;

// The fields that the options name. With --tz alone the rest of the schedule stays.
Result<Json> fields_from(Context& context, const Args& args, bool adding) {
  DRAY_TRY_ASSIGN(Json body, job_fields(args));
  if (args.has("--filter-from")) {
    DRAY_TRY_ASSIGN(const std::string text, read_file(args.text("--filter-from"), kMaxFilterFile));
    Json& filters = body["options"]["filters"];
    for (std::string& line : filter_lines(text))
      filters.push_back(std::move(line));
  }
  if (args.has("--tz") && !body.contains("schedule")) {
    if (adding)
      return fail(ErrorCode::invalid,
                  "--tz: there is no schedule to apply it to; add --daily, "
                  "--weekly or --cron");
    DRAY_TRY_ASSIGN(const std::string text, context.ask("job.show", {{"name", args.text("NAME")}}));
    DRAY_TRY_ASSIGN(Json shown, parse_json(text));
    body["schedule"] = shown["job"]["schedule"];
    body["schedule"]["time_zone"] = args.text("--tz");
  }
  return body;
}

std::string due_text(const JobView& job, WallTime now) {
  if (!job.spec.enabled) return "disabled";
  return job.next_due == WallTime{} ? "by hand" : relative_text(job.next_due, now);
}

std::string work_text(const JobSpec& spec) {
  if (spec.kind == JobKind::command) return "command " + spec.policy.command.name;
  return fmt::format("{} -> {}", endpoint_text(spec.source), endpoint_text(spec.destination));
}

void say_saved(Context& context, const JobView& job, std::string_view done) {
  const WallTime now = SystemClock{}.now().wall;
  context.out.line(fmt::format(
      "job {} {}: {}, {}{}", clean_name(job.spec.name), done, clean_name(work_text(job.spec)),
      clean_name(schedule_text(job.spec.schedule)),
      job.next_due == WallTime{} ? ""
                                 : fmt::format(", next {}", relative_text(job.next_due, now))));
}

Result<Exit> put_job(Context& context, Json body, std::string_view done) {
  DRAY_TRY(add_crypt_key(context, body));
  DRAY_TRY_ASSIGN(const std::string text, context.ask("job.put", body));
  if (context.printed_json(text)) return Exit::ok;
  DRAY_TRY_ASSIGN(const JobAnswer answer, read_answer<JobAnswer>("job.put", text));
  say_saved(context, answer.job, done);
  return Exit::ok;
}

Result<Exit> add(Context& context, const Args& args) {
  const bool takes_source =
      !args.has("--command") && args.text("--kind") != to_string(JobKind::upload);
  if (takes_source && !args.has("--from"))
    return fail(ErrorCode::invalid, "dray job add: --from is missing: where the files come from");
  DRAY_TRY_ASSIGN(Json body, fields_from(context, args, true));
  body["create"] = true;
  return put_job(context, std::move(body), "added");
}

Result<Exit> edit(Context& context, const Args& args) {
  DRAY_TRY_ASSIGN(Json body, fields_from(context, args, false));
  if (body.size() == 1)
    return fail(ErrorCode::invalid, "dray job edit: nothing to change; give at least one option");
  body["create"] = false;
  return put_job(context, std::move(body), "changed");
}

// All pages of job.list.
Result<std::vector<JobView>> all_jobs(Context& context, const std::string& client) {
  std::vector<JobView> all;
  while (true) {
    Json body{{"limit", kPage}};
    if (!client.empty()) body["client"] = client;
    if (!all.empty()) body["after"] = all.back().spec.name;
    DRAY_TRY_ASSIGN(JobListAnswer page, context.ask_as<JobListAnswer>("job.list", body));
    const bool more = page.jobs.size() == kPage;
    for (JobView& job : page.jobs)
      all.push_back(std::move(job));
    if (!more) return all;
  }
}

Result<Exit> list(Context& context, const Args& args) {
  DRAY_TRY_ASSIGN(const std::vector<JobView> jobs, all_jobs(context, args.text("--client")));
  if (context.json) {
    context.printed_json(to_json(JobListAnswer{jobs}));
    return Exit::ok;
  }
  if (jobs.empty()) {
    context.out.line(
        "No jobs yet. `dray job add NAME --from REMOTE:PATH --to REMOTE:PATH --daily "
        "02:30` makes one.");
    return Exit::ok;
  }
  const WallTime now = SystemClock{}.now().wall;
  Table table({{.title = "JOB", .shrink = 2},
               {.title = "CLIENT", .shrink = 3},
               {.title = "SCHEDULE", .shrink = 4},
               {.title = "NEXT", .shrink = 0},
               {.title = "LAST", .shrink = 0},
               {.title = "FROM", .shrink = 5, .keep_ends = true},
               {.title = "TO", .shrink = 5, .keep_ends = true}});
  for (const JobView& job : jobs) {
    const JobSpec& spec = job.spec;
    table.row({spec.name, spec.client, schedule_text(spec.schedule), due_text(job, now),
               job.last_run ? state_cell(job.last_run->state) : Cell("-"),
               endpoint_text(spec.source), endpoint_text(spec.destination)});
  }
  context.out.write(table.text(context.out.width(), context.out.colour()));
  return Exit::ok;
}

std::string join_words(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string windows_text(const std::vector<RunWindow>& windows) {
  std::vector<std::string> words;
  for (const RunWindow& window : windows)
    words.push_back(
        fmt::format("{} {}-{}", weekdays_text(window.weekdays), window.from, window.to));
  return join_words(words);
}

std::string hooks_text(const std::vector<HookCall>& hooks) {
  std::vector<std::string> words;
  for (const HookCall& hook : hooks)
    words.push_back(fmt::format("{} ({})", hook.name, to_string(hook.on_failure)));
  return join_words(words);
}

void add_policy(Fields& fields, const JobPolicy& policy) {
  const GuardPolicy& guard = policy.guard;
  fields.add("guard", guard.max_delete_percent >= 100 && !guard.empty_source
                          ? "off"
                          : fmt::format("{}more than {} % of the files deleted or overwritten",
                                        guard.empty_source ? "empty source, " : "",
                                        guard.max_delete_percent));
  const ValidationPolicy& validation = policy.validation;
  std::string mode(to_string(validation.mode));
  if (validation.mode == ValidationMode::sample)
    mode += fmt::format(":{}%", validation.sample_percent);
  fields.add("validation",
             fmt::format("{}, {} when it differs", mode, to_string(validation.on_failure)));
  fields.add("before", hooks_text(policy.before));
  fields.add("after", hooks_text(policy.after));
  fields.add("command", policy.command.name);
}

std::string encryption_text(const JobShowAnswer& answer) {
  if (!answer.key || answer.key->exported_at == WallTime{})
    return fmt::format(
        "yes; the passwords were never taken out: `dray job export-key {}` keeps the data readable "
        "without Drayage",
        answer.job.spec.name);
  return fmt::format("yes; the passwords were given to {} at {}", answer.key->exported_by,
                     time_text(answer.key->exported_at));
}

Fields job_fields_view(const JobShowAnswer& answer) {
  const JobSpec& spec = answer.job.spec;
  const TransferOptions& o = spec.options;
  Fields fields;
  fields.add("job", spec.name, Tint::bold);
  fields.add("client", spec.client);
  fields.add("kind", to_string(spec.kind));
  if (spec.source != Endpoint{}) fields.add("from", endpoint_text(spec.source));
  fields.add("to", endpoint_text(spec.destination));
  if (spec.policy.encryption) fields.add("encryption", encryption_text(answer));
  fields.add("enabled", spec.enabled ? "yes" : "no", spec.enabled ? Tint::none : Tint::warn);
  fields.add("schedule", schedule_text(spec.schedule));
  const WallTime now = SystemClock{}.now().wall;
  if (answer.next_due != WallTime{})
    fields.add("next", fmt::format("{} ({})", time_text(answer.next_due),
                                   relative_text(answer.next_due, now)));
  fields.add("misfire", to_string(spec.misfire));
  fields.add("overlap", to_string(spec.overlap));
  fields.add("priority", std::to_string(spec.priority));
  if (!answer.job.paused.empty()) fields.add("paused", answer.job.paused, Tint::warn);
  fields.add("bandwidth", spec.policy.bandwidth_table.rows.empty()
                              ? kbps_text(spec.bandwidth_kbps)
                              : "by day and time (" + spec.policy.bandwidth_table.time_zone + ")");
  if (spec.policy.bandwidth_weight != 1)
    fields.add("bandwidth weight", std::to_string(spec.policy.bandwidth_weight));
  fields.add("may run", windows_text(spec.policy.limits.windows));
  if (const uint64_t most = spec.policy.limits.max_duration_seconds; most != 0)
    fields.add("max duration", human_duration(seconds{most}));
  if (const uint64_t most = spec.policy.limits.memory_bytes; most != 0)
    fields.add("memory", human_bytes(most));
  if (const uint32_t most = spec.policy.limits.cpu_percent; most != 0)
    fields.add("processors", fmt::format("{} % of one", most));
  fields.add("attempts", fmt::format("{}, {} apart, doubling up to {}", spec.retry.max_attempts,
                                     human_duration(seconds{spec.retry.backoff_seconds}),
                                     human_duration(seconds{spec.retry.backoff_max_seconds})));
  fields.add("transfers", fmt::format("{}, {} checkers", o.transfers, o.checkers));
  fields.add("max deletes", o.max_delete < 0 ? "no limit" : std::to_string(o.max_delete));
  add_policy(fields, spec.policy);
  fields.add("filters", join_words(o.filters));
  fields.add("rclone flags", join_words(o.flags));
  if (o.file_log) fields.add("file log", "yes");
  if (spec.kind == JobKind::archive) {
    const ArchiveOptions& archive = spec.policy.archive;
    fields.add("archive", fmt::format("level {}, {} fetchers, {}", archive.level, archive.fetchers,
                                      archive.volume_bytes == 0
                                          ? "volumes as large as the destination takes"
                                          : "volumes of " + human_bytes(archive.volume_bytes)));
  }
  return fields;
}

Result<Exit> show(Context& context, const Args& args) {
  DRAY_TRY_ASSIGN(const std::string text, context.ask("job.show", {{"name", args.text("NAME")}}));
  if (context.printed_json(text)) return Exit::ok;
  DRAY_TRY_ASSIGN(const JobShowAnswer answer, read_answer<JobShowAnswer>("job.show", text));
  context.out.write(job_fields_view(answer).text(context.out.width(), context.out.colour()));
  if (!answer.last_runs.empty()) {
    context.out.line("");
    context.out.write(run_table(answer.last_runs, SystemClock{}.now().wall)
                          .text(context.out.width(), context.out.colour()));
  }
  return Exit::ok;
}

Result<Exit> next(Context& context, const Args& args) {
  DRAY_TRY_ASSIGN(const int64_t count, args.number("--count", 10, 1, 100));
  Json body{{"name", args.text("NAME")}, {"count", count}};
  if (args.has("--from")) body["from"] = args.text("--from");
  DRAY_TRY_ASSIGN(const std::string text, context.ask("job.next", body));
  if (context.printed_json(text)) return Exit::ok;
  DRAY_TRY_ASSIGN(const OccurrencesAnswer answer, read_answer<OccurrencesAnswer>("job.next", text));
  if (answer.occurrences.empty()) {
    context.out.line("This job runs by hand only: `dray run " + args.text("NAME") + "`.");
    return Exit::ok;
  }
  const WallTime now = SystemClock{}.now().wall;
  Table table({{.title = "LOCAL TIME", .shrink = 0},
               {.title = "ZONE", .shrink = 0},
               {.title = "UTC", .shrink = 0},
               {.title = "", .shrink = 0},
               {.title = "", .shrink = 1}});
  for (const OccurrenceView& o : answer.occurrences) {
    const std::string_view mark = o.shifted_by_gap
                                      ? "DST: this time does not exist, runs after the gap"
                                  : o.repeated_hour ? "DST: this hour comes twice, runs once"
                                  : o.dst_day       ? "DST: clocks change on this day"
                                                    : "";
    table.row({o.local, o.abbreviation, format_rfc3339(o.at), relative_text(o.at, now),
               Cell(mark, Tint::warn)});
  }
  context.out.write(table.text(context.out.width(), context.out.colour()));
  return Exit::ok;
}

Result<Exit> set_enabled(Context& context, const Args& args, bool enabled) {
  DRAY_TRY_ASSIGN(const std::string text,
                  context.ask("job.enable", {{"name", args.text("NAME")}, {"enabled", enabled}}));
  if (context.printed_json(text)) return Exit::ok;
  context.out.line(
      fmt::format("job {} {}", clean_name(args.text("NAME")),
                  enabled ? "enabled" : "disabled; `dray run` still starts it by hand"));
  return Exit::ok;
}
Result<Exit> enable(Context& context, const Args& args) {
  return set_enabled(context, args, true);
}
Result<Exit> disable(Context& context, const Args& args) {
  return set_enabled(context, args, false);
}

Result<Exit> remove(Context& context, const Args& args) {
  DRAY_TRY_ASSIGN(const std::string text, context.ask("job.remove", {{"name", args.text("NAME")}}));
  if (!context.printed_json(text))
    context.out.line(fmt::format("job {} removed", clean_name(args.text("NAME"))));
  return Exit::ok;
}

Result<Exit> export_jobs(Context& context, const Args& args) {
  std::vector<JobView> jobs;
  if (args.has("NAME")) {
    for (const std::string& name : args.all("NAME")) {
      DRAY_TRY_ASSIGN(JobShowAnswer one,
                      context.ask_as<JobShowAnswer>("job.show", {{"name", name}}));
      jobs.push_back(std::move(one.job));
    }
  } else {
    DRAY_TRY_ASSIGN(jobs, all_jobs(context, ""));
  }
  Json list = Json::array();
  for (const JobView& job : jobs) {
    DRAY_TRY_ASSIGN(Json one, parse_json(to_json(job.spec)));
    list.push_back(std::move(one));
  }
  context.out.line(dump_json(Json{{"jobs", std::move(list)}}));
  return Exit::ok;
}

Result<Exit> import_jobs(Context& context, const Args& args) {
  const std::string& file = args.text("FILE");
  DRAY_TRY_ASSIGN(const std::string text,
                  file == "-" ? context.read_stdin() : read_file(file, kMaxJobFile));
  DRAY_TRY_ASSIGN(Json document, annotate(parse_json(text), file));
  Json jobs = document.is_object() && document.contains("jobs") ? document["jobs"] : document;
  if (jobs.is_object()) jobs = Json::array({jobs});
  if (!jobs.is_array()) return fail(ErrorCode::invalid, "{}: expected {{\"jobs\": [...]}}", file);
  for (Json& job : jobs) {
    if (!job.is_object()) return fail(ErrorCode::invalid, "{}: a job is a JSON object", file);
    if (!args.has("--replace")) job["create"] = true;
    DRAY_TRY(add_crypt_key(context, job));
  }
  DRAY_TRY(annotate(context.ask("job.import", Json{{"jobs", jobs}}), file));
  if (context.json) {
    context.out.line(dump_json(Json{{"imported", jobs.size()}}));
  } else {
    context.out.line(fmt::format("{} jobs imported from {}", jobs.size(), clean_name(file)));
  }
  return Exit::ok;
}

const OptionSpec kName{"NAME", "", "of the job", Use::required, {}, "job"};

}  // namespace

std::vector<Command> job_commands() {
  return {
      {"job list",
       "List jobs.",
       {{"--client", "NAME", "only of this client", Use::optional, {}, "client"}},
       "dray job list",
       list},
      {"job show", "Show a job and its last runs.", {kName}, "dray job show photos", show},
      {"job add", "Make a job.", job_options(true),
       "dray job add photos --from gdrive:Photos --to s3:backup/photos --daily 02:30 --tz "
       "Europe/Oslo\n"
       "dray job add docs --kind copy --from nas:docs --to s3:backup/docs --weekly mon-fri@22:00 "
       "--filter '- *.tmp' --bandwidth 8M --flag=--checksum",
       add},
      {"job edit", "Change a job: only what is given changes.", job_options(false),
       "dray job edit photos --cron '30 3 * * *' --max-delete 1000", edit},
      {"job next",
       "Preview when a job runs, with daylight-saving days marked.",
       {kName,
        {"-n,--count", "N", "this many (default 10)"},
        {"--from", "TIME", "start there instead of now, like 2026-03-28T00:00:00Z"}},
       "dray job next photos -n 10",
       next},
      {"job enable", "Let a job run by its schedule.", {kName}, "dray job enable photos", enable},
      {"job disable",
       "Keep a job, but do not run it by schedule.",
       {kName},
       "dray job disable photos",
       disable},
      {"job remove",
       "Remove a job; its finished runs stay listed.",
       {kName},
       "dray job remove photos",
       remove},
      {"job export",
       "Print jobs as JSON, to keep or to move.",
       {{"NAME", "", "only these", Use::repeated, {}, "job"}},
       "dray job export > jobs.json",
       export_jobs},
      {"job import",
       "Take jobs in from JSON. A file with a mistake changes nothing.",
       {{"FILE",
         "",
         "file from `dray job export`, or - for standard input",
         Use::required,
         {},
         "file"},
        {"--replace", "", "change jobs that exist instead of refusing them"}},
       "dray job import jobs.json --replace",
       import_jobs},
  };
}

}  // namespace dray::ops
