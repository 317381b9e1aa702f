#include "ops/views.h"

#include "daemon/base/text.h"
#include "ops/format.h"
#include "ops/json.h"
#include "ops/progress_view.h"
#include "ops/text_width.h"

namespace dray::ops {
namespace {

// The one thing to know about a run besides its state.
std::string remark(const RunView& run, WallTime now) {
  if (run.state == RunState::retry_wait && run.retry_at != WallTime{})
    return fmt::format("attempt {} {}: {}", run.attempt + 1, relative_text(run.retry_at, now),
                       run.hint);
  if (!run.cancel_reason.empty() && (run.state == RunState::cancelled || run.cancel_requested))
    return fmt::format("{}: {}", run.cancel_by, run.cancel_reason);
  if (!run.reason.empty()) return run.reason;
  if (!run.hint.empty()) return run.hint;
  if (run.outcome == Outcome::nothing_to_do) return "nothing to do";
  return run.dry_run ? "dry run" : "";
}

std::string done_text(const RunView& run) {
  if (is_on_worker(run.state) && run.progress)
    return fmt::format("{:.0f} %", run.progress->percent);
  return run.started_at == WallTime{} ? "" : human_bytes(run.bytes);
}

}  // namespace

std::string clean_name(std::string_view name) {
  return clean(name);
}

Table run_table(const std::vector<RunView>& runs, WallTime now) {
  Table table({{.title = "RUN", .align = Column::Align::right, .shrink = 0},
               {.title = "JOB", .shrink = 2},
               {.title = "STATE", .shrink = 0},
               {.title = "BY", .shrink = 3},
               {.title = "WHEN", .shrink = 0},
               {.title = "TOOK", .align = Column::Align::right, .shrink = 0},
               {.title = "DONE", .align = Column::Align::right, .shrink = 0},
               {.title = "GRADE", .shrink = 0},
               {.title = "REMARK", .shrink = 5}});
  for (const RunView& run : runs) {
    const WallTime when = run.started_at != WallTime{}  ? run.started_at
                          : run.queued_at != WallTime{} ? run.queued_at
                                                        : run.scheduled_at;
    table.row({std::to_string(run.run.value), run.job, state_cell(run.state),
               run.asked_by.empty() ? run.trigger : run.asked_by, relative_text(when, now),
               span_text(run.started_at, run.ended_at, now), done_text(run),
               run.grade == Grade::none ? "" : to_string(run.grade), remark(run, now)});
  }
  return table;
}

std::string outcome_text(const RunView& run) {
  std::string text(to_string(run.state));
  if (run.outcome == Outcome::nothing_to_do)
    text += ": nothing to do, source and destination are equal";
  if (run.started_at != WallTime{} && run.outcome != Outcome::nothing_to_do)
    text += fmt::format(": {} in {} file{}", human_bytes(run.bytes), run.files,
                        run.files == 1 ? "" : "s");
  if (run.deletes > 0) text += fmt::format(", {} deleted", run.deletes);
  if (run.errors > 0) text += fmt::format(", {} error{}", run.errors, run.errors == 1 ? "" : "s");
  if (run.started_at != WallTime{} && run.ended_at != WallTime{})
    text += ", took " + span_text(run.started_at, run.ended_at, run.ended_at);
  // Who asked for a cancel and why is a line of its own.
  if (!run.reason.empty() && run.state != RunState::cancelled) text += ": " + clean(run.reason);
  return text;
}

std::string counts_text(const RunView& run) {
  if (is_on_worker(run.state)) {
    if (!run.progress) return "nothing heard of its transfer yet";
    return progress_text({.run = run.run,
                          .job = run.job,
                          .worker = run.worker,
                          .attempt = run.attempt,
                          .state = run.state,
                          .progress = *run.progress,
                          .note = ""});
  }
  if (run.started_at == WallTime{}) return "";
  return fmt::format("{} in {} file{}, {} compared, {} deleted, {} error{}", human_bytes(run.bytes),
                     run.files, run.files == 1 ? "" : "s", run.checks, run.deletes, run.errors,
                     run.errors == 1 ? "" : "s");
}

std::string event_line(const EventView& event, bool colour) {
  std::string line = fmt::format("{:>6}  {}  {}", event.sequence, time_text(event.at),
                                 tinted(pad_right(clean(event.kind), 20), Tint::bold, colour));
  if (!event.job.empty()) line += "  " + clean(event.job);
  if (event.run) line += fmt::format("  run {}", event.run.value);
  const Result<Json> body = parse_json(event.body.json);
  if (!body || !body->is_object()) return line;
  for (const auto& [key, value] : body->items()) {
    if (value.is_null() || value == "") continue;
    line += "  " + clean(key) + "=" + clean(member_text(*body, key));
  }
  return line;
}

}  // namespace dray::ops
