#include "ops/progress_view.h"

#include <limits>

#include "ops/text_width.h"
#include "tests/support/catch.h"

using namespace dray;
using namespace dray::ops;

namespace {

RunPicture picture() {
  RunPicture p;
  p.run = RunId{42};
  p.job = "photos";
  p.worker = "node1";
  p.attempt = 1;
  p.state = RunState::running;
  p.progress.phase = Phase::transferring;
  p.progress.percent = 43.21;
  p.progress.bytes_done = 120 << 20;
  p.progress.bytes_total = 280 << 20;
  p.progress.files_done = 120;
  p.progress.files_total = 300;
  p.progress.bytes_per_second = 12 << 20;
  p.progress.eta_seconds = 69;
  p.progress.elapsed_ms = 12'000;
  p.progress.files = {{"2026/IMG_0001.jpg", 1 << 20, 2 << 20, 50}, {"stream", 10, -1, 0}};
  return p;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

}  // namespace

TEST_CASE("the bar is as long as asked for, whatever the percent") {
  for (const double percent :
       {-5.0, 0.0, 0.4, 12.5, 50.0, 99.99, 100.0, 1e9, std::numeric_limits<double>::quiet_NaN()})
    for (const int cells : {0, 1, 7, 40})
      CHECK(display_width(progress_bar(percent, cells)) == cells);
  CHECK(progress_bar(50, 4) == "██░░");
  CHECK(progress_bar(100, 3) == "███");
}

TEST_CASE("the live block shows bytes, files, speed, time left and current files") {
  const auto lines = lines_of(render_live(picture(), 90, 5, false));
  REQUIRE(lines.size() == 5);
  CHECK(lines[0].starts_with("photos  run 42  on node1"));
  CHECK(lines[0].ends_with("transferring"));
  CHECK(lines[1].find(" 43.2 %  120 MiB of at least 280 MiB  12.0 MiB/s  ETA 1m 09s") !=
        std::string::npos);
  CHECK(lines[2] == "files 120 of at least 300  elapsed 12s");
  CHECK(lines[3].find("50 %  2026/IMG_0001.jpg") != std::string::npos);
}

TEST_CASE("no line of the live block is wider than the terminal") {
  RunPicture p = picture();
  p.job = std::string(200, 'j');
  p.note = std::string(300, 'n');
  p.progress.files[0].name = "日本語/" + std::string(300, 'x') + "\x1b[2J";
  for (int width = 20; width < 200; width += 7)
    for (const std::string& line : lines_of(render_live(p, width, 5, false))) {
      INFO(width << ": " << line);
      CHECK(display_width(line) <= width);
      CHECK(line.find('\x1b') == std::string::npos);
    }
}

TEST_CASE("a run that is not done never says 100 percent") {
  RunPicture p = picture();
  p.progress.percent = 100;
  CHECK(render_live(p, 90, 0, false).find("100.0 %") == std::string::npos);
  p.progress.phase = Phase::done;
  CHECK(render_live(p, 90, 0, false).find("100.0 %") != std::string::npos);
}

TEST_CASE("where nothing can be redrawn only changes are worth a line") {
  LineFilter filter;
  RunPicture p = picture();
  CHECK(filter.worth_a_line(p));
  CHECK_FALSE(filter.worth_a_line(p));
  p.progress.percent = 44;
  p.progress.bytes_done += 1000;
  CHECK_FALSE(filter.worth_a_line(p));
  p.progress.percent = 50.1;
  CHECK(filter.worth_a_line(p));
  p.progress.phase = Phase::deleting;
  CHECK(filter.worth_a_line(p));
  p.attempt = 2;
  CHECK(filter.worth_a_line(p));
  p.note = "connection lost";
  CHECK(filter.worth_a_line(p));
}

TEST_CASE("a waiting run shows why it waits instead of a bar") {
  RunPicture p = picture();
  p.state = RunState::queued;
  p.progress = {};
  p.note = "all 2 slots are busy";
  CHECK(render_line(p, 0, false) == "run 42  photos  queued  all 2 slots are busy");
}
