// Stands in for rclone where a run must do nothing but wait to be stopped. Notes in the file
// `journal` beside itself when it began and when SIGTERM reached it, in nanoseconds of the boot
// clock.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "daemon/base/fd.h"
#include "daemon/base/files.h"
#include "tests/bench/measure.h"

namespace dray::bench {
namespace {

constexpr int kStoppedBySignal = 143;

// The directory of the run: ".../run-RUN-ATTEMPT-EPOCH".
std::string run_number() {
  const std::string name = std::filesystem::current_path().filename();
  const size_t begin = name.find('-') + 1;
  return name.substr(begin, name.find('-', begin) - begin);
}

void note(int fd, const std::string& run, std::string_view what) {
  must(write_all(fd, fmt::format("{} {} {}\n", run, what, now().time_since_epoch().count()),
                 "journal"));
}

int wait_to_be_stopped() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  const std::string journal =
      std::filesystem::read_symlink("/proc/self/exe").parent_path() / "journal";
  const UniqueFd fd(::open(journal.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  const std::string run = run_number();
  note(fd.get(), run, "began");
  int signal = 0;
  sigwait(&signals, &signal);
  note(fd.get(), run, "stopped");
  return kStoppedBySignal;
}

}  // namespace
}  // namespace dray::bench

int main(int argc, char** argv) {
  // What a worker asks before and around a transfer finds nothing.
  struct Answer {
    std::string_view question;
    std::string_view text;
  };
  constexpr Answer kAnswers[] = {{"version", "rclone v1.60.1\n"},
                                 {"providers", "[{\"Name\":\"local\",\"Options\":[]}]\n"},
                                 {"lsjson", "[\n]\n"}};
  for (int i = 1; i < argc; ++i)
    for (const Answer& row : kAnswers)
      if (row.question == argv[i]) {
        fmt::print("{}", row.text);
        return 0;
      }
  return dray::bench::wait_to_be_stopped();
}
