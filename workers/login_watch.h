// Logins that rclone renews while it runs. rclone writes a new token into the configuration file of
// its run, and with some services the old one is worthless from then on: what stands in that file
// is the account. This is the pure part: what was given, what stands there now, and the remote that
// follows from it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/base/seal.h"
#include "schemas/job.h"

namespace dray::worker {

// A hash of the settings by which a remote is logged in; "" when there are none. Tells logins
// apart without keeping them.
std::string login_hash(const RemoteSettings& settings);

// A renewed login, sealed as the version after the one that the run was given.
struct Renewal {
  SealedRemote remote;                 // `version` is the new one
  std::string login;                   // login_hash() of it
  std::vector<std::string> ancestors;  // of the logins it came from, oldest first

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("remote", self.remote);
    visit("login", self.login);
    visit("ancestors", self.ancestors);
  }
};

// The settings of `remote` with the login of `from` instead of its own, sealed as `version`.
// corrupt: the box is not for our key.
Result<SealedRemote> with_login(const SealedRemote& remote, const RemoteSettings& from,
                                uint32_t version, const SealingKeyPair& keys);

// What the section holds now, compared with the login of `hash`; nullopt: the same, or none.
std::optional<RemoteSettings> changed_login(std::string_view conf, std::string_view section,
                                            std::string_view hash);

// What to do with a renewal that the scheduler did not store because the remote has changed:
// `current` is the remote now.
struct Rebased {
  enum class What {
    known,    // the scheduler has this login already
    again,    // `renewal` is to be sent instead: the other change was not about the login
    dropped,  // somebody logged in anew, or the remote is gone
  };
  What what = What::dropped;
  Renewal renewal;
};
Rebased rebase(const Renewal& renewal, const std::optional<SealedRemote>& current,
               const SealingKeyPair& keys);

// `remote`, with the renewed login when its own is one that the renewal came from.
SealedRemote freshened(const Renewal& renewal, SealedRemote remote, const SealingKeyPair& keys);

}  // namespace dray::worker
