// dray status
#include "daemon/base/text.h"
#include "ops/commands.h"
#include "ops/context.h"
#include "ops/format.h"
#include "ops/text_width.h"
#include "ops/views.h"

namespace dray::ops {
namespace {

constexpr Duration kRefresh = seconds{2};

uint64_t count(const StatusAnswer& status, const std::string& key) {
  const auto it = status.counts.find(key);
  return it == status.counts.end() ? 0 : it->second;
}

void section(std::string& out, std::string_view title, const Table& table,
             const Terminal& terminal) {
  if (table.empty()) return;
  out += "\n" + tinted(title, Tint::bold, terminal.colour()) + "\n" +
         table.text(terminal.width(), terminal.colour());
}

std::string head(const StatusAnswer& s, const Terminal& terminal) {
  const bool colour = terminal.colour();
  std::string out = fmt::format(
      "drayd {}  up {}  {}/{} worker{} connected  {}/{} slots busy\n", clean(s.scheduler.version),
      human_duration(std::max(Duration{0}, Duration{s.scheduler.now - s.scheduler.started_at})),
      count(s, "workers_connected"), count(s, "workers"), count(s, "workers") == 1 ? "" : "s",
      count(s, "slots_busy"), count(s, "slots"));
  out += fmt::format("{} jobs  {} remotes  {} clients  {} running  {} waiting\n", count(s, "jobs"),
                     count(s, "remotes"), count(s, "clients"), s.running.size(),
                     count(s, "queued") + count(s, "retry_wait"));
  if (!s.scheduler.accepting)
    out +=
        tinted("The scheduler takes no changes: " + clean(s.scheduler.problem), Tint::bad, colour) +
        "\n";
  if (s.scheduler.queue_paused)
    out += tinted("The queue is paused: " + clean(s.scheduler.queue_paused_reason), Tint::warn,
                  colour) +
           "\n";
  if (count(s, "workers_connected") == 0)
    out += tinted("No worker is connected: nothing can run. Is dray-worker running?", Tint::warn,
                  colour) +
           "\n";
  return out;
}

std::string status_text(const StatusAnswer& s, const Terminal& terminal) {
  const WallTime now = s.scheduler.now;
  std::string out = head(s, terminal);
  section(out, "Running", run_table(s.running, now), terminal);
  section(out, "Waiting", run_table(s.queued, now), terminal);
  section(out, "Failing (last run)", run_table(s.failing, now), terminal);
  Table next({{.title = "JOB"},
              {.title = "CLIENT", .shrink = 2},
              {.title = "AT", .shrink = 0},
              {.title = "", .shrink = 0}});
  for (const DueView& due : s.next)
    next.row({due.job, due.client, time_text(due.at), relative_text(due.at, now)});
  section(out, "Next", next, terminal);
  return out;
}

Result<Exit> watch_status(Context& context) {
  DRAY_TRY_ASSIGN(Backend * daemon, context.backend());
  daemon->follow_events();
  daemon->catch_interrupt();
  LiveArea area(context.out);
  std::string shown;
  while (true) {
    const Result<std::string> text = daemon->request("status", "{}");
    if (text) {
      DRAY_TRY_ASSIGN(const StatusAnswer answer, read_answer<StatusAnswer>("status", *text));
      shown = status_text(answer, context.out);
    } else if (shown.empty()) {
      return std::unexpected(text.error());
    }
    if (context.json) {
      context.out.line(text ? *text : R"({"error":"connection lost, waiting"})");
    } else if (context.out.interactive()) {
      // No more rows than the window has, or the block could not be redrawn in place.
      std::string block;
      int rows = 0;
      for (size_t at = 0; at < shown.size() && ++rows < context.out.height();) {
        const size_t end = shown.find('\n', at);
        block += shown.substr(at, end - at) + "\n";
        at = end + 1;
      }
      area.draw(block + (text ? "" : "connection lost, waiting"));
    } else {
      context.out.line(shown);
    }
    const Instant until = daemon->now().mono + kRefresh;
    while (daemon->now().mono < until)
      if (daemon->wait(until - daemon->now().mono).kind == News::Kind::interrupted) {
        area.finish();
        return Exit::ok;
      }
  }
}

Result<Exit> status(Context& context, const Args& args) {
  if (args.has("--watch")) return watch_status(context);
  DRAY_TRY_ASSIGN(const std::string text, context.ask("status"));
  if (context.printed_json(text)) return Exit::ok;
  DRAY_TRY_ASSIGN(const StatusAnswer answer, read_answer<StatusAnswer>("status", text));
  context.out.write(status_text(answer, context.out));
  return Exit::ok;
}

}  // namespace

std::vector<Command> status_commands() {
  return {{"status",
           "Show what runs, what waits, what fails and what comes next.",
           {{"--watch", "", "keep showing it until Ctrl-C"}},
           "dray status --watch",
           status}};
}

}  // namespace dray::ops
