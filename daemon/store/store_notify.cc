#include "daemon/store/store_notify.h"

#include "daemon/base/quote.h"
#include "daemon/store/store_db.h"

namespace dray::store {
namespace {

#define DRAY_CHANNEL_COLUMNS                                                                \
  "name, client, kind, settings, secrets, sealed, sealed_for, max_per_hour, digest_after, " \
  "fallback, updated_at"
#define DRAY_RULE_COLUMNS \
  "id, client, job, events, channel, recipients, must_succeed_every, only_changes, updated_at"

constexpr JsonReadOptions kLenient{.unknown_keys = true};

Result<NotifyChannel> read_channel(const Query& q) {
  NotifyChannel channel;
  channel.name = q.text(0);
  channel.client = q.text(1);
  channel.kind = q.as<ChannelKind>(2);
  DRAY_TRY_ASSIGN(channel.settings,
                  (from_json<std::map<std::string, std::string>>(q.text(3), kLenient)));
  DRAY_TRY_ASSIGN(channel.secrets, from_json<std::vector<std::string>>(q.text(4), kLenient));
  channel.sealed = q.text(5);
  channel.sealed_for = q.text(6);
  channel.max_per_hour = q.as<uint32_t>(7);
  channel.digest_after = q.as<uint32_t>(8);
  channel.fallback = q.text(9);
  channel.updated_at = q.time(10);
  return channel;
}

Result<NotifyRule> read_rule(const Query& q) {
  NotifyRule rule;
  rule.id = q.as<uint64_t>(0);
  rule.client = q.text(1);
  rule.job = q.text(2);
  DRAY_TRY_ASSIGN(rule.events, from_json<std::vector<NotifyEvent>>(q.text(3), kLenient));
  rule.channel = q.text(4);
  DRAY_TRY_ASSIGN(rule.recipients, from_json<std::vector<std::string>>(q.text(5), kLenient));
  rule.must_succeed_every_seconds = q.as<uint64_t>(6);
  rule.only_changes = q.as<bool>(7);
  rule.updated_at = q.time(8);
  return rule;
}

// All rows of a query that may find one unreadable.
template <class Row>
Result<std::vector<Row>> read_all(Query& query, Result<Row> (*read)(const Query&)) {
  std::vector<Row> rows;
  while (query.next()) {
    DRAY_TRY_ASSIGN(Row row, read(query));
    rows.push_back(std::move(row));
  }
  return rows;
}

template <class Row>
Result<std::optional<Row>> read_first(Query& query, Result<Row> (*read)(const Query&)) {
  if (!query.next()) return std::nullopt;
  DRAY_TRY_ASSIGN(Row row, read(query));
  return row;
}

}  // namespace

// ── Channels ────────────────────────────────────────────────────────────────────────────────────

Result<std::vector<NotifyChannel>> Notify::channels(std::string_view client) {
  return guarded("read channels", [&]() -> Result<std::vector<NotifyChannel>> {
    auto query = db_->query("SELECT " DRAY_CHANNEL_COLUMNS
                            " FROM notify_channels WHERE ?1 = '' OR client IN ('', ?1) ORDER BY "
                            "name");
    query.bind(client);
    return read_all<NotifyChannel>(query, read_channel);
  });
}

Result<std::optional<NotifyChannel>> Notify::channel(std::string_view name) {
  return guarded("read channel", [&]() -> Result<std::optional<NotifyChannel>> {
    auto query = db_->query("SELECT " DRAY_CHANNEL_COLUMNS " FROM notify_channels WHERE name = ?");
    query.bind(name);
    return read_first<NotifyChannel>(query, read_channel);
  });
}

Status Notify::put_channel(const NotifyChannel& channel) {
  return guarded("store channel", [&]() -> Status {
    const std::string settings = to_json(channel.settings);
    const std::string secrets = to_json(channel.secrets);
    db_->query("INSERT OR REPLACE INTO notify_channels (" DRAY_CHANNEL_COLUMNS
               ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(channel.name, channel.client, channel.kind, settings, secrets, Blob{channel.sealed},
              channel.sealed_for, channel.max_per_hour, channel.digest_after, channel.fallback,
              channel.updated_at)
        .run();
    return {};
  });
}

Status Notify::remove_channel(std::string_view name) {
  return guarded("remove channel", [&]() -> Status {
    db_->query("DELETE FROM notify_channels WHERE name = ?").bind(name).run();
    return {};
  });
}

Result<std::string> Notify::user_of_channel(std::string_view name) {
  return guarded("read channel", [&]() -> Result<std::string> {
    auto rules = db_->query("SELECT id FROM notify_rules WHERE channel = ? ORDER BY id LIMIT 1");
    if (rules.bind(name).next()) return fmt::format("rule {}", rules.i64(0));
    return user_of_fallback(name);
  });
}

Result<std::string> Notify::user_of_fallback(std::string_view name) {
  return guarded("read channel", [&]() -> Result<std::string> {
    auto others = db_->query("SELECT name FROM notify_channels WHERE fallback = ? LIMIT 1");
    if (others.bind(name).next()) return fmt::format("channel {}", dray::quoted(others.text(0)));
    return "";
  });
}

// ── Rules ───────────────────────────────────────────────────────────────────────────────────────

Result<std::vector<NotifyRule>> Notify::rules(std::string_view client, std::string_view job) {
  return guarded("read rules", [&]() -> Result<std::vector<NotifyRule>> {
    auto query = db_->query("SELECT " DRAY_RULE_COLUMNS
                            " FROM notify_rules WHERE (?1 = '' OR client = ?1) AND (?2 = '' OR job "
                            "= ?2) ORDER BY client, job, id");
    query.bind(client, job);
    return read_all<NotifyRule>(query, read_rule);
  });
}

Result<std::optional<NotifyRule>> Notify::rule(uint64_t id) {
  return guarded("read rule", [&]() -> Result<std::optional<NotifyRule>> {
    auto query = db_->query("SELECT " DRAY_RULE_COLUMNS " FROM notify_rules WHERE id = ?");
    query.bind(id);
    return read_first<NotifyRule>(query, read_rule);
  });
}

Result<uint64_t> Notify::put_rule(const NotifyRule& rule) {
  return guarded("store rule", [&]() -> Result<uint64_t> {
    const std::string events = to_json(rule.events);
    const std::string recipients = to_json(rule.recipients);
    auto query = db_->query("INSERT OR REPLACE INTO notify_rules (" DRAY_RULE_COLUMNS
                            ") VALUES (nullif(?, 0), ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id");
    query
        .bind(rule.id, rule.client, rule.job, events, rule.channel, recipients,
              rule.must_succeed_every_seconds, rule.only_changes, rule.updated_at)
        .next();
    const auto id = query.as<uint64_t>(0);
    query.next();
    return id;
  });
}

Status Notify::remove_rule(uint64_t id) {
  return guarded("remove rule", [&]() -> Status {
    db_->query("DELETE FROM notify_rules WHERE id = ?").bind(id).run();
    return {};
  });
}

Status Notify::remove_rules_of_job(std::string_view job) {
  return guarded("remove rules", [&]() -> Status {
    db_->query("DELETE FROM notify_rules WHERE job = ?").bind(job).run();
    return {};
  });
}

// ── Templates ───────────────────────────────────────────────────────────────────────────────────

Result<std::vector<NotifyTemplate>> Notify::templates() {
  return guarded("read templates", [&]() -> Result<std::vector<NotifyTemplate>> {
    std::vector<NotifyTemplate> rows;
    auto query = db_->query(
        "SELECT client, event, part, text, updated_at FROM notify_templates ORDER BY client, "
        "event, part");
    while (query.next())
      rows.push_back(
          {query.text(0), query.text(1), query.as<TemplatePart>(2), query.text(3), query.time(4)});
    return rows;
  });
}

Status Notify::put_template(const NotifyTemplate& row) {
  return guarded("store template", [&]() -> Status {
    db_->query(
           "INSERT OR REPLACE INTO notify_templates (client, event, part, text, updated_at) VALUES "
           "(?, ?, ?, ?, ?)")
        .bind(row.client, row.event, row.part, row.text, row.updated_at)
        .run();
    return {};
  });
}

Result<bool> Notify::remove_template(std::string_view client, std::string_view event,
                                     TemplatePart part) {
  return guarded("remove template", [&]() -> Result<bool> {
    return db_->query("DELETE FROM notify_templates WHERE client = ? AND event = ? AND part = ?")
               .bind(client, event, part)
               .run() == 1;
  });
}

Status Notify::remove_client(std::string_view client) {
  return guarded("remove client", [&]() -> Status {
    db_->query("DELETE FROM notify_rules WHERE client = ?").bind(client).run();
    db_->query("DELETE FROM notify_templates WHERE client = ?").bind(client).run();
    return {};
  });
}

// ── The notifier's own ──────────────────────────────────────────────────────────────────────────

Result<std::string> Notify::public_key() {
  return guarded("read key", [&]() -> Result<std::string> {
    auto query = db_->query("SELECT public_key FROM notify_key");
    return query.next() ? query.text(0) : "";
  });
}

Status Notify::put_public_key(std::string_view bytes, WallTime now) {
  return guarded("store key", [&]() -> Status {
    db_->query("INSERT OR REPLACE INTO notify_key (id, public_key, registered_at) VALUES (1, ?, ?)")
        .bind(Blob{bytes}, now)
        .run();
    return {};
  });
}

Status Notify::mark(const NotifiedRun& run) {
  return guarded("mark run", [&]() -> Status {
    db_->query("UPDATE runs SET notified_at = ? WHERE id = ? AND notified_at IS NULL")
        .bind(run.at, run.run)
        .run();
    return {};
  });
}

}  // namespace dray::store
