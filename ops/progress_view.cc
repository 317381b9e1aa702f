#include "ops/progress_view.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "daemon/base/text.h"
#include "ops/format.h"
#include "ops/table.h"
#include "ops/text_width.h"

namespace dray::ops {
namespace {

uint64_t positive(int64_t value) {
  return value > 0 ? static_cast<uint64_t>(value) : 0;
}

// "120 of 300", "120 of at least 300" while the listing goes on.
std::string of_total(const std::string& done, const std::string& total, bool lower_bound) {
  return fmt::format("{} of {}{}", done, lower_bound ? "at least " : "", total);
}

std::string bytes_text(const Progress& p) {
  if (p.bytes_total <= 0) return human_bytes(positive(p.bytes_done));
  return of_total(human_bytes(positive(p.bytes_done)), human_bytes(positive(p.bytes_total)),
                  p.totals_are_lower_bounds);
}

std::string files_text(const Progress& p) {
  if (p.files_total <= p.files_done && p.totals_are_lower_bounds)
    return std::to_string(p.files_done);
  return of_total(std::to_string(p.files_done), std::to_string(p.files_total),
                  p.totals_are_lower_bounds);
}

std::string what_happens(const RunPicture& picture) {
  const bool moving = picture.state == RunState::running || picture.state == RunState::starting;
  // Until the first picture the state says more than an empty phase.
  return moving && picture.progress.phase != Phase::queued
             ? std::string(to_string(picture.progress.phase))
             : std::string(to_string(picture.state));
}

// Parts joined by two spaces as long as they fit; the first ones matter most.
std::string joined(const std::vector<std::string>& parts, int width) {
  std::string line;
  for (const std::string& part : parts) {
    if (part.empty()) continue;
    if (!line.empty() && width > 0 && display_width(line) + 2 + display_width(part) > width) break;
    line += (line.empty() ? "" : "  ") + part;
  }
  return width > 0 ? fit(line, width) : line;
}

std::string percent_text(const Progress& p) {
  // 100.0 % is only said of what is done.
  const double shown = p.phase == Phase::done ? p.percent : std::min(p.percent, 99.9);
  return fmt::format("{:5.1f} %", std::max(0.0, shown));
}

std::string speed_text(const Progress& p) {
  return p.bytes_per_second > 0 ? human_rate(positive(p.bytes_per_second)) : "";
}

std::string eta_text(const Progress& p) {
  return p.eta_seconds > 0 ? "ETA " + human_duration(seconds{p.eta_seconds}) : "";
}

std::string counters(const Progress& p, int width) {
  return joined(
      {"files " + files_text(p), p.checks_done > 0 ? fmt::format("checked {}", p.checks_done) : "",
       p.deletes > 0 ? fmt::format("deleted {}", p.deletes) : "",
       p.errors > 0 ? fmt::format("errors {}", p.errors) : "",
       p.elapsed_ms > 0 ? "elapsed " + human_duration(milliseconds{p.elapsed_ms}) : ""},
      width);
}

std::string file_line(const CurrentFile& file, int width) {
  std::string left = file.size > 0 ? fmt::format("  {:3} %  ", file.percent) : "         ";
  std::string right = file.size > 0 ? "  " + human_bytes(positive(file.size)) : "";
  const int room = width - display_width(left) - display_width(right);
  if (room < 8) return fit(left + clean(file.name), width);
  return left + pad_right(fit_middle(clean(file.name), room), room) + right;
}

}  // namespace

std::string progress_bar(double percent, int cells) {
  static constexpr std::string_view kParts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  if (cells <= 0) return "";
  const double share = std::clamp(std::isfinite(percent) ? percent : 0.0, 0.0, 100.0) / 100.0;
  const int eighths = static_cast<int>(share * cells * 8);
  std::string bar;
  for (int i = 0; i < eighths / 8; ++i)
    bar += "█";
  int used = eighths / 8;
  if (eighths % 8 != 0) {
    bar += kParts[static_cast<size_t>(eighths % 8)];
    ++used;
  }
  for (; used < cells; ++used)
    bar += "░";
  return bar;
}

std::string render_live(const RunPicture& picture, int width, size_t max_files, bool colour) {
  const Progress& p = picture.progress;
  std::string head = fmt::format("{}  run {}", clean(picture.job), picture.run.value);
  if (picture.attempt > 1) head += fmt::format("  attempt {}", picture.attempt);
  if (!picture.worker.empty()) head += "  on " + clean(picture.worker);
  const std::string state = what_happens(picture);
  const int head_room = std::max(0, width - display_width(state) - 2);
  std::string out = tinted(pad_right(fit(head, head_room), head_room), Tint::bold, colour) + "  " +
                    tinted(state, state_tint(picture.state), colour) + "\n";

  const std::string facts =
      joined({percent_text(p), bytes_text(p), speed_text(p), eta_text(p)}, width - 12);
  const int bar = std::clamp(width - display_width(facts) - 2, 0, 40);
  out += tinted(progress_bar(p.percent, bar), Tint::good, colour) + "  " + facts + "\n";
  out += counters(p, width) + "\n";
  for (size_t i = 0; i < std::min(max_files, p.files.size()); ++i)
    out += file_line(p.files[i], width) + "\n";
  if (!picture.note.empty())
    out += tinted(fit(clean(picture.note), width), Tint::warn, colour) + "\n";
  return out;
}

std::string render_line(const RunPicture& picture, int width, bool colour) {
  const Progress& p = picture.progress;
  const bool moving = is_on_worker(picture.state);
  std::string attempt = picture.attempt > 1 ? fmt::format("attempt {}", picture.attempt) : "";
  const std::string head = fmt::format("run {}  {}", picture.run.value, clean(picture.job));
  const std::string state = what_happens(picture);
  const int room =
      width > 0 ? std::max(8, width - display_width(head) - display_width(state) - 4) : 0;
  std::string rest = moving ? joined({percent_text(p), bytes_text(p), speed_text(p), eta_text(p),
                                      "files " + files_text(p), attempt, clean(picture.note)},
                                     room)
                            : joined({attempt, clean(picture.note)}, room);
  return head + "  " + tinted(state, state_tint(picture.state), colour) +
         (rest.empty() ? "" : "  " + rest);
}

std::string progress_text(const RunPicture& picture) {
  const Progress& p = picture.progress;
  return joined({std::string(trim(percent_text(p))), what_happens(picture), bytes_text(p),
                 speed_text(p), eta_text(p), counters(p, 0)},
                0);
}

bool LineFilter::worth_a_line(const RunPicture& picture) {
  Seen seen{picture.state, picture.progress.phase, picture.attempt,
            static_cast<int>(picture.progress.percent / 10), picture.note};
  if (last_ == seen) return false;
  last_ = std::move(seen);
  return true;
}

}  // namespace dray::ops
