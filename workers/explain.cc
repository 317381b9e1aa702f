#include "workers/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <csignal>
#include <iterator>
#include <nlohmann/json.hpp>

#include "workers/clean_text.h"

namespace dray {
namespace {

struct SignalName {
  std::string_view name;
  int signal;
};
constexpr SignalName kSignalNames[] = {
    {"TERM", SIGTERM}, {"KILL", SIGKILL}, {"INT", SIGINT},   {"HUP", SIGHUP}, {"QUIT", SIGQUIT},
    {"PIPE", SIGPIPE}, {"ABRT", SIGABRT}, {"SEGV", SIGSEGV}, {"BUS", SIGBUS}, {"ILL", SIGILL},
    {"FPE", SIGFPE},   {"ALRM", SIGALRM}, {"TRAP", SIGTRAP}, {"SYS", SIGSYS}, {"USR1", SIGUSR1},
    {"USR2", SIGUSR2}, {"XCPU", SIGXCPU}, {"XFSZ", SIGXFSZ},
};
constexpr int kLastSignal = 64;

constexpr std::string_view kLevelNames[] = {"DEBUG", "INFO", "NOTICE", "ERROR", "FATAL"};

// The clock time out of "2026-11-20T05:47:03.33Z" and "2026/11/20 05:47:03".
std::string_view clock_time(std::string_view time) {
  constexpr size_t kDate = 11;
  constexpr size_t kClock = 8;
  if (time.size() < kDate + kClock) return {};
  return time.substr(kDate, kClock);
}

}  // namespace

Judgement LogExplainer::finish(const ExitFacts& facts) {
  reader_.finish(collector_);
  RunEvidence& evidence = collector_.evidence();
  evidence.exit_code = facts.exit_code;
  evidence.signal = facts.signal;
  evidence.stop = facts.stop;
  if (facts.version) evidence.version = facts.version;
  evidence.verb = facts.verb;
  return judge(evidence);
}

std::string to_json(const Judgement& judgement) {
  nlohmann::ordered_json json;
  json["outcome"] = to_string(judgement.outcome);
  json["class"] = to_string(judgement.error_class);
  json["retry"] = judgement.retry;
  json["hint"] = judgement.hint;
  json["bytes"] = judgement.bytes;
  json["files"] = judgement.files;
  json["checks"] = judgement.checks;
  json["deletes"] = judgement.deletes;
  json["errors"] = judgement.errors;
  json["deciding_line"] = judgement.deciding_line;
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::optional<int> parse_signal(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc{} && end == text.data() + text.size()) {
    if (number < 1 || number > kLastSignal) return std::nullopt;
    return number;
  }
  std::string upper;
  std::ranges::transform(text, std::back_inserter(upper),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  std::string_view name = upper;
  if (name.starts_with("SIG")) name.remove_prefix(3);
  for (const SignalName& row : kSignalNames)
    if (row.name == name) return row.signal;
  return std::nullopt;
}

void LogRenderer::feed(std::span<const char> bytes, std::string& out) {
  out_ = &out;
  reader_.feed(bytes, *this);
}

void LogRenderer::finish(std::string& out) {
  out_ = &out;
  reader_.finish(*this);
}

void LogRenderer::on_plain(std::string_view text) {
  *out_ += redact_secrets(strip_controls(text));
  *out_ += '\n';
}

void LogRenderer::render(const LogLine& line) {
  const std::string_view clock = clock_time(line.time);
  if (!clock.empty()) fmt::format_to(std::back_inserter(*out_), "{} ", strip_controls(clock));
  fmt::format_to(std::back_inserter(*out_), "{:<6} ", kLevelNames[static_cast<size_t>(line.level)]);
  if (!line.object.empty()) *out_ += strip_controls(line.object) + ": ";
  *out_ += redact_secrets(strip_controls(line.message));
  *out_ += '\n';
}

}  // namespace dray
