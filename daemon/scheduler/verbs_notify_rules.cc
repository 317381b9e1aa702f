// Rules and templates of notifications.
#include "daemon/base/quote.h"
#include "daemon/scheduler/verb_args.h"
#include "daemon/scheduler/verbs_notify.h"
#include "schemas/notify_check.h"

namespace dray::verbs {
namespace {

// More would make every event of every job expensive.
constexpr size_t kMaxRules = 5000;
// They travel in one answer with everything else that the notifier acts on.
constexpr size_t kMaxTemplateBytesOfAll = 256 << 10;

struct ListArgs {
  std::string client;
  std::string job;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("client", self.client);
    visit.optional("job", self.job);
  }
};

struct IdArgs {
  uint64_t id = 0;
  std::string client;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("id", self.id);
    visit.optional("client", self.client);
  }
};

struct PartArgs {
  std::string client;
  std::string event;
  TemplatePart part = TemplatePart::text;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("client", self.client);
    visit.optional("event", self.event);
    visit("part", self.part);
  }
};

Result<NotifyRule> require_rule(Context& context, uint64_t id) {
  DRAY_TRY_ASSIGN(auto rule, context.notify.rule(id));
  if (!rule || !is_own(context, rule->client))
    return fail(ErrorCode::not_found, "there is no rule {}", id);

  return std::move(*rule);
}

// A job says by itself whose it is.
Status settle_client(Context& context, NotifyRule& rule) {
  if (rule.job.empty()) return require_notify_client(context, rule.client);
  DRAY_TRY_ASSIGN(const store::JobRecord job, require_job(context, rule.job));
  if (!is_own(context, job.spec.client)) return std::unexpected(no_job(rule.job));
  if (rule.client.empty()) rule.client = job.spec.client;
  if (rule.client == job.spec.client) return {};
  return fail(ErrorCode::invalid, "rule: job {} belongs to client {}, not to {}", quoted(rule.job),
              quoted(job.spec.client), quoted(rule.client));
}

Status check_whole_rule(Context& context, const NotifyRule& rule) {
  if (rule.channel.empty()) return check_rule(rule, nullptr);
  DRAY_TRY_ASSIGN(const NotifyChannel channel,
                  annotate(usable_channel(context, rule.channel, rule.client), "rule"));
  return check_rule(rule, &channel);
}

Status check_room_for_template(Context& context, const NotifyTemplate& row) {
  DRAY_TRY_ASSIGN(const auto known, context.notify.templates());
  size_t bytes = row.text.size();
  for (const NotifyTemplate& one : known) {
    const bool replaced =
        one.client == row.client && one.event == row.event && one.part == row.part;
    if (!replaced) bytes += one.text.size();
  }
  if (bytes <= kMaxTemplateBytesOfAll) return {};
  return fail(ErrorCode::exhausted, "all templates together would be {} bytes long; allowed: {}",
              bytes, kMaxTemplateBytesOfAll);
}

}  // namespace

Result<std::string> notify_rule_list(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const ListArgs args, arguments<ListArgs>(body));
  RuleListAnswer answer;
  DRAY_TRY_ASSIGN(answer.rules, context.notify.rules(args.client, args.job));
  return fitting_json(answer, answer.rules);
}

Result<std::string> notify_rule_put(Context& context, const JsonValue& body) {
  NotifyRule rule;
  const auto id = body.find("id");
  std::optional<NotifyRule> before;
  if (id && id->unsigned_integer().value_or(0) != 0) {
    DRAY_TRY_ASSIGN(before, require_rule(context, *id->unsigned_integer()));
    rule = *before;
  }
  DRAY_TRY(annotate(read_json(body, rule, {.patch = before.has_value()}), "rule"));
  rule.updated_at = context.now.wall;
  DRAY_TRY(settle_client(context, rule));
  DRAY_TRY(check_whole_rule(context, rule));
  DRAY_TRY_ASSIGN(const auto all, context.notify.rules("", ""));
  if (!before && all.size() >= kMaxRules)
    return fail(ErrorCode::exhausted, "there are {} rules; more are not allowed", all.size());
  DRAY_TRY_ASSIGN(rule.id, context.notify.put_rule(rule));
  context.target = fmt::format("rule {}", rule.id);
  if (before) context.before.json = to_json(*before);
  context.after.json = to_json(rule);
  note_notify_change(context, "rule", rule.client);
  return to_json(RuleAnswer{std::move(rule)});
}

Result<std::string> notify_rule_remove(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const IdArgs args, arguments<IdArgs>(body));
  DRAY_TRY_ASSIGN(const NotifyRule before, require_rule(context, args.id));
  DRAY_TRY(context.notify.remove_rule(args.id));
  context.target = fmt::format("rule {}", args.id);
  context.before.json = to_json(before);
  note_notify_change(context, "rule", before.client);
  return "{}";
}

Result<std::string> notify_template_list(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const ClientArgs args, arguments<ClientArgs>(body));
  TemplateListAnswer answer;
  DRAY_TRY_ASSIGN(answer.templates, context.notify.templates());
  if (!args.client.empty())
    std::erase_if(answer.templates,
                  [&](const NotifyTemplate& row) { return row.client != args.client; });
  return fitting_json(answer, answer.templates);
}

Result<std::string> notify_template_put(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(NotifyTemplate row, arguments<NotifyTemplate>(body));
  row.updated_at = context.now.wall;
  DRAY_TRY(check_template(row));
  DRAY_TRY(require_notify_client(context, row.client));
  DRAY_TRY(check_room_for_template(context, row));
  DRAY_TRY(context.notify.put_template(row));
  context.target = fmt::format("template {}/{}/{}", row.client, row.event, to_string(row.part));
  context.after.json = to_json(row);
  note_notify_change(context, "template", row.client);
  return "{}";
}

Result<std::string> notify_template_remove(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const PartArgs args, arguments<PartArgs>(body));
  DRAY_TRY_ASSIGN(const bool removed,
                  context.notify.remove_template(args.client, args.event, args.part));
  if (!removed) return fail(ErrorCode::not_found, "there is no such template");
  context.target = fmt::format("template {}/{}/{}", args.client, args.event, to_string(args.part));
  note_notify_change(context, "template", args.client);
  return "{}";
}

}  // namespace dray::verbs
