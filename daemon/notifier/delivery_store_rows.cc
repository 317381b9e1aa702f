// Deliveries in notifier.db: making, sending, digests.
#include <algorithm>

#include "daemon/notifier/delivery_store_impl.h"
#include "schemas/limits.h"

namespace dray::notify {
namespace {

using store::guarded;
using store::OrNull;
using store::Query;

#define DRAY_VIEW_COLUMNS                                                                         \
  "id, event, state, client, job, run, rule, channel, recipient, subject, message_id, attempts, " \
  "last_error, digest, created_at, next_at, ended_at"
#define DRAY_DELIVERY_COLUMNS \
  DRAY_VIEW_COLUMNS ", sequence, event_at, text, html, payload, to_mark, owner"

DeliveryView read_view(const Query& q) {
  DeliveryView view;
  view.id = q.as<uint64_t>(0);
  view.event = q.as<NotifyEvent>(1);
  view.state = q.as<DeliveryState>(2);
  view.client = q.text(3);
  view.job = q.text(4);
  view.run = RunId{q.as<uint64_t>(5)};
  view.rule = q.as<uint64_t>(6);
  view.channel = q.text(7);
  view.recipient = q.text(8);
  view.subject = q.text(9);
  view.message_id = q.text(10);
  view.attempts = q.as<uint32_t>(11);
  view.last_error = q.text(12);
  view.digest = q.as<uint64_t>(13);
  view.created_at = q.time(14);
  view.next_at = q.time(15);
  view.ended_at = q.time(16);
  return view;
}

Delivery read_delivery(const Query& q) {
  Delivery row;
  row.view = read_view(q);
  row.sequence = q.as<uint64_t>(17);
  row.event_at = q.time(18);
  row.text = q.text(19);
  row.html = q.text(20);
  row.payload = q.text(21);
  row.to_mark = q.as<bool>(22);
  row.owner = q.text(23);
  return row;
}

std::vector<Delivery> read_deliveries(Query& query) {
  std::vector<Delivery> rows;
  while (query.next())
    rows.push_back(read_delivery(query));
  return rows;
}

}  // namespace

// ── Making ──────────────────────────────────────────────────────────────────────────────────────

Result<uint64_t> DeliveryStore::add(const Delivery& d) {
  return guarded("store delivery", [&]() -> Result<uint64_t> {
    const DeliveryView& v = d.view;
    auto query = impl_->db.query(
        "INSERT OR IGNORE INTO deliveries (event, state, sequence, event_at, client, job, run, "
        "rule, channel, recipient, message_id, subject, text, html, payload, attempts, next_at, "
        "last_error, digest, to_mark, created_at, owner) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
        "?, ?, "
        "?, ?, 0, ?, '', 0, ?, ?, ?) RETURNING id");
    const bool stored = query
                            .bind(v.event, v.state, d.sequence, d.event_at, v.client, v.job, v.run,
                                  v.rule, v.channel, v.recipient, v.message_id, v.subject, d.text,
                                  d.html, d.payload, v.next_at, d.to_mark, v.created_at, d.owner)
                            .next();
    if (!stored) return 0;
    const auto id = query.as<uint64_t>(0);
    query.next();
    return id;
  });
}

Result<Load> DeliveryStore::load_of(const std::string& channel, const std::string& recipient,
                                    WallTime now, Duration window) {
  return guarded("count deliveries", [&]() -> Result<Load> {
    // A clock that was set back must not make old ones count for ever.
    auto query = impl_->db.query(
        "SELECT count(*) FILTER (WHERE recipient = ?1 AND created_at > ?2 AND state <> 5), "
        "count(*) FILTER (WHERE state NOT IN (5, 6)) FROM deliveries WHERE channel = ?3 AND "
        "created_at > ?4 AND created_at <= ?5 AND event < 20");
    const auto in_us = [](Duration d) { return std::chrono::duration_cast<microseconds>(d); };
    query.bind(recipient, now - in_us(window), channel, now - in_us(hours{1}), now).next();
    return Load{query.as<uint64_t>(0), query.as<uint64_t>(1)};
  });
}

// ── Sending ─────────────────────────────────────────────────────────────────────────────────────

Result<std::vector<Delivery>> DeliveryStore::due(WallTime now, size_t limit) {
  return guarded("read deliveries", [&]() -> Result<std::vector<Delivery>> {
    auto query = impl_->db.query("SELECT " DRAY_DELIVERY_COLUMNS
                                 " FROM deliveries WHERE state = 1 AND next_at <= ? ORDER BY "
                                 "next_at, id LIMIT ?");
    query.bind(now, limit);
    return read_deliveries(query);
  });
}

Result<std::optional<WallTime>> DeliveryStore::next_due() {
  return guarded("read deliveries", [&]() -> Result<std::optional<WallTime>> {
    auto query =
        impl_->db.query("SELECT next_at FROM deliveries WHERE state = 1 ORDER BY next_at LIMIT 1");
    if (!query.next()) return std::nullopt;
    return query.time(0);
  });
}

Status DeliveryStore::mark_sending(uint64_t id) {
  return guarded("store delivery", [&]() -> Status {
    impl_->db.query("UPDATE deliveries SET state = 2, attempts = attempts + 1 WHERE id = ?")
        .bind(id)
        .run();
    return {};
  });
}

Result<size_t> DeliveryStore::resume_sending() {
  return guarded("store deliveries", [&]() -> Result<size_t> {
    const int rows = impl_->db
                         .query(
                             "UPDATE deliveries SET state = 1, last_error = 'the notifier ended "
                             "while it was being sent; it may have arrived' WHERE state = 2")
                         .run();
    return static_cast<size_t>(rows);
  });
}

Status DeliveryStore::end_attempt(uint64_t id, const End& end) {
  return guarded("store delivery", [&]() -> Status {
    const bool over = end.state != DeliveryState::waiting;
    impl_->db
        .query(
            "UPDATE deliveries SET state = ?, last_error = ?, ended_at = ?, next_at = ? WHERE id = "
            "? AND state = 2")
        .bind(end.state, end.error, OrNull{over ? end.at : WallTime{}}, end.next_at, id)
        .run();
    // Who got the digest was told of all that is in it.
    if (end.state == DeliveryState::delivered)
      impl_->db.query("UPDATE deliveries SET ended_at = ? WHERE state = 6 AND digest = ?")
          .bind(end.at, id)
          .run();
    return {};
  });
}

Result<std::optional<Delivery>> DeliveryStore::find(uint64_t id) {
  return guarded("read delivery", [&]() -> Result<std::optional<Delivery>> {
    auto query = impl_->db.query("SELECT " DRAY_DELIVERY_COLUMNS " FROM deliveries WHERE id = ?");
    if (!query.bind(id).next()) return std::nullopt;
    return read_delivery(query);
  });
}

// ── Digests ─────────────────────────────────────────────────────────────────────────────────────

Result<std::vector<DeliveryStore::Collected>> DeliveryStore::collected() {
  return guarded("read deliveries", [&]() -> Result<std::vector<Collected>> {
    std::vector<Collected> targets;
    auto query = impl_->db.query(
        "SELECT channel, recipient, min(created_at) FROM deliveries WHERE state = 5 GROUP BY "
        "channel, recipient");
    while (query.next())
      targets.push_back({query.text(0), query.text(1), query.time(2)});
    return targets;
  });
}

Result<std::vector<Delivery>> DeliveryStore::collected_for(const Collected& target, size_t limit) {
  return guarded("read deliveries", [&]() -> Result<std::vector<Delivery>> {
    auto query = impl_->db.query("SELECT " DRAY_DELIVERY_COLUMNS
                                 " FROM deliveries WHERE state = 5 AND channel = ? AND recipient = "
                                 "? ORDER BY id LIMIT ?");
    query.bind(target.channel, target.recipient, limit);
    return read_deliveries(query);
  });
}

Status DeliveryStore::fold(const std::vector<Delivery>& members, uint64_t digest) {
  return guarded("store deliveries", [&]() -> Status {
    for (const Delivery& member : members)
      impl_->db.query("UPDATE deliveries SET state = 6, digest = ? WHERE id = ? AND state = 5")
          .bind(digest, member.view.id)
          .run();
    return {};
  });
}

// ── Marks on runs ───────────────────────────────────────────────────────────────────────────────

Result<std::vector<NotifiedRun>> DeliveryStore::unmarked(size_t limit) {
  return guarded("read deliveries", [&]() -> Result<std::vector<NotifiedRun>> {
    std::vector<NotifiedRun> runs;
    auto query = impl_->db.query(
        "SELECT run, ended_at FROM deliveries WHERE to_mark = 1 AND ended_at IS NOT NULL AND state "
        "IN (3, 6) ORDER BY id LIMIT ?");
    query.bind(limit);
    while (query.next())
      runs.push_back({RunId{query.as<uint64_t>(0)}, query.time(1)});
    return runs;
  });
}

Status DeliveryStore::mark_told(const std::vector<NotifiedRun>& runs) {
  return guarded("store deliveries", [&]() -> Status {
    for (const NotifiedRun& run : runs)
      impl_->db
          .query(
              "UPDATE deliveries SET to_mark = 0 WHERE to_mark = 1 AND ended_at IS NOT NULL AND "
              "state IN (3, 6) AND run = ?")
          .bind(run.run)
          .run();
    return {};
  });
}

// ── For people ──────────────────────────────────────────────────────────────────────────────────

Result<std::vector<DeliveryView>> DeliveryStore::list(const DeliveryQuery& wanted) {
  uint64_t state = 0;
  if (!wanted.state.empty()) {
    DRAY_TRY_ASSIGN(const DeliveryState parsed, parse_enum<DeliveryState>(wanted.state));
    state = static_cast<uint64_t>(parsed);
  }
  return guarded("list deliveries", [&]() -> Result<std::vector<DeliveryView>> {
    const store::TimeBound bound(impl_->db, milliseconds{250});
    std::vector<DeliveryView> views;
    auto query = impl_->db.query(
        "SELECT " DRAY_VIEW_COLUMNS
        " FROM deliveries WHERE (?1 = 0 OR id < ?1) AND (?2 = 0 OR state = ?2) AND (?3 = '' OR "
        "client = ?3) AND (?4 = '' OR job = ?4) AND (?5 = '' OR channel = ?5) AND (?6 = 0 OR run = "
        "?6) AND (?8 = '' OR owner = ?8) ORDER BY id DESC LIMIT ?7");
    query.bind(std::min<uint64_t>(wanted.before, INT64_MAX), state, wanted.client, wanted.job,
               wanted.channel, wanted.run,
               std::clamp<uint64_t>(wanted.limit, 1, limits::kMaxPageRows), wanted.owner);
    while (query.next())
      views.push_back(read_view(query));
    return views;
  });
}

Result<uint64_t> DeliveryStore::retry(const RetryQuery& wanted, WallTime now) {
  return guarded("store deliveries", [&]() -> Result<uint64_t> {
    uint64_t retried = 0;
    for (const uint64_t id : wanted.ids)
      retried += static_cast<uint64_t>(
          impl_->db
              .query("UPDATE deliveries SET state = 1, attempts = 0, next_at = ?, ended_at = NULL "
                     "WHERE id = ? AND state IN (1, 4)")
              .bind(now, id)
              .run());
    if (!wanted.channel.empty())
      retried += static_cast<uint64_t>(
          impl_->db
              .query("UPDATE deliveries SET state = 1, attempts = 0, next_at = ?, ended_at = NULL "
                     "WHERE channel = ? AND state = 4")
              .bind(now, wanted.channel)
              .run());
    return retried;
  });
}

Result<size_t> DeliveryStore::forget(WallTime before, size_t limit) {
  return guarded("delete deliveries", [&]() -> Result<size_t> {
    const int rows =
        impl_->db
            .query(
                "DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE state IN "
                "(3, 4, 6) AND created_at < ? LIMIT ?)")
            .bind(before, limit)
            .run();
    return static_cast<size_t>(rows);
  });
}

}  // namespace dray::notify
