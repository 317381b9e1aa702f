// dray notify: templates and deliveries.
#include <algorithm>
#include <charconv>

#include "daemon/base/files.h"
#include "daemon/base/text.h"
#include "ops/cmd_notify.h"
#include "ops/context.h"
#include "ops/format.h"
#include "ops/remote_seal.h"
#include "ops/views.h"
#include "schemas/answers_notify.h"
#include "schemas/notify_check.h"
#include "schemas/notify_variables.h"

namespace dray::ops {
namespace {

// ── Templates ───────────────────────────────────────────────────────────────────────────────────

Result<Exit> templates(Context& context, const Args&) {
  DRAY_TRY_ASSIGN(const std::string text, context.ask("notify.template.list"));
  if (context.printed_json(text)) return Exit::ok;
  DRAY_TRY_ASSIGN(const TemplateListAnswer answer,
                  read_answer<TemplateListAnswer>("notify.template.list", text));
  if (answer.templates.empty()) {
    context.out.line(
        "No templates of your own: messages look as they were delivered with Drayage.");
    return Exit::ok;
  }
  const WallTime now = SystemClock{}.now().wall;
  Table table({{.title = "CLIENT"},
               {.title = "EVENT", .shrink = 0},
               {.title = "PART", .shrink = 0},
               {.title = "BYTES", .align = Column::Align::right, .shrink = 0},
               {.title = "CHANGED", .shrink = 0}});
  for (const NotifyTemplate& row : answer.templates)
    table.row({row.client.empty() ? "operator" : row.client, row.event.empty() ? "all" : row.event,
               std::string(to_string(row.part)), std::to_string(row.text.size()),
               relative_text(row.updated_at, now)});
  context.out.write(table.text(context.out.width(), context.out.colour()));
  return Exit::ok;
}

Json key_of(const Args& args) {
  Json body{{"part", args.text("PART")}};
  if (args.has("--client")) body["client"] = args.text("--client");
  if (args.has("--event")) body["event"] = args.text("--event");
  return body;
}

Result<Exit> set_template(Context& context, const Args& args) {
  const std::string& file = args.text("FILE");
  DRAY_TRY_ASSIGN(std::string content, file == "-"
                                           ? context.read_stdin()
                                           : read_file(expand_home(file), kMaxTemplateBytes + 1));
  Json body = key_of(args);
  // An editor ends the last line; a subject is no line.
  while (args.text("PART") == "subject" && content.ends_with('\n'))
    content.pop_back();
  body["text"] = std::move(content);
  DRAY_TRY_ASSIGN(const std::string text, context.ask("notify.template.put", body));
  if (!context.printed_json(text))
    context.out.line("template saved; `dray notify preview` shows it");
  return Exit::ok;
}

Result<Exit> remove_template(Context& context, const Args& args) {
  DRAY_TRY_ASSIGN(const std::string text, context.ask("notify.template.remove", key_of(args)));
  if (!context.printed_json(text)) context.out.line("template removed");
  return Exit::ok;
}

Result<Exit> variables(Context& context, const Args&) {
  if (context.json) {
    Json names = Json::object();
    for (const NotifyVariable& variable : notify_variables())
      names[std::string(variable.name)] = variable.meaning;
    context.out.line(dump_json(names));
    return Exit::ok;
  }
  Table table({{.title = "VARIABLE", .shrink = 0}, {.title = "WHAT"}});
  for (const NotifyVariable& variable : notify_variables())
    table.row({std::string(variable.name),
               fmt::format("{}{}", variable.kind == VariableKind::list ? "list: " : "",
                           variable.meaning)});
  context.out.write(table.text(context.out.width(), context.out.colour()));
  return Exit::ok;
}

Result<Exit> preview(Context& context, const Args& args) {
  Json body = Json::object();
  if (args.has("--event")) body["event"] = args.text("--event");
  if (args.has("--client")) body["client"] = args.text("--client");
  if (args.has("--run")) {
    DRAY_TRY_ASSIGN(body["run"], args.number("--run", 0, 1, INT64_MAX));
  }
  DRAY_TRY_ASSIGN(const std::string text, context.ask("notify.preview", body));
  if (context.printed_json(text)) return Exit::ok;
  DRAY_TRY_ASSIGN(const PreviewAnswer answer, read_answer<PreviewAnswer>("notify.preview", text));
  if (args.has("--html")) {
    context.out.write(answer.html);
    return Exit::ok;
  }
  context.out.line("Subject: " + clean_name(answer.subject));
  context.out.line("");
  for (size_t begin = 0; begin < answer.text.size();) {
    const size_t end = std::min(answer.text.find('\n', begin), answer.text.size());
    context.out.line(escape_for_display(answer.text.substr(begin, end - begin)));
    begin = end + 1;
  }
  return Exit::ok;
}

// ── Deliveries ──────────────────────────────────────────────────────────────────────────────────

Tint tint_of(DeliveryState state) {
  return state == DeliveryState::failed      ? Tint::bad
         : state == DeliveryState::delivered ? Tint::good
                                             : Tint::none;
}

Result<Exit> deliveries(Context& context, const Args& args) {
  Json body = Json::object();
  for (const auto* name : {"state", "client", "job", "channel"}) {
    const std::string option = fmt::format("--{}", name);
    if (args.has(option)) body[name] = args.text(option);
  }
  if (args.has("--run")) {
    DRAY_TRY_ASSIGN(body["run"], args.number("--run", 0, 1, INT64_MAX));
  }
  DRAY_TRY_ASSIGN(body["limit"], args.number("--limit", 50, 1, 500));
  if (args.has("--before")) {
    DRAY_TRY_ASSIGN(body["before"], args.number("--before", 0, 1, INT64_MAX));
  }
  DRAY_TRY_ASSIGN(const std::string text, context.ask("notify.deliveries", body));
  if (context.printed_json(text)) return Exit::ok;
  DRAY_TRY_ASSIGN(const DeliveryListAnswer answer,
                  read_answer<DeliveryListAnswer>("notify.deliveries", text));
  if (answer.deliveries.empty()) {
    context.out.line("No deliveries.");
    return Exit::ok;
  }
  const WallTime now = SystemClock{}.now().wall;
  Table table({{.title = "ID", .align = Column::Align::right, .shrink = 0},
               {.title = "MADE", .shrink = 0},
               {.title = "STATE", .shrink = 0},
               {.title = "TRIES", .align = Column::Align::right, .shrink = 0},
               {.title = "CHANNEL", .shrink = 1},
               {.title = "TO", .shrink = 2},
               {.title = "SUBJECT", .shrink = 4},
               {.title = "ERROR", .shrink = 3}});
  for (const DeliveryView& row : answer.deliveries)
    table.row({std::to_string(row.id), relative_text(row.created_at, now),
               Cell(to_string(row.state), tint_of(row.state)), std::to_string(row.attempts),
               row.channel, row.recipient, row.subject, row.last_error});
  context.out.write(table.text(context.out.width(), context.out.colour()));
  return Exit::ok;
}

Result<Exit> retry(Context& context, const Args& args) {
  Json body = Json::object();
  if (args.has("--channel")) body["channel"] = args.text("--channel");
  for (const std::string& word : args.all("ID")) {
    uint64_t id = 0;
    const auto end = std::from_chars(word.data(), word.data() + word.size(), id);
    if (end.ec != std::errc() || end.ptr != word.data() + word.size())
      return fail(ErrorCode::invalid, "ID: {} is not a number of `dray notify deliveries`",
                  clean_name(word));
    body["ids"].push_back(id);
  }
  DRAY_TRY_ASSIGN(const std::string text, context.ask("notify.retry", body));
  if (context.printed_json(text)) return Exit::ok;
  DRAY_TRY_ASSIGN(const RetryAnswer answer, read_answer<RetryAnswer>("notify.retry", text));
  context.out.line(fmt::format("{} tried again now", answer.retried));
  return Exit::ok;
}

const OptionSpec kPart{"PART", "", "subject, text or html", Use::required, "subject text html"};
const OptionSpec kClient{"--client",    "NAME", "for this client (default: for all)",
                         Use::optional, {},     "client"};
const OptionSpec kEvent{"--event", "EVENT", "for this event (default: all but digest)"};

}  // namespace

std::vector<Command> notify_template_commands() {
  return {
      {"notify templates",
       "List templates that replace those delivered with Drayage.",
       {},
       "dray notify templates",
       templates},
      {"notify set-template",
       "Replace a part of messages by a template of your own.",
       {kPart,
        {"FILE", "", "the template, or - for standard input", Use::required, {}, "file"},
        kClient,
        kEvent},
       "dray notify set-template text failure.txt --event failure --client acme",
       set_template},
      {"notify remove-template",
       "Go back to what was delivered with Drayage.",
       {kPart, kClient, kEvent},
       "dray notify remove-template text --event failure --client acme",
       remove_template},
      {"notify variables", "List what templates may name.", {}, "dray notify variables", variables},
      {"notify preview",
       "Show what a message looks like.",
       {kEvent,
        {"--run", "RUN", "about this run (default: a made-up one)", Use::optional, {}, "run"},
        {"--client", "NAME", "as this client gets it", Use::optional, {}, "client"},
        {"--html", "", "the HTML part"}},
       "dray notify preview --event failure\ndray notify preview --run 42 --html > mail.html",
       preview},
  };
}

std::vector<Command> notify_delivery_commands() {
  return {
      {"notify deliveries",
       "List messages that were made, and what became of them.",
       {{"--state", "STATE", "only these", Use::optional,
         "waiting sending delivered failed collected folded"},
        {"--run", "RUN", "about this run", Use::optional, {}, "run"},
        {"--job", "NAME", "about this job", Use::optional, {}, "job"},
        {"--client", "NAME", "about this client", Use::optional, {}, "client"},
        {"--channel", "NAME", "through this channel"},
        {"--limit", "N", "at most so many (default: 50)"},
        {"--before", "ID", "older than this one"}},
       "dray notify deliveries --state failed",
       deliveries},
      {"notify retry",
       "Send again what failed.",
       {{"ID", "", "of `dray notify deliveries`", Use::repeated},
        {"--channel", "NAME", "everything that failed through it"}},
       "dray notify retry --channel mail",
       retry},
  };
}

}  // namespace dray::ops
