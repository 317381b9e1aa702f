// dray logs, dray events
#include <algorithm>
#include <span>

#include "daemon/base/files.h"
#include "daemon/base/seal.h"
#include "daemon/base/text.h"
#include "ops/commands.h"
#include "ops/context.h"
#include "ops/event_feed.h"
#include "ops/explain_command.h"
#include "ops/run_id.h"
#include "ops/views.h"
#include "workers/explain.h"

namespace dray::ops {
namespace {

constexpr Duration kFollowEvery = seconds{1};

class LogPrinter {
 public:
  LogPrinter(Context& context, bool raw) : context_(context), raw_(raw) {}
  void feed(std::string_view bytes) {
    if (!raw_) {
      std::string text;
      renderer_.feed(std::span(bytes.data(), bytes.size()), text);
      context_.out.write(text);
    } else if (!context_.out.interactive()) {
      context_.out.write(bytes);
    } else {
      show_safely(bytes);
    }
  }
  void finish() {
    if (!raw_) {
      std::string text;
      renderer_.finish(text);
      context_.out.write(text);
    } else if (!half_line_.empty()) {
      context_.out.line(escape_for_display(half_line_));
    }
  }

 private:
  // A log may hold what moves a terminal's cursor: files get the bytes, terminals what is safe.
  void show_safely(std::string_view bytes) {
    half_line_ += bytes;
    size_t at = 0;
    for (size_t end; (end = half_line_.find('\n', at)) != std::string::npos; at = end + 1)
      context_.out.line(escape_for_display(std::string_view(half_line_).substr(at, end - at)));
    half_line_.erase(0, at);
  }

  Context& context_;
  bool raw_;
  LogRenderer renderer_;
  std::string half_line_;
};

// The worker that has the full log may be away: what the scheduler kept of it is better than
// nothing.
Result<Exit> print_excerpt(Context& context, RunId run, const Error& why) {
  DRAY_TRY_ASSIGN(const RunShowAnswer answer,
                  context.ask_as<RunShowAnswer>("run.show", {{"run", run.value}}));
  if (answer.attempts.empty() || answer.attempts.back().log_excerpt.empty())
    return std::unexpected(why);
  context.out.error_line(fmt::format("dray: the full log cannot be had ({}); its head and tail:",
                                     clean_name(why.message)));
  LogPrinter printer(context, false);
  printer.feed(answer.attempts.back().log_excerpt);
  printer.finish();
  return Exit::ok;
}

Result<Exit> print_log(Context& context, RunId run, Json body, bool raw, bool follow) {
  DRAY_TRY_ASSIGN(Backend * daemon, context.backend());
  if (follow) {
    daemon->follow_events();
    daemon->catch_interrupt();
  }
  LogPrinter printer(context, raw);
  uint64_t offset = 0;
  while (true) {
    body["offset"] = offset;
    const Result<LogChunk> chunk = context.ask_as<LogChunk>("run.log", body);
    if (!chunk) {
      const ErrorCode code = chunk.error().code;
      // Nothing to read yet: a run that waits for its turn, or a worker that is coming back.
      const bool later = code == ErrorCode::not_found || code == ErrorCode::unavailable;
      if (!follow || !later || daemon->wait(kFollowEvery).kind == News::Kind::interrupted) {
        if (offset == 0 && code != ErrorCode::invalid)
          return print_excerpt(context, run, chunk.error());
        return std::unexpected(chunk.error());
      }
      continue;
    }
    printer.feed(chunk->data);
    const bool moved = chunk->next_offset > offset;
    offset = std::max(offset, chunk->next_offset);
    if (moved && offset < chunk->total_bytes) continue;
    if (!follow || (chunk->ended && !moved)) break;
    if (!moved && daemon->wait(kFollowEvery).kind == News::Kind::interrupted) break;
  }
  printer.finish();
  return Exit::ok;
}

Result<Exit> logs(Context& context, const Args& args) {
  if (args.has("--explain")) return explain_log(context, args);
  if (!args.has("RUN"))
    return fail(ErrorCode::invalid,
                "dray logs: RUN is missing (or --explain FILE); for example: "
                "dray logs 42");
  DRAY_TRY_ASSIGN(const RunId run, parse_run(args.text("RUN")));
  Json body{{"run", run.value}};
  if (args.has("--attempt")) {
    DRAY_TRY_ASSIGN(body["attempt"], args.number("--attempt", 1, 1, 1000));
  }
  return print_log(context, run, std::move(body), args.has("--raw") || context.json,
                   args.has("--follow"));
}

Result<Exit> events(Context& context, const Args& args) {
  DRAY_TRY_ASSIGN(Backend * daemon, context.backend());
  EventQuery query;
  if (args.has("--since")) {
    DRAY_TRY_ASSIGN(const int64_t since, args.number("--since", 0, 0, INT64_MAX));
    query.since = static_cast<uint64_t>(since);
  }
  DRAY_TRY_ASSIGN(const int64_t limit, args.number("--limit", 50, 1, 100'000));
  query.backlog = static_cast<size_t>(limit);
  if (args.has("--run")) {
    DRAY_TRY_ASSIGN(query.run, parse_run(args.text("--run")));
  }
  query.job = args.text("--job");
  query.client = args.text("--client");
  EventFeed feed(*daemon, query);
  if (!args.has("--follow")) return feed.print_once(context);
  return feed.follow(context);
}

}  // namespace

std::vector<Command> log_commands() {
  return {
      {"logs",
       "Show the log of a run in readable form, or explain any rclone log.",
       {{"RUN", "", "its number", Use::optional, {}, "run"},
        {"--attempt", "N", "this attempt instead of the last"},
        {"--raw", "", "rclone's own JSON lines"},
        {"-f,--follow", "", "go on as it grows, until the run ends"},
        {"--explain",
         "FILE",
         "say what happened in an rclone log; - reads standard input",
         Use::optional,
         {},
         "file"},
        {"--exit", "N", "with --explain: rclone's exit code (default 0)"},
        {"--signal", "NAME", "with --explain: the signal that ended rclone"},
        {"--requested-stop", "", "with --explain: somebody asked for the end"},
        {"--rclone-version", "V", "with --explain: like 1.60.1"}},
       "dray logs 42 -f\ndray logs --explain rclone.log --exit 1",
       logs,
       "--explain takes a log from anywhere, best one of --use-json-log --stats 1s, and judges it "
       "with the code that judges runs."},
      {"events",
       "Show what happened: every committed change of runs, jobs and workers.",
       {{"-f,--follow", "", "go on with new ones, until Ctrl-C"},
        {"--since", "SEQ", "those after this number, without gaps"},
        {"--limit", "N", "this many of the newest (default 50)"},
        {"--run", "RUN", "only of this run", Use::optional, {}, "run"},
        {"--job", "NAME", "only of this job", Use::optional, {}, "job"},
        {"--client", "NAME", "only of this client", Use::optional, {}, "client"}},
       "dray events -f --job photos",
       events},
  };
}

}  // namespace dray::ops
