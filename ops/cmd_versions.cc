// dray versions, dray retention, dray restore.
#include "daemon/base/quote.h"
#include "daemon/base/text.h"
#include "ops/commands.h"
#include "ops/context.h"
#include "ops/format.h"
#include "ops/moment.h"
#include "ops/run_id.h"
#include "ops/start_run.h"
#include "ops/views.h"
#include "schemas/answers_versions.h"
#include "schemas/run_task.h"

namespace dray::ops {
namespace {

std::string amount(uint64_t files, uint64_t bytes) {
  return fmt::format("{} file{}, {}", files, files == 1 ? "" : "s", human_bytes(bytes));
}

Cell standing(const VersionView& version) {
  if (version.state != "kept") return Cell(version.state, Tint::dim);
  if (!version.pinned.empty()) return Cell("pinned", Tint::bold);
  return version.good ? Cell("good", Tint::good) : Cell("doubtful", Tint::warn);
}

Result<Exit> list(Context& context, const Args& args) {
  DRAY_TRY_ASSIGN(const std::string text, context.ask("version.list", {{"job", args.text("JOB")}}));
  if (context.printed_json(text)) return Exit::ok;
  DRAY_TRY_ASSIGN(const VersionListAnswer answer,
                  read_answer<VersionListAnswer>("version.list", text));
  if (answer.versions.empty()) {
    context.out.line(
        "No states are kept: the job has no good run yet, or layout mirror without a "
        "--versions-path.");
    return Exit::ok;
  }
  Table table({{.title = "RUN", .align = Column::Align::right, .shrink = 0},
               {.title = "AT", .shrink = 0},
               {.title = "STATE", .shrink = 0},
               {.title = "PROVEN", .shrink = 0},
               {.title = "FILES", .align = Column::Align::right, .shrink = 0},
               {.title = "SIZE", .align = Column::Align::right, .shrink = 0},
               {.title = "NOTE", .shrink = 2}});
  for (const VersionView& v : answer.versions)
    table.row({std::to_string(v.run.value), time_text(v.at), standing(v),
               v.grade == Grade::none ? "-" : to_string(v.grade), std::to_string(v.files),
               human_bytes(v.bytes),
               v.pinned.empty() ? (v.archive.empty() ? "" : "archive") : v.pinned});
  context.out.write(table.text(context.out.width(), context.out.colour()));
  return Exit::ok;
}

Fields version_fields(const VersionView& version) {
  Fields fields;
  fields.add("run", std::to_string(version.run.value), Tint::bold);
  fields.add("job", fmt::format("{} (client {})", version.job, version.client));
  fields.add("at", time_text(version.at));
  fields.add("state", version.state);
  if (version.prune_run) fields.add("removed by", fmt::format("run {}", version.prune_run));
  fields.add("good", version.good ? "yes" : "no: it does not count for retention");
  fields.add("proven", version.grade == Grade::none ? "" : to_string(version.grade));
  fields.add("pinned", version.pinned);
  fields.add("holds", amount(version.files, version.bytes));
  fields.add("destination", version.destination);
  fields.add("versions in", version.versions_path);
  fields.add("manifest", version.manifest);
  fields.add("archive", version.archive);
  return fields;
}

Result<Exit> print_version(Context& context, std::string_view verb, const std::string& text) {
  if (context.printed_json(text)) return Exit::ok;
  DRAY_TRY_ASSIGN(const VersionAnswer answer, read_answer<VersionAnswer>(verb, text));
  context.out.write(version_fields(answer.version).text(context.out.width(), context.out.colour()));
  if (!answer.deletions.empty()) context.out.line("\nDeleted of what this run had moved aside:");
  for (const DeletionView& d : answer.deletions)
    context.out.line(fmt::format("  {}  run {}: {}, {}", time_text(d.at), d.run, clean_name(d.path),
                                 amount(d.files, d.bytes)));
  return Exit::ok;
}

Result<Exit> about_version(Context& context, const Args& args, std::string_view verb) {
  DRAY_TRY_ASSIGN(const RunId run, parse_run(args.text("RUN")));
  Json body{{"run", run.value}};
  if (args.has("--reason")) body["reason"] = args.text("--reason");
  DRAY_TRY_ASSIGN(const std::string text, context.ask(verb, body));
  return print_version(context, verb, text);
}
Result<Exit> show(Context& context, const Args& args) {
  return about_version(context, args, "version.show");
}
Result<Exit> pin(Context& context, const Args& args) {
  return about_version(context, args, "version.pin");
}
Result<Exit> unpin(Context& context, const Args& args) {
  return about_version(context, args, "version.unpin");
}

Result<Exit> find(Context& context, const Args& args) {
  Json body{{"job", args.text("JOB")}, {"pattern", args.text("PATH")}};
  if (args.has("--at")) {
    DRAY_TRY_ASSIGN(const RunId run, parse_run(args.text("--at")));
    body["run"] = run.value;
  }
  DRAY_TRY_ASSIGN(const std::string text, context.ask("version.find", body));
  if (context.printed_json(text)) return Exit::ok;
  DRAY_TRY_ASSIGN(const VersionFindAnswer answer,
                  read_answer<VersionFindAnswer>("version.find", text));
  if (answer.files.empty()) {
    context.out.line("No kept state holds such a file.");
    return Exit::not_found;
  }
  Table table({{.title = "RUN", .align = Column::Align::right, .shrink = 0},
               {.title = "SIZE", .align = Column::Align::right, .shrink = 0},
               {.title = "CHANGED", .shrink = 0},
               {.title = "PATH", .shrink = 1, .keep_ends = true}});
  for (const FoundFile& file : answer.files)
    table.row({std::to_string(file.run.value), file.size ? human_bytes(*file.size) : "?",
               time_text(file.mtime), file.path});
  context.out.write(table.text(context.out.width(), context.out.colour()));
  if (answer.truncated) context.out.line("There are more; narrow the pattern or name --at RUN.");
  return Exit::ok;
}

Result<Exit> preview(Context& context, const Args& args) {
  DRAY_TRY_ASSIGN(const std::string text,
                  context.ask("retention.preview", {{"job", args.text("JOB")}}));
  if (context.printed_json(text)) return Exit::ok;
  DRAY_TRY_ASSIGN(const RetentionPreviewAnswer answer,
                  read_answer<RetentionPreviewAnswer>("retention.preview", text));
  if (answer.versions.empty()) {
    context.out.line("No states are kept, so none can go.");
    return Exit::ok;
  }
  Table table({{.title = "RUN", .align = Column::Align::right, .shrink = 0},
               {.title = "AT", .shrink = 0},
               {.title = "", .shrink = 0},
               {.title = "WHY", .shrink = 1},
               {.title = "HOLDS", .shrink = 2}});
  for (const RetentionView& v : answer.versions)
    table.row({std::to_string(v.run.value), time_text(v.at),
               v.keep ? Cell("stays", Tint::good) : Cell("goes", Tint::warn), v.why,
               amount(v.files, v.bytes)});
  context.out.write(table.text(context.out.width(), context.out.colour()));
  context.out.line("What goes is deleted after the next good run.");
  return Exit::ok;
}

// A run's number, or a moment: the newest state that is not younger.
Status set_at(VersionRef& version, const Args& args) {
  const std::string& text = args.text("--at");
  if (const Result<RunId> run = parse_run(text)) {
    version.run = *run;
    return {};
  }
  DRAY_TRY_ASSIGN(const std::string time, moment(args, "--at"));
  DRAY_TRY_ASSIGN(version.at, parse_rfc3339(time));
  return {};
}

Result<Exit> restore(Context& context, const Args& args) {
  RunTask task;
  task.restore.destination = args.text("--to");
  task.restore.pattern = args.text("--path");
  if (args.has("--at")) DRAY_TRY(set_at(task.restore.version, args));
  Enqueue question;
  question.job = args.text("JOB");
  question.dry_run = args.has("--dry-run");
  question.task = to_json(task);
  return start_run(context, args, std::move(question));
}

const OptionSpec kJob{"JOB", "", "its name", Use::required, {}, "job"};
const OptionSpec kRun{"RUN", "", "that left the state", Use::required, {}, "run"};

}  // namespace

std::vector<Command> version_commands() {
  return {
      {"versions list",
       "List the states of a job that can be restored.",
       {kJob},
       "dray versions list photos",
       list},
      {"versions show",
       "Show a state that can be restored.",
       {kRun},
       "dray versions show 812",
       show},
      {"versions find",
       "Find the states that hold a file.",
       {kJob,
        {"PATH", "", "like docs/2024, '*.jpg' or 'a/**/b'", Use::required},
        {"--at", "RUN", "only in the state after this run", Use::optional, {}, "run"}},
       "dray versions find photos 'holidays/*.jpg'",
       find},
      {"versions pin",
       "Keep a state whatever the retention rules say.",
       {kRun, {"--reason", "TEXT", "why"}},
       "dray versions pin 812 --reason 'before the move'",
       pin},
      {"versions unpin",
       "Let the retention rules decide about a state again.",
       {kRun},
       "dray versions unpin 812",
       unpin},
      {"retention preview",
       "Show which states would go after the next good run, and why the others stay.",
       {kJob},
       "dray retention preview photos",
       preview},
      {"restore",
       "Bring back a job's files as they were after a run.",
       {kJob,
        {"--to", "REMOTE:PATH", "where to; nothing is deleted there", Use::required, {}, "remote"},
        {"--at", "RUN|TIME",
         "as it was after this run, or at this time: 2026-11-20 or 2d (ago); default: the newest"},
        {"--path", "GLOB", "only these: docs/2024, '*.jpg', 'a/**/b'"},
        {"--dry-run", "", "only say what would be copied"},
        kWaitOption,
        kTimeoutOption},
       "dray restore photos --at 812 --path holidays --to nas:restored --wait",
       restore},
  };
}

}  // namespace dray::ops
