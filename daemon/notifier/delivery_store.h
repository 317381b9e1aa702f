// The notifier's memory (notifier.db): how far the journal was read, what is remembered of jobs,
// and every delivery. What one event brings is stored in one transaction with the cursor, so that
// nothing is told twice and nothing forgotten, whenever the process dies.
//
// Owner: Notifications. One thread; every call may block for the time of a disk access.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/base/time.h"
#include "daemon/notifier/delivery_policy.h"
#include "daemon/notifier/rules.h"
#include "schemas/answers_notify.h"

namespace dray::notify {

struct Delivery {
  DeliveryView view;
  uint64_t sequence = 0;  // of the event in the journal; 0: of none
  WallTime event_at{};
  std::string text;
  std::string html;
  std::string payload;  // the Notice as JSON
  std::string owner;    // the client whose rule made it; "": the operator

  bool to_mark = false;  // the run is to be marked when this is delivered
};

struct Cursor {
  uint64_t sequence = 0;     // the last event that was dealt with
  uint64_t quiet_until = 0;  // up to here nobody is told: it happened before this database was made
};

class DeliveryStore {
 public:
  // Makes or opens it. conflict: another notifier has it open; invalid: it is of a newer program.
  static Result<std::unique_ptr<DeliveryStore>> open(const std::string& path);
  ~DeliveryStore();

  Result<std::optional<Cursor>> cursor();  // none: the database is new
  Result<std::vector<JobState>> job_states();

  // ── One transaction per page of events ──
  Status begin();
  Status commit();  // on failure nothing of it is stored
  void rollback();
  Status put_cursor(const Cursor& cursor);
  Status put_changes(const JobChanges& changes);
  // Returns the id. A second one of the same event to the same recipient is not stored: 0.
  Result<uint64_t> add(const Delivery& delivery);

  // ── Deciding ──
  Result<Load> load_of(const std::string& channel, const std::string& recipient, WallTime now,
                       Duration window);

  // ── Sending ──
  // Waiting ones whose time has come, oldest first.
  Result<std::vector<Delivery>> due(WallTime now, size_t limit);
  Result<std::optional<WallTime>> next_due();
  Status mark_sending(uint64_t id);
  // After a start: what was being sent when the process died is sent again, under the same
  // Message-ID. Returns how many.
  Result<size_t> resume_sending();
  struct End {
    DeliveryState state = DeliveryState::delivered;
    std::string error;
    WallTime at{};       // of the end
    WallTime next_at{};  // when it is waiting again
  };
  Status end_attempt(uint64_t id, const End& end);
  Result<std::optional<Delivery>> find(uint64_t id);

  // ── Digests ──
  struct Collected {
    std::string channel;
    std::string recipient;
    WallTime oldest{};
  };
  Result<std::vector<Collected>> collected();
  Result<std::vector<Delivery>> collected_for(const Collected& target, size_t limit);
  Status fold(const std::vector<Delivery>& members, uint64_t digest);

  // ── Marks on runs ──
  Result<std::vector<NotifiedRun>> unmarked(size_t limit);
  Status mark_told(const std::vector<NotifiedRun>& runs);

  // ── For people ──
  Result<std::vector<DeliveryView>> list(const DeliveryQuery& query);
  // Of failed or waiting ones. Returns how many.
  Result<uint64_t> retry(const RetryQuery& query, WallTime now);
  // Of ended ones made before. Returns how many.
  Result<size_t> forget(WallTime before, size_t limit);

 private:
  struct Impl;
  explicit DeliveryStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dray::notify
