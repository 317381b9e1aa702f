// Pictures of runs for people: a live block for a terminal, single lines elsewhere. Pure.
#pragma once

#include <optional>
#include <string>

#include "schemas/messages.h"

namespace dray::ops {

// What is shown of one run.
struct RunPicture {
  RunId run;
  std::string job;
  std::string worker;
  uint32_t attempt = 0;
  RunState state = RunState::queued;
  Progress progress;
  std::string note;  // "connection lost, waiting", why it waits, ...
};

// "████████░░░░" of `cells`, in eighths of a cell.
std::string progress_bar(double percent, int cells);

// The live block: head, bar, counters, up to `max_files` current files. `width` cells per line.
std::string render_live(const RunPicture& picture, int width, size_t max_files, bool colour);

// One line: for `dray watch` of many runs, and for files and pipes.
std::string render_line(const RunPicture& picture, int width, bool colour);

// One value: "37.5 %  transferring  1.2 GiB of at least 3.1 GiB  8.0 MiB/s  ETA 4m 10s  files 12 of
// 40". No width: the caller's table fits it.
std::string progress_text(const RunPicture& picture);

// Decides which pictures deserve a line where nothing can be redrawn: a change of state, phase,
// attempt or note, and every further tenth of the way.
class LineFilter {
 public:
  bool worth_a_line(const RunPicture& picture);

 private:
  struct Seen {
    RunState state;
    Phase phase;
    uint32_t attempt;
    int tenth;
    std::string note;
    bool operator==(const Seen&) const = default;
  };
  std::optional<Seen> last_;
};

}  // namespace dray::ops
