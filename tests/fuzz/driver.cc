// Runs a fuzz target: all seeds, then mutations of them for so many runs or
// seconds. The input that the program dies of is left in a file, which replays it. In a build with
// -fsanitize-coverage=trace-pc inputs that reach new code are mutated further.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "daemon/base/files.h"
#include "daemon/base/time.h"
#include "tests/fuzz/target.h"
#include "tests/simulator/random.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace {

constexpr size_t kPlaces = 1 << 16;
bool reached[kPlaces];
bool reached_new = false;

}  // namespace

// Called at every branch of code that is built for it, so it calls nothing itself.
extern "C" __attribute__((no_sanitize_coverage)) void __sanitizer_cov_trace_pc() {
  const auto place = reinterpret_cast<uintptr_t>(__builtin_return_address(0)) % kPlaces;
  if (reached[place]) return;
  reached[place] = true;
  reached_new = true;
}

namespace dray::fuzz {
namespace {

using sim::Random;

constexpr size_t kMaxInput = 16 << 10;
constexpr size_t kMaxSeed = 64 << 10;
constexpr int kDeadly[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

// ── What it died of ─────────────────────────────────────────────────────────────────────────────

std::string input;
std::string left_in = "fuzz-crash";  // the file
struct sigaction before[NSIG];

void save_input() {
  const int fd = ::open(left_in.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0 || ::write(fd, input.data(), input.size()) < 0) return;
  ::close(fd);
  constexpr std::string_view kSaid = "the input is left in: ";
  if (::write(STDERR_FILENO, kSaid.data(), kSaid.size()) < 0) return;
  if (::write(STDERR_FILENO, left_in.data(), left_in.size()) < 0) return;
  if (::write(STDERR_FILENO, "\n", 1) < 0) return;
}

// The handler of before (a sanitizer's, or none) gets its turn when the fault happens again.
void on_signal(int number) {
  save_input();
  ::sigaction(number, &before[number], nullptr);
}

void keep_what_it_dies_of() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  for (const int number : kDeadly)
    ::sigaction(number, &action, &before[number]);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  __sanitizer_set_death_callback(save_input);
#endif
}

void run(std::string data) {
  input = std::move(data);
  // A copy of its exact size, so that a byte read behind it is noticed.
  const std::vector<uint8_t> bytes(input.begin(), input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

// ── Mutations ───────────────────────────────────────────────────────────────────────────────────

class Mutator {
 public:
  Mutator(uint64_t seed, std::vector<std::string> corpus)
      : random_(seed), corpus_(std::move(corpus)), words_(words()) {}

  std::string next() {
    std::string data = any(corpus_);
    for (int64_t i = random_.between(1, 6); i > 0; --i)
      mutate(data);
    if (data.size() > kMaxInput) data.resize(kMaxInput);
    return data;
  }
  void keep(const std::string& data) { corpus_.push_back(data); }
  size_t corpus_size() const { return corpus_.size(); }

 private:
  template <class Item>
  const Item& any(const std::vector<Item>& list) {
    return list[static_cast<size_t>(random_.next() % list.size())];
  }
  size_t place(const std::string& data) {
    return data.empty() ? 0 : static_cast<size_t>(random_.next() % data.size());
  }
  std::string piece(const std::string& data) {
    const size_t at = place(data);
    return data.substr(at, static_cast<size_t>(random_.between(1, 64)));
  }
  void mutate(std::string& data) {
    static constexpr char kBoundaries[] = {'\0', '\x01', '\x7f', '\x80', '\xc1', '\xff', '\n', '9'};
    const size_t at = place(data);
    switch (random_.between(0, 8)) {
      case 0:
        if (!data.empty()) data[at] = static_cast<char>(random_.next());
        return;
      case 1:
        if (!data.empty()) data[at] = static_cast<char>(data[at] ^ (1 << random_.between(0, 7)));
        return;
      case 2:
        if (!data.empty()) data[at] = kBoundaries[random_.next() % sizeof kBoundaries];
        return;
      case 3:
        data.erase(at, static_cast<size_t>(random_.between(1, 32)));
        return;
      case 4:
        data.insert(at, piece(data));
        return;
      case 5:
        data.insert(at, piece(any(corpus_)));
        return;
      case 6:
        if (!words_.empty()) data.insert(at, any(words_));
        return;
      case 7:
        data.insert(
            at, fmt::format("{}", static_cast<int64_t>(random_.next() >> (random_.next() % 64))));
        return;
      default:
        data.resize(at);
    }
  }

  Random random_;
  std::vector<std::string> corpus_;
  std::vector<std::string_view> words_;
};

struct Arguments {
  uint64_t runs = 0;  // 0: without end
  uint64_t seconds = 5;
  uint64_t seed = 0;
  std::vector<std::string> files;
};

int usage() {
  fmt::print(stderr,
             "usage: fuzz-NAME [--runs N] [--seconds T] [--seed S] [FILE...]\n"
             "  mutates good inputs for T seconds (5) or N runs; with files: runs just those\n");
  return 2;
}

bool parse(int argc, char** argv, Arguments& arguments) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (!name.starts_with("--")) {
      arguments.files.emplace_back(name);
      continue;
    }
    uint64_t* value = name == "--runs"      ? &arguments.runs
                      : name == "--seconds" ? &arguments.seconds
                      : name == "--seed"    ? &arguments.seed
                                            : nullptr;
    if (value == nullptr || ++i == argc) return false;
    const std::string_view text = argv[i];
    if (std::from_chars(text.data(), text.data() + text.size(), *value).ptr !=
        text.data() + text.size())
      return false;
  }
  return true;
}

int replay(const std::vector<std::string>& files) {
  for (const std::string& file : files) {
    auto data = read_file(file, 1 << 20);
    if (!data) {
      fmt::print(stderr, "{}\n", data.error().message);
      return 1;
    }
    run(std::move(*data));
  }
  fmt::print("{} files, nothing found\n", files.size());
  return 0;
}

int fuzz(const Arguments& arguments) {
  std::vector<std::string> good = seeds();
  std::erase_if(good, [](const std::string& seed) { return seed.size() > kMaxSeed; });
  for (const std::string& seed : good)
    run(seed);
  Mutator mutator(arguments.seed, std::move(good));
  const Instant end = SystemClock().now().mono + seconds{arguments.seconds};
  uint64_t runs = 0;
  for (; arguments.runs == 0 || runs < arguments.runs; ++runs) {
    if (runs % 64 == 0 && SystemClock().now().mono >= end) break;
    reached_new = false;
    const std::string data = mutator.next();
    run(data);
    if (reached_new) mutator.keep(data);
  }
  fmt::print("{} runs from seed {}, {} inputs kept, nothing found\n", runs, arguments.seed,
             mutator.corpus_size());
  return 0;
}

}  // namespace
}  // namespace dray::fuzz

int main(int argc, char** argv) {
  using namespace dray::fuzz;
  Arguments arguments;
  arguments.seed = static_cast<uint64_t>(dray::to_unix_us(dray::SystemClock().now().wall));
  if (!parse(argc, argv, arguments)) return usage();
  left_in = fmt::format("{}-crash-{}", argv[0], ::getpid());
  keep_what_it_dies_of();
  return arguments.files.empty() ? fuzz(arguments) : replay(arguments.files);
}
