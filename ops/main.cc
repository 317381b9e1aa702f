// The operator's hand: dray.
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>

#include "daemon/base/event_loop.h"
#include "daemon/base/log.h"
#include "ops/bus_backend.h"
#include "ops/context.h"

namespace {

using namespace dray;
using namespace dray::ops;

constexpr size_t kMaxStdin = 16 << 20;

Result<std::string> read_stdin() {
  std::string text;
  std::array<char, 64 << 10> buffer;
  while (text.size() <= kMaxStdin) {
    const ssize_t count = read(STDIN_FILENO, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno(errno, "standard input");
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<size_t>(count));
  }
  return fail(ErrorCode::exhausted, "standard input: more than {} bytes", kMaxStdin);
}

std::string this_program() {
  std::array<char, PATH_MAX> path{};
  const ssize_t length = readlink("/proc/self/exe", path.data(), path.size() - 1);
  return length > 0 ? std::string(path.data(), static_cast<size_t>(length)) : "dray";
}

}  // namespace

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  init_log("dray", {.level = LogLevel::warn, .format = LogFormat::human, .sink = {}});
  EventLoop loop;
  std::unique_ptr<Backend> daemon;
  Context context(Terminal::of_process());
  context.program = this_program();
  if (const char* path = std::getenv("DRAY_CONFIG")) context.config_path = path;
  context.read_stdin = read_stdin;
  context.connect = [&](Context& self) -> Result<Backend*> {
    if (!daemon) {
      DRAY_TRY_ASSIGN(const Config config, self.config());
      DRAY_TRY_ASSIGN(daemon, open_bus_backend(loop, config, {.asked_by = this_person()}));
    }
    return daemon.get();
  };
  return static_cast<int>(run_cli(context, {argv + 1, argv + argc}));
}
