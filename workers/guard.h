// What the worker and its guards say to each other, and the guard itself.
//
// A guard (program dray-guard) stands between the worker and one rclone. It is a subreaper:
// whatever rclone starts, however it detaches itself, ends up below the guard. The guard kills all
// of it when told to, when the deadline of the lease passes (also while the worker hangs or is
// stopped), when the command has ended, and when the worker dies (end of file on the control
// socket). It exits when nothing is left. If the guard itself is killed, the command dies with it
// (PDEATHSIG) and orphans fall to the worker, which is a subreaper as well and sweeps them
// (child_process.h).
//
// One SOCK_SEQPACKET packet is one message, both ends on one machine and from one build. The guard
// program is linked statically and contains little but this file: it has to start in a millisecond.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

namespace dray::guard {

// Descriptors the guard is started with, beside stdin, stdout and stderr, which are the command's.
inline constexpr int kControlFd = 3;
// Only of a command that is fed: the other end of its stdin. The guard holds it until told
// otherwise, so that the command never takes the death of who feeds it for the end of its input.
inline constexpr int kInputFd = 4;

enum class Order : uint32_t {
  deadline = 1,   // value: CLOCK_BOOTTIME in ns at which everything is killed
  terminate = 2,  // SIGTERM to the command's process group
  kill = 3,       // SIGKILL to everything, until nothing is left
  end_input = 4,  // lets go of kInputFd
};

struct OrderPacket {
  Order order = Order::deadline;
  uint32_t reserved = 0;
  int64_t value = 0;
};

// Where a start can fail. The order is that in which it happens.
enum class Stage : uint32_t {
  none = 0,
  usage,
  subreaper,
  signals,
  timer,
  pipe,
  fork,
  death_signal,
  session,
  limits,
  privileges,
  descriptors,
  directory,
  exec,
  count
};

struct StageText {
  Stage stage;
  std::string_view text;
};
inline constexpr StageText kStageTexts[] = {
    {Stage::none, "nothing"},
    {Stage::usage, "read the guard's arguments"},
    {Stage::subreaper, "become a subreaper"},
    {Stage::signals, "set up signals"},
    {Stage::timer, "set up the deadline"},
    {Stage::pipe, "make a pipe"},
    {Stage::fork, "fork"},
    {Stage::death_signal, "tie the command to the guard"},
    {Stage::session, "make a session"},
    {Stage::limits, "set limits"},
    {Stage::privileges, "give up new privileges"},
    {Stage::descriptors, "close descriptors"},
    {Stage::directory, "enter the directory"},
    {Stage::exec, "exec"},
};
constexpr bool stage_texts_complete() {
  if (std::size(kStageTexts) != static_cast<size_t>(Stage::count)) return false;
  for (size_t i = 0; i < std::size(kStageTexts); ++i)
    if (static_cast<size_t>(kStageTexts[i].stage) != i) return false;
  return true;
}
static_assert(stage_texts_complete(), "every stage has its text, in order");

constexpr std::string_view text_of(Stage stage) {
  const size_t index = static_cast<size_t>(stage);
  return index < std::size(kStageTexts) ? kStageTexts[index].text : "an unknown stage";
}

enum class Report : uint32_t {
  started = 1,  // the command runs; pid
  failed = 2,   // it does not: stage and errno
  exited = 3,   // its wait status; everything else of it is being killed
};

struct ReportPacket {
  Report report = Report::started;
  Stage stage = Stage::none;
  int32_t error = 0;  // errno
  int32_t pid = 0;
  int32_t wait_status = 0;
  uint32_t by_deadline = 0;  // 1: the lease's deadline passed before the command ended
  int64_t max_rss_kib = 0;
  int64_t cpu_us = 0;
};

// Two short lives of the same program, around a sandbox (sandbox.h):
//   dray-guard --shield GROUP PROGRAM [ARGUMENT...]  moves into the control group (a directory; ""
//       for none), ignores SIGTERM, then becomes the program. So bubblewrap outlives a SIGTERM that
//       is meant for what runs inside.
//   dray-guard --enter MEMORY PROGRAM [ARGUMENT...]  sets signals back and limits what the program
//       may write to in memory (bytes; 0: no limit), then becomes it.
// Both exit with 127 and a line on stderr when the program cannot be executed.
inline constexpr std::string_view kShield = "--shield";
inline constexpr std::string_view kEnter = "--enter";

// The whole life of a guard:  dray-guard LABEL KILL_AT_NS DIRECTORY PROGRAM [ARGUMENT...]
// LABEL shows in process lists. The environment is passed on as it is.
// Exits 0 when nothing is left, 1 when the start failed.
int run(int argc, char** argv);

}  // namespace dray::guard
