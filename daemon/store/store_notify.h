// Channels, rules and templates of notifications in the database. Writes belong into the store's
// open transaction. Same thread as the store; borrows its connection.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/base/time.h"
#include "schemas/answers_notify.h"
#include "schemas/notify.h"

namespace dray::store {

class Db;

class Notify {
 public:
  explicit Notify(Db& db) : db_(&db) {}

  // `client` "": of all; else those of the client and the operator's.
  Result<std::vector<NotifyChannel>> channels(std::string_view client);
  Result<std::optional<NotifyChannel>> channel(std::string_view name);
  Status put_channel(const NotifyChannel& channel);
  Status remove_channel(std::string_view name);
  // "rule 3", "channel 'b'": the first thing that uses it; "" when there is none.
  Result<std::string> user_of_channel(std::string_view name);
  // The same of channels alone.
  Result<std::string> user_of_fallback(std::string_view name);

  // Empty: of all clients, jobs.
  Result<std::vector<NotifyRule>> rules(std::string_view client, std::string_view job);
  Result<std::optional<NotifyRule>> rule(uint64_t id);
  // id 0: a new one. Returns the id.
  Result<uint64_t> put_rule(const NotifyRule& rule);
  Status remove_rule(uint64_t id);
  Status remove_rules_of_job(std::string_view job);

  Result<std::vector<NotifyTemplate>> templates();
  Status put_template(const NotifyTemplate& row);
  // False: there was none.
  Result<bool> remove_template(std::string_view client, std::string_view event, TemplatePart part);

  // Rules and templates; channels have to go before.
  Status remove_client(std::string_view client);

  // Raw bytes; "" as long as no notifier has said hello.
  Result<std::string> public_key();
  Status put_public_key(std::string_view bytes, WallTime now);

  Status mark(const NotifiedRun& run);

 private:
  Db* db_;
};

}  // namespace dray::store
