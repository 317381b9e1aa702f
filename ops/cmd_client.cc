// dray client ...
#include "daemon/base/text.h"
#include "ops/commands.h"
#include "ops/context.h"
#include "ops/format.h"
#include "ops/views.h"

namespace dray::ops {
namespace {

Result<Exit> list(Context& context, const Args&) {
  DRAY_TRY_ASSIGN(const std::string text, context.ask("client.list"));
  if (context.printed_json(text)) return Exit::ok;
  DRAY_TRY_ASSIGN(const ClientListAnswer answer,
                  read_answer<ClientListAnswer>("client.list", text));
  Table table({{.title = "CLIENT"},
               {.title = "JOBS", .align = Column::Align::right, .shrink = 0},
               {.title = "WEIGHT", .align = Column::Align::right, .shrink = 0},
               {.title = "RUNS AT ONCE", .align = Column::Align::right, .shrink = 0},
               {.title = "BANDWIDTH", .align = Column::Align::right, .shrink = 0}});
  for (const ClientView& c : answer.clients)
    table.row(
        {c.spec.name, std::to_string(c.jobs), std::to_string(c.spec.weight),
         c.spec.max_concurrent_jobs == 0 ? "no cap" : std::to_string(c.spec.max_concurrent_jobs),
         kbps_text(c.spec.max_bandwidth_kbps)});
  context.out.write(table.text(context.out.width(), context.out.colour()));
  return Exit::ok;
}

Result<Json> fields(const Args& args) {
  Json body{{"name", args.text("NAME")}};
  if (args.has("--weight")) {
    DRAY_TRY_ASSIGN(body["weight"], args.number("--weight", 1, 1, 1000));
  }
  if (args.has("--max-jobs")) {
    DRAY_TRY_ASSIGN(body["max_concurrent_jobs"], args.number("--max-jobs", 0, 0, 100'000));
  }
  if (args.has("--bandwidth")) {
    DRAY_TRY_ASSIGN(const uint64_t rate,
                    annotate(parse_rate(args.text("--bandwidth")), "--bandwidth"));
    body["max_bandwidth_kbps"] = (rate + 999) / 1000;
  }
  return body;
}

Result<bool> exists(Context& context, const std::string& name) {
  DRAY_TRY_ASSIGN(const ClientListAnswer known, context.ask_as<ClientListAnswer>("client.list"));
  for (const ClientView& client : known.clients)
    if (client.spec.name == name) return true;
  return false;
}

Result<Exit> put(Context& context, const Args& args, bool adding) {
  DRAY_TRY_ASSIGN(const Json body, fields(args));
  const std::string& name = args.text("NAME");
  DRAY_TRY_ASSIGN(const bool known, exists(context, name));
  if (adding && known)
    return fail(ErrorCode::conflict, "there is a client '{}' already; `dray client set` changes it",
                name);
  if (!adding && !known)
    return fail(ErrorCode::not_found, "there is no client '{}'; `dray client add` makes it", name);
  DRAY_TRY_ASSIGN(const std::string text, context.ask("client.put", body));
  if (!context.printed_json(text))
    context.out.line(fmt::format("client {} {}", clean_name(name), adding ? "added" : "changed"));
  return Exit::ok;
}
Result<Exit> add(Context& context, const Args& args) {
  return put(context, args, true);
}
Result<Exit> set(Context& context, const Args& args) {
  return put(context, args, false);
}

Result<Exit> remove(Context& context, const Args& args) {
  DRAY_TRY_ASSIGN(const std::string text,
                  context.ask("client.remove", {{"name", args.text("NAME")}}));
  if (!context.printed_json(text))
    context.out.line(fmt::format("client {} removed", clean_name(args.text("NAME"))));
  return Exit::ok;
}

std::vector<OptionSpec> options() {
  return {{"NAME", "", "of the client", Use::required, {}, "client"},
          {"--weight", "N", "share of the queue, 1 to 1000"},
          {"--max-jobs", "N", "runs at once; 0: no cap of its own"},
          {"--bandwidth", "RATE", "cap for all its runs, like 8M, or off"}};
}

}  // namespace

std::vector<Command> client_commands() {
  return {
      {"client list", "List clients with their shares and caps.", {}, "dray client list", list},
      {"client add", "Make a client.", options(), "dray client add acme --weight 2 --max-jobs 4",
       add},
      {"client set", "Change a client: only what is given changes.", options(),
       "dray client set acme --bandwidth 20M", set},
      {"client remove",
       "Remove a client that has no jobs and remotes.",
       {{"NAME", "", "of the client", Use::required, {}, "client"}},
       "dray client remove acme",
       remove},
  };
}

}  // namespace dray::ops
