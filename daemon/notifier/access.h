// Who asks? Tokens and sessions are looked up in the scheduler's database at every request, so what
// is revoked is refused with the next one. Logins are checked, counted and written down here.
//
// Thread: the loop's; passwords are hashed on a thread of their own.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "daemon/base/config.h"
#include "daemon/base/time.h"
#include "daemon/notifier/attempt_limiter.h"
#include "daemon/notifier/blocking_thread.h"
#include "daemon/notifier/database.h"
#include "daemon/notifier/identity.h"
#include "daemon/notifier/verb_client.h"
#include "schemas/access.h"

namespace dray::notifier {

inline constexpr std::string_view kSessionCookie = "dray_session";

struct Login {
  Identity identity;
  std::string session;  // for the cookie; the only copy
};

class Access {
 public:
  Access(const Config::Notifier& config, Database& database, VerbClient& verbs, Clock& clock);

  // Nobody, when the request shows nothing or nothing valid. exhausted: this address has shown too
  // much that is wrong; unavailable: the database cannot be read.
  Result<Identity> identify(const HttpRequest& request);
  // Is what `identity` was proven by still good? For connections that stay.
  bool still_valid(const Identity& identity);
  // Another number whenever somebody may have lost what they had. 0: the database cannot be read.
  uint64_t revision();

  // denied: wrong; exhausted: too often.
  Task<Result<Login>> log_in(std::string name, std::string password, std::string address);
  Task<Result<Login>> log_in_with_token(std::string token, std::string address);
  Task<Status> log_out(const Identity& identity);
  // Ends all sessions of the person and begins a new one.
  Task<Result<Login>> change_password(const Identity& identity, std::string old_password,
                                      std::string new_password);
  Task<Result<std::string>> hash(std::string password);

  // ── The first user ────────────────────────────────────────────────────────────────────────────
  // There is nobody yet. unavailable: the database cannot be read.
  Result<bool> needs_setup();
  // What the one-time link carries; made anew with every start.
  const std::string& setup_token() const { return setup_token_; }
  // denied: wrong token; conflict: somebody is there already.
  Task<Result<Login>> set_up(std::string token, std::string name, std::string password,
                             std::string address);

  // Tells the scheduler which tokens were used since the last call. For a timer.
  Task<void> report_use();

 private:
  Result<Identity> by_token(std::string_view token, const std::string& address);
  Result<Identity> by_session(std::string_view session, const std::string& address);
  Result<std::string> key();
  Task<Result<UserView>> prove(std::string name, std::string password, std::string address);
  Result<std::string> csrf_of(const std::string& proof);
  Task<Result<Login>> open_session(UserView user, std::string address);
  bool is_blocked(const std::string& address, const std::string& account);
  void count_failure(const std::string& address, const std::string& account);

  const Config::Notifier& config_;
  Database& database_;
  VerbClient& verbs_;
  Clock& clock_;
  BlockingThread passwords_{kMaxWaitingLogins};
  AttemptLimiter by_address_{kFailuresPerAddress};
  AttemptLimiter by_account_{kFailuresPerAccount};
  std::string key_;
  std::string setup_token_;
  std::unordered_map<std::string, TokenUse> used_;

  static constexpr size_t kMaxWaitingLogins = 32;
  static constexpr size_t kFailuresPerAddress = 20;
  static constexpr size_t kFailuresPerAccount = 100;
};

}  // namespace dray::notifier
