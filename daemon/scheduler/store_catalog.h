// Clients, remotes (store_remotes.cc), settings, audit and idempotency in the database: what verbs
// read and write.
// Jobs are in store_jobs.h. Writes belong into the store's open transaction.
//
// Same thread as the store; borrows its connection.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/base/time.h"
#include "daemon/scheduler/rows.h"
#include "schemas/answers.h"
#include "schemas/job.h"

namespace dray::store {

class Db;

struct StoredAnswer {
  std::string request;  // what was asked
  uint8_t code = 0;
  std::string message;
  std::string body;
};

class Catalog {
 public:
  explicit Catalog(Db& db) : db_(&db) {}

  Result<std::vector<ClientRow>> clients();
  Result<std::optional<ClientRow>> client(std::string_view name);
  // Inserts or replaces by name.
  Result<ClientRow> put_client(const ClientSpec& spec);
  // Why none of its runs starts; empty: they do.
  Status set_client_paused(std::string_view name, std::string_view why);
  // Without rows: the plain cap holds.
  Status set_client_bandwidth_table(std::string_view name, const BandwidthTable& table);
  Status remove_client(std::string_view name);
  // "job 'a'", "remote 'b'": the first thing that belongs to the client; "" when there is none.
  Result<std::string> user_of_client(std::string_view name);

  // Without `sealed` unless asked for one by name. `client` empty: of all clients.
  Result<std::vector<RemoteView>> remotes(std::string_view client);
  Result<std::optional<RemoteView>> remote(std::string_view client, std::string_view name);
  Result<std::optional<SealedRemote>> sealed_remote(std::string_view client, std::string_view name);
  // Inserts or replaces; returns the stored row. `login_at`: see RemoteView.
  Result<RemoteView> put_remote(const SealedRemote& remote, WallTime login_at, WallTime now);
  Status remove_remote(std::string_view client, std::string_view name);
  // "job 'a'", "remote 'b'": the first thing that refers to it; "" when there is none.
  Result<std::string> user_of_remote(std::string_view client, std::string_view name);
  // An account whose remote holds a login takes one run at a time, whatever its cap: two of rclone
  // that renew one login make it worthless.
  Result<std::vector<AccountPlan>> accounts();
  // The remote and everything that it refers to, each once, itself first. not_found: one is
  // missing; invalid: they refer to each other in a circle, or too deeply.
  Result<std::vector<SealedRemote>> remote_closure(std::string_view client, std::string_view name);

  // Raw JSON by name; only what was ever set.
  Result<std::map<std::string, std::string>> settings();
  Status put_setting(std::string_view name, std::string_view json, WallTime now);
  Result<LiveSettings> live_settings();

  Status add_audit(const AuditEntry& entry);
  Result<std::vector<AuditEntry>> audit(uint64_t before, size_t limit);

  Result<std::optional<StoredAnswer>> find_answer(std::string_view key);
  Status keep_answer(std::string_view key, const StoredAnswer& answer, WallTime now);
  Status drop_answers(WallTime before);

 private:
  Db* db_;
};

}  // namespace dray::store
