// dray notify: rules.
#include "ops/cmd_notify.h"
#include "daemon/base/text.h"
#include "ops/commands.h"
#include "ops/context.h"
#include "ops/format.h"
#include "ops/views.h"
#include "schemas/answers_notify.h"

namespace dray::ops {
namespace {

std::string events_text(const NotifyRule& rule) {
  std::string text;
  for (const NotifyEvent event : rule.events) {
    text += fmt::format("{}{}", text.empty() ? "" : ", ", to_string(event));
    if (event == NotifyEvent::overdue)
      text += fmt::format(" after {}", human_duration(seconds{rule.must_succeed_every_seconds}));
  }
  if (rule.only_changes) text += " (first failure only)";
  return rule.events.empty() ? "nothing" : text;
}

Result<Exit> rules(Context& context, const Args& args) {
  Json body = Json::object();
  if (args.has("--client")) body["client"] = args.text("--client");
  if (args.has("--job")) body["job"] = args.text("--job");
  DRAY_TRY_ASSIGN(const std::string text, context.ask("notify.rule.list", body));
  if (context.printed_json(text)) return Exit::ok;
  DRAY_TRY_ASSIGN(const RuleListAnswer answer,
                  read_answer<RuleListAnswer>("notify.rule.list", text));
  if (answer.rules.empty()) {
    context.out.line("No rules: nobody is told of anything. `dray notify add` makes one.");
    return Exit::ok;
  }
  Table table({{.title = "RULE", .align = Column::Align::right, .shrink = 0},
               {.title = "CLIENT", .shrink = 2},
               {.title = "JOB", .shrink = 2},
               {.title = "WHEN", .shrink = 1},
               {.title = "CHANNEL", .shrink = 2},
               {.title = "TO", .shrink = 3}});
  for (const NotifyRule& rule : answer.rules)
    table.row({std::to_string(rule.id), rule.client.empty() ? "all" : rule.client,
               rule.job.empty() ? "all" : rule.job, events_text(rule), rule.channel,
               fmt::format("{}", fmt::join(rule.recipients, ", "))});
  context.out.write(table.text(context.out.width(), context.out.colour()));
  return Exit::ok;
}

// "failure,fixed" or several --on.
Result<std::vector<NotifyEvent>> events_from(const Args& args) {
  std::vector<NotifyEvent> events;
  for (const std::string& words : args.all("--on")) {
    for (size_t begin = 0; begin <= words.size();) {
      const size_t end = std::min(words.find(',', begin), words.size());
      DRAY_TRY_ASSIGN(const NotifyEvent event,
                      annotate(parse_enum<NotifyEvent>(
                                   trim(std::string_view(words).substr(begin, end - begin))),
                               "--on"));
      events.push_back(event);
      begin = end + 1;
    }
  }
  return events;
}

Result<NotifyRule> rule_from(const Args& args) {
  NotifyRule rule;
  rule.client = args.text("--client");
  rule.job = args.text("--job");
  rule.channel = args.text("--channel");
  rule.recipients = args.all("--to");
  rule.only_changes = args.has("--only-changes");
  DRAY_TRY_ASSIGN(rule.events, events_from(args));
  if (args.has("--every")) {
    DRAY_TRY_ASSIGN(const Duration every,
                    annotate(parse_duration(args.text("--every")), "--every"));
    rule.must_succeed_every_seconds =
        static_cast<uint64_t>(std::chrono::duration_cast<seconds>(every).count());
    rule.events.push_back(NotifyEvent::overdue);
  }
  const bool quiet = args.has("--nothing");
  if (quiet != rule.events.empty())
    return fail(ErrorCode::invalid,
                "say when: --on EVENT and --every TIME, or --nothing to keep a job quiet");
  return rule;
}

Result<Exit> add(Context& context, const Args& args) {
  DRAY_TRY_ASSIGN(const NotifyRule rule, rule_from(args));
  DRAY_TRY_ASSIGN(Json body, parse_json(to_json(rule)));
  body.erase("updated_at");
  DRAY_TRY_ASSIGN(const std::string text, context.ask("notify.rule.put", body));
  if (context.printed_json(text)) return Exit::ok;
  DRAY_TRY_ASSIGN(const RuleAnswer answer, read_answer<RuleAnswer>("notify.rule.put", text));
  context.out.line(fmt::format("rule {} added", answer.rule.id));
  return Exit::ok;
}

Result<Exit> remove(Context& context, const Args& args) {
  DRAY_TRY_ASSIGN(const int64_t id, args.number("RULE", 0, 1, INT64_MAX));
  DRAY_TRY_ASSIGN(const std::string text, context.ask("notify.rule.remove", {{"id", id}}));
  if (!context.printed_json(text)) context.out.line(fmt::format("rule {} removed", id));
  return Exit::ok;
}

}  // namespace

std::vector<Command> notify_rule_commands() {
  return {
      {"notify rules",
       "List who is told what.",
       {{"--client", "NAME", "rules of this client", Use::optional, {}, "client"},
        {"--job", "NAME", "rules of this job", Use::optional, {}, "job"}},
       "dray notify rules",
       rules},
      {"notify add",
       "Tell somebody of what becomes of backups.",
       {{"--channel", "NAME", "through which"},
        {"--on", "EVENTS",
         "success, warning, failure, cancelled, missed, held, fixed, started; several with commas",
         Use::repeated},
        {"--every", "TIME", "and when no run ended well for so long, like 26h"},
        {"--to", "ADDRESS", "mail address of a recipient", Use::repeated},
        {"--client",
         "NAME",
         "only of this client (default: the operator's rule, of all)",
         Use::optional,
         {},
         "client"},
        {"--job",
         "NAME",
         "only of this job; replaces its client's rules",
         Use::optional,
         {},
         "job"},
        {"--only-changes", "", "of failures in a row only the first"},
        {"--nothing", "", "keep a client or job quiet"}},
       "dray notify add --channel mail --to ops@example.org --on failure,missed,held,fixed\n"
       "dray notify add --channel mail --to ann@example.org --job photos --on failure,fixed "
       "--every 26h",
       add,
       "The operator's rules always hold. Of a client's own rules, those of the job hold where "
       "there "
       "are any, and otherwise those for all its jobs. Failures are told after the last attempt."},
      {"notify remove",
       "Remove a rule.",
       {{"RULE", "", "its number in `dray notify rules`", Use::required}},
       "dray notify remove 3",
       remove},
  };
}

std::vector<Command> notify_commands() {
  std::vector<Command> all;
  for (auto* group : {notify_rule_commands, notify_channel_commands, notify_template_commands,
                      notify_delivery_commands})
    for (Command& command : group())
      all.push_back(std::move(command));
  return all;
}

}  // namespace dray::ops
