// dray-simulate: campaigns of seeds, the replay of one, and the proof that planted bugs are found.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <vector>

#include "tests/simulator/crash_report.h"
#include "tests/simulator/world.h"

namespace dray::sim {
namespace {

struct Arguments {
  uint64_t seeds = 0;
  uint64_t seed = 0;  // the only one, or the first
  uint64_t seconds = 0;
  bool prove = false;
  bool trace = false;
  Bug bug = Bug::none;
};

constexpr uint64_t kReplayEvery = 50;  // seeds that are run twice and compared
constexpr uint64_t kSeedsPerBug = 400;
// A campaign of this many seeds gets into every situation that is known (marks.h), or has rotted.
constexpr uint64_t kSeedsForAllMarks = 1000;

constexpr const char* kUsage =
    "usage: dray-simulate [--seeds N] [--seed S] [--seconds T] [--bug NAME] [--trace] [--prove]\n"
    "  --seeds N    so many seeds, from --seed on (default: fresh ones)\n"
    "  --seed S     alone: replay this one\n"
    "  --seconds T  seeds until this much time has passed\n"
    "  --bug NAME   with a planted bug\n"
    "  --trace      print what happens\n"
    "  --prove      every planted bug must be found, and every situation reached\n";

struct Verdict {
  std::vector<Violation> violations;
  uint64_t hash = 0;
  Tally tally;
};

// Where the lock files of the simulated databases are: the databases are on simulated disks.
class Scratch {
 public:
  Scratch() {
    if (::mkdtemp(path_.data()) == nullptr) path_ = ".";
  }
  ~Scratch() {
    std::error_code ignored;
    if (path_ != ".") std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_ = (std::filesystem::temp_directory_path() / "dray-simulate-XXXXXX").string();
};

Verdict simulate(uint64_t seed, Bug bug, bool trace) {
  static const Scratch scratch;
  name_at_crash(seed, bug);
  World world(seed, bug, scratch.path());
  world.print_trace(trace);
  world.run();
  return Verdict{world.observer.violations(), world.trace_hash(), world.observer.tally};
}

void report(uint64_t seed, Bug bug, const Verdict& verdict) {
  fmt::print("seed {} breaks a promise (trace {:016x})\n  plan: {}\n", seed, verdict.hash,
             describe(draw_plan(seed, bug)));
  for (const Violation& violation : verdict.violations)
    fmt::print("  {}: {}\n", violation.promise, violation.what);
  fmt::print("  replay: dray-simulate --seed {} --trace{}\n", seed,
             bug == Bug::none ? "" : fmt::format(" --bug {}", to_string(bug)));
}

void print_tally(uint64_t seeds, const Tally& t, double took) {
  const double virtual_hours = std::chrono::duration<double>(t.virtual_time).count() / 3600;
  fmt::print(
      "{} seeds: {:.1f} virtual hours in {:.1f} s; {} runs, {} attempts, {} finished, {} lost, "
      "{} stale answers, {} faults, {} commits, {} frames, {} steps\n",
      seeds, virtual_hours, took, t.runs, t.attempts, t.finished, t.lost, t.stale, t.faults,
      t.commits, t.frames, t.steps);
}

// Prints which situations no seed got into. Returns how many.
size_t print_unreached(const Marks& marks) {
  size_t unreached = 0;
  for (const EnumRow<Mark>& row : EnumNames<Mark>::kRows) {
    if (marks.count(row.value) > 0) continue;
    fmt::print("{}: {}\n", unreached == 0 ? "not reached" : "           ", row.name);
    ++unreached;
  }
  fmt::print("{} of {} situations reached\n", kMarks - unreached, kMarks);
  return unreached;
}

double since(Instant begin) {
  return std::chrono::duration<double>(SystemClock().now().mono - begin).count();
}

int campaign(const Arguments& arguments) {
  const Instant begin = SystemClock().now().mono;
  Tally total;
  uint64_t done = 0;
  int failed = 0;
  const auto more = [&] {
    if (arguments.seconds != 0) return since(begin) < static_cast<double>(arguments.seconds);
    return done < std::max<uint64_t>(arguments.seeds, 1);
  };
  for (; more() && failed == 0; ++done) {
    const uint64_t seed = arguments.seed + done;
    const Verdict verdict = simulate(seed, arguments.bug, arguments.trace);
    total.add(verdict.tally);
    if (!verdict.violations.empty()) {
      report(seed, arguments.bug, verdict);
      failed = 1;
    } else if (seed % kReplayEvery == 0 &&
               simulate(seed, arguments.bug, false).hash != verdict.hash) {
      fmt::print("seed {} does not replay identically\n", seed);
      failed = 1;
    }
  }
  print_tally(done, total, since(begin));
  const size_t unreached = print_unreached(total.marks);
  return failed != 0 || (done >= kSeedsForAllMarks && unreached > 0) ? 1 : 0;
}

// Each planted bug must be found within so many seeds, by one that is sound without it.
int prove() {
  int missed = 0;
  for (const EnumRow<Bug>& row : EnumNames<Bug>::kRows) {
    if (row.value == Bug::none) continue;
    uint64_t seed = 1;
    Verdict verdict;
    for (; seed <= kSeedsPerBug && verdict.violations.empty(); ++seed)
      verdict = simulate(seed, row.value, false);
    if (verdict.violations.empty()) {
      fmt::print("{:<26} NOT found in {} seeds\n", row.name, kSeedsPerBug);
      ++missed;
    } else if (!simulate(seed - 1, Bug::none, false).violations.empty()) {
      fmt::print("{:<26} proves nothing: seed {} breaks a promise without it\n", row.name,
                 seed - 1);
      ++missed;
    } else {
      fmt::print("{:<26} found by seed {:>3}: {}: {}\n", row.name, seed - 1,
                 verdict.violations[0].promise, verdict.violations[0].what);
    }
  }
  if (missed != 0) return 1;
  return campaign(Arguments{.seeds = kSeedsForAllMarks, .seed = 1});
}

bool number(const char* text, uint64_t& value) {
  if (text == nullptr) return false;
  const std::string_view view(text);
  return std::from_chars(view.data(), view.data() + view.size(), value).ptr ==
         view.data() + view.size();
}

bool parse(int argc, char** argv, Arguments& arguments) {
  bool seed_given = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    const char* const value = i + 1 < argc ? argv[i + 1] : nullptr;
    if (name == "--prove") {
      arguments.prove = true;
    } else if (name == "--trace") {
      arguments.trace = true;
    } else if (name == "--bug" && value != nullptr) {
      const auto bug = parse_enum<Bug>(value);
      if (!bug) return false;
      arguments.bug = *bug;
      ++i;
    } else if (name == "--seed" && number(value, arguments.seed)) {
      seed_given = true;
      ++i;
    } else if ((name == "--seeds" && number(value, arguments.seeds)) ||
               (name == "--seconds" && number(value, arguments.seconds))) {
      ++i;
    } else {
      return false;
    }
  }
  // Fresh seeds every time, small enough to type.
  if (!seed_given)
    arguments.seed =
        static_cast<uint64_t>(to_unix_us(SystemClock().now().wall)) / 1000 % 1'000'000'000;
  return true;
}

}  // namespace
}  // namespace dray::sim

int main(int argc, char** argv) {
  dray::sim::Arguments arguments;
  if (!dray::sim::parse(argc, argv, arguments)) {
    fmt::print(stderr, "{}", dray::sim::kUsage);
    return 2;
  }
  return arguments.prove ? dray::sim::prove() : dray::sim::campaign(arguments);
}
