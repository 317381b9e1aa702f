#include "ops/start_run.h"

#include "daemon/base/text.h"
#include "ops/views.h"
#include "ops/watch.h"
#include "schemas/codec.h"

namespace dray::ops {

Result<std::optional<Duration>> timeout_of(const Args& args) {
  if (!args.has("--timeout")) return std::nullopt;
  DRAY_TRY_ASSIGN(const Duration time,
                  annotate(parse_duration(args.text("--timeout")), "--timeout"));
  return time;
}

Result<Exit> finish_watch(Context& context, const Result<WatchEnd>& end) {
  if (!end) return std::unexpected(end.error());
  if (context.json) context.printed_json(end->last_json);
  return exit_of(*end);
}

Result<Exit> start_run(Context& context, const Args& args, Enqueue question) {
  DRAY_TRY_ASSIGN(const std::optional<Duration> timeout, timeout_of(args));
  DRAY_TRY_ASSIGN(Backend * daemon, context.backend());
  DRAY_TRY_ASSIGN(const Enqueued answer, daemon->enqueue(question));
  if (answer.code != 0) {
    std::string message = answer.message;
    if (answer.run) message += fmt::format("; `dray watch {}` shows it", answer.run.value);
    return std::unexpected(Error{from_wire_code(answer.code), message});
  }
  if (!args.has("--wait") && !args.has("--timeout")) {
    if (context.json)
      context.out.line(dump_json(Json{{"run", answer.run.value}}));
    else
      context.out.line(fmt::format("run {0} of {1} is queued; `dray watch {0}` shows it",
                                   answer.run.value, clean_name(question.job)));
    return Exit::ok;
  }
  WatchOptions options;
  options.timeout = timeout;
  options.silent = context.json;
  return finish_watch(context, watch_run(context, *daemon, answer.run, options));
}

}  // namespace dray::ops
