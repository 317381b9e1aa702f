// What the tests with real processes share: waiting without sleeping, looking at processes.
#pragma once

#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <sstream>
#include <string>

#include "daemon/base/event_loop.h"
#include "daemon/base/files.h"
#include "daemon/base/time.h"
#include "tests/support/catch.h"

namespace dray::worker {

inline constexpr Duration kPatience = seconds{60};

inline std::string bin(const std::string& program) {
  return std::string(DRAY_BIN_DIR) + "/" + program;
}

// Turns the loop until the condition holds; false after kPatience. A timer wakes the loop so that
// conditions outside of it are seen too.
inline bool turn_until(EventLoop& loop, const std::function<bool()>& condition) {
  const SystemClock clock;
  const Instant end = clock.now().mono + kPatience;
  Timer tick(loop);
  tick.start_repeating(milliseconds{5}, [] {});
  while (!condition()) {
    if (clock.now().mono > end) return false;
    loop.run_turn();
  }
  return true;
}

inline std::string content(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

inline void put_file(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
}

// Neither there nor a zombie.
inline bool is_gone(pid_t pid) {
  const Result<std::string> stat = read_file("/proc/" + std::to_string(pid) + "/stat", 4096);
  if (!stat) return true;
  const size_t end = stat->rfind(')');
  return end == std::string::npos || end + 2 >= stat->size() || (*stat)[end + 2] == 'Z';
}

inline pid_t pid_in(const std::string& path) {
  const std::string text = content(path);
  return text.empty() ? 0 : std::stoi(text);
}

}  // namespace dray::worker
