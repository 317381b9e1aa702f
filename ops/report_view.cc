#include "ops/report_view.h"

#include <algorithm>

#include "daemon/base/text.h"

namespace dray::ops {
namespace {

std::string_view meaning(Grade grade) {
  switch (grade) {
    case Grade::none:
      return "nothing was compared";
    case Grade::failed:
      return "the copy does not match the source";
    case Grade::partial:
      return "not everything could be compared";
    case Grade::size:
      return "sizes are equal";
    case Grade::sampled:
      return "the contents of a sample are equal";
    case Grade::hash:
      return "contents are equal";
  }
  return "";
}

void add_count(std::string& text, uint64_t count, std::string_view what) {
  if (count > 0) text += fmt::format(", {} {}", count, what);
}

std::string files_text(uint64_t files) {
  return fmt::format("{} file{}", files, files == 1 ? "" : "s");
}

// What a prune removed.
void add_deleted(Fields& fields, const std::vector<DeletedVersion>& deleted) {
  constexpr size_t kShown = 20;
  for (size_t i = 0; i < std::min(deleted.size(), kShown); ++i)
    fields.add(i == 0 ? "removed" : "",
               fmt::format("{}: {}, {}", deleted[i].path, files_text(deleted[i].files),
                           human_bytes(deleted[i].bytes)));
  if (deleted.size() > kShown)
    fields.add("", fmt::format("and {} more; --json shows all", deleted.size() - kShown));
}

}  // namespace

std::string validation_text(const ValidationReport& report) {
  if (report.mode == ValidationMode::none) return "";
  std::string text = fmt::format("{}: {}; {} compared", to_string(report.grade),
                                 meaning(report.grade), report.compared);
  add_count(text, report.not_comparable, "without a common hash");
  add_count(text, report.differences, "different");
  add_count(text, report.missing, "missing");
  add_count(text, report.unreadable, "unreadable");
  add_count(text, report.source_changed, "changed in the source meanwhile");
  return text;
}

std::string guard_text(const GuardReport& report) {
  return fmt::format("{} files known, {} in the source: {} to delete, {} to overwrite, {} new",
                     report.known_files, report.source_files, report.deletes, report.overwrites,
                     report.creates);
}

void add_report(Fields& fields, const AttemptReport& report) {
  for (const GuardReport& guard : report.guard)
    fields.add("guard", guard_text(guard), guard.held ? Tint::warn : Tint::none);
  for (const ValidationReport& validation : report.validation) {
    const Tint tint = validation.grade == Grade::failed    ? Tint::bad
                      : validation.grade == Grade::partial ? Tint::warn
                                                           : Tint::none;
    fields.add("validation", validation_text(validation), tint);
    std::string_view rest = validation.excerpt;
    while (!rest.empty()) {
      const size_t end = rest.find('\n');
      fields.add("", rest.substr(0, end), tint);
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
  }
  for (const VersionRef& version : report.version)
    fields.add("can be restored",
               fmt::format("{}, {}", files_text(version.files), human_bytes(version.bytes)));
  add_deleted(fields, report.deleted);
  fields.add("processes", report.sandbox);
}

Table step_table(const AttemptReport& report) {
  Table table({{.title = "STEP", .shrink = 1},
               {.title = "OUTCOME", .shrink = 0},
               {.title = "TOOK", .align = Column::Align::right, .shrink = 0},
               {.title = "NOTE", .shrink = 5}});
  for (const StepReport& step : report.steps)
    table.row({step.name, to_string(step.outcome),
               human_duration(milliseconds{static_cast<int64_t>(step.duration_ms)}),
               step.output.empty() || step.note.empty() ? step.note + step.output
                                                        : step.note + " | " + step.output});
  return table;
}

}  // namespace dray::ops
