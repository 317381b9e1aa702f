#include "ops/explain_command.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <span>

#include "daemon/base/fd.h"
#include "daemon/base/quote.h"
#include "daemon/base/text.h"
#include "ops/format.h"
#include "ops/views.h"
#include "workers/explain.h"

namespace dray::ops {
namespace {

Result<ExitFacts> facts_from(const Args& args) {
  ExitFacts facts;
  if (args.has("--exit") && args.has("--signal"))
    return fail(ErrorCode::invalid,
                "--exit and --signal exclude each other: a process ends by one");
  DRAY_TRY_ASSIGN(const int64_t exit_code, args.number("--exit", 0, 0, 255));
  facts.exit_code = static_cast<int>(exit_code);
  if (args.has("--signal")) {
    const std::optional<int> signal = parse_signal(args.text("--signal"));
    if (!signal)
      return fail(ErrorCode::invalid, "--signal: {} is not a signal; write TERM, SIGKILL or 9",
                  dray::quoted(args.text("--signal")));
    facts.signal = *signal;
  }
  if (args.has("--requested-stop")) facts.stop = StopReason::requested;
  if (args.has("--rclone-version")) {
    facts.version = parse_rclone_version(args.text("--rclone-version"));
    if (!facts.version)
      return fail(ErrorCode::invalid, "--rclone-version: {} is not a version like 1.60.1",
                  dray::quoted(args.text("--rclone-version")));
  }
  return facts;
}

// In pieces: a log may be larger than the memory.
Status feed_file(const std::string& path, LogExplainer& explainer) {
  UniqueFd file;
  if (path != "-") file.reset(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const int fd = path == "-" ? STDIN_FILENO : file.get();
  if (fd < 0) return fail_errno(errno, path);
  std::array<char, 64 << 10> buffer;
  while (true) {
    const ssize_t count = read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno(errno, path);
    if (count == 0) return {};
    explainer.feed(std::span(buffer.data(), static_cast<size_t>(count)));
  }
}

Tint outcome_tint(Outcome outcome) {
  switch (outcome) {
    case Outcome::succeeded:
    case Outcome::nothing_to_do:
      return Tint::good;
    case Outcome::failed:
    case Outcome::killed:
      return Tint::bad;
    default:
      return Tint::warn;
  }
}

uint64_t positive(int64_t value) {
  return value > 0 ? static_cast<uint64_t>(value) : 0;
}

}  // namespace

Result<Exit> explain_log(Context& context, const Args& args) {
  DRAY_TRY_ASSIGN(const ExitFacts facts, facts_from(args));
  LogExplainer explainer;
  DRAY_TRY(feed_file(args.text("--explain"), explainer));
  const Judgement verdict = explainer.finish(facts);
  if (context.printed_json(to_json(verdict))) return Exit::ok;
  Fields fields;
  fields.add("outcome", to_string(verdict.outcome), outcome_tint(verdict.outcome));
  if (verdict.error_class != ErrorClass::none) fields.add("class", to_string(verdict.error_class));
  fields.add("retry", verdict.retry ? "yes, another attempt has a chance" : "no");
  fields.add("what to do", verdict.hint);
  fields.add("done", fmt::format("{} in {} files, {} compared, {} deleted, {} errors",
                                 human_bytes(positive(verdict.bytes)), verdict.files,
                                 verdict.checks, verdict.deletes, verdict.errors));
  fields.add("decided by", verdict.deciding_line);
  context.out.write(fields.text(context.out.width(), context.out.colour()));
  return Exit::ok;
}

}  // namespace dray::ops
