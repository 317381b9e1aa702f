#include "tests/simulator/crash_report.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cstring>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace dray::sim {
namespace {

constexpr int kDeadly[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

char text[160];  // made before the crash: nothing can be formatted in it
struct sigaction before[NSIG];
char stack[1 << 16];  // a stack that has overflown cannot be used

void say() {
  // There is nobody left to tell that this failed.
  if (::write(STDERR_FILENO, text, std::strlen(text)) < 0) return;
}

// The handler of before (a sanitizer's, or none) gets its turn when the fault happens again.
void on_signal(int number) {
  say();
  ::sigaction(number, &before[number], nullptr);
}

void install() {
  stack_t alternative{};
  alternative.ss_sp = stack;
  alternative.ss_size = sizeof stack;
  ::sigaltstack(&alternative, nullptr);
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_ONSTACK;
  for (const int number : kDeadly)
    ::sigaction(number, &action, &before[number]);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  __sanitizer_set_death_callback(say);
#endif
}

}  // namespace

void name_at_crash(uint64_t seed, Bug bug) {
  const auto end = fmt::format_to_n(
      text, sizeof text - 1, "dray-simulate crashed; replay: dray-simulate --seed {} --bug {}\n",
      seed, to_string(bug));
  *end.out = '\0';
  static const bool installed = (install(), true);
  (void)installed;
}

}  // namespace dray::sim
