// How long it takes to get a child going from a process with a large heap: until the caller runs
// on, which is what stalls a loop, and until the child has ended.
//
//   bench-spawn run --guard dray-guard --mib N --count N --rounds N
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "tests/bench/measure.h"
#include "workers/child_process.h"

extern char** environ;

namespace dray::bench {
namespace {

const char* const kProgram = "/bin/true";

[[noreturn]] void become_program() {
  const char* const argv[] = {kProgram, nullptr};
  ::execve(kProgram, const_cast<char* const*>(argv), environ);
  ::_exit(127);
}
pid_t by_fork() {
  const pid_t pid = ::fork();
  if (pid == 0) become_program();
  return pid;
}
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
pid_t by_vfork() {
  const pid_t pid = ::vfork();
  if (pid == 0) become_program();
  return pid;
}
#pragma GCC diagnostic pop
pid_t by_posix_spawn() {
  const char* const argv[] = {kProgram, nullptr};
  pid_t pid = -1;
  ::posix_spawn(&pid, kProgram, nullptr, nullptr, const_cast<char* const*>(argv), environ);
  return pid;
}

double bare(const std::function<pid_t()>& spawn, uint64_t count) {
  std::vector<double> each;
  for (uint64_t i = 0; i < count; ++i) {
    const Instant start = now();
    const pid_t pid = spawn();
    each.push_back(to_us(now() - start));
    if (pid < 0) give_up("cannot spawn");
    int status = 0;
    ::waitpid(pid, &status, 0);
  }
  return percentile(each, 50);
}

struct Ours {
  double returned_us;
  double gone_us;
};

Ours ours(const std::string& guard, uint64_t count) {
  EventLoop loop;
  worker::ProcessFamily family;
  std::vector<double> returned, gone;
  for (uint64_t i = 0; i < count; ++i) {
    worker::ChildSpec spec;
    spec.guard = guard;
    spec.label = "bench";
    spec.directory = "/";
    spec.argv = {kProgram};
    worker::ChildHandlers handlers;
    bool over = false;
    handlers.on_failed = [](const Error& error) { give_up(error.message); };
    handlers.on_gone = [&over] { over = true; };
    const Instant start = now();
    const auto child =
        must(worker::ChildProcess::start(loop, family, std::move(spec), std::move(handlers)));
    returned.push_back(to_us(now() - start));
    while (!over)
      loop.run_turn();
    gone.push_back(to_us(now() - start));
  }
  return {percentile(returned, 50), percentile(gone, 50)};
}

}  // namespace
}  // namespace dray::bench

int main(int argc, char** argv) {
  using namespace dray::bench;
  const Arguments arguments(argc, argv);
  const uint64_t count = arguments.number("count", 50);
  // Every page is touched, in small pages: huge ones would make fork cheap.
  const size_t bytes = arguments.number("mib", 1024) << 20;
  void* heap = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (heap == MAP_FAILED) give_up("cannot get the memory");
  ::madvise(heap, bytes, MADV_NOHUGEPAGE);
  for (size_t at = 0; at < bytes; at += 4096)
    static_cast<volatile char*>(heap)[at] = 1;
  for (uint64_t round = 0; round < arguments.number("rounds", 5); ++round) {
    Report report;
    report.add("fork", bare(by_fork, std::max<uint64_t>(count / 5, 2)));
    report.add("vfork", bare(by_vfork, count));
    report.add("posix_spawn", bare(by_posix_spawn, count));
    const Ours guarded = ours(arguments.text("guard"), count);
    report.add("ours", guarded.returned_us).add("ours_gone", guarded.gone_us).print();
  }
}
