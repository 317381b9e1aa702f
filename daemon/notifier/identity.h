// Who asks, as it was proven, and what they may. Pure data.
#pragma once

#include <cstdint>
#include <string>

#include "daemon/base/time.h"
#include "schemas/messages.h"
#include "schemas/verbs.h"

namespace dray::notifier {

struct Identity {
  enum class Kind : uint8_t { nobody, user, token };
  Kind kind = Kind::nobody;
  std::string name;  // of the person or token
  Scope scope = Scope::read;
  std::string client;  // sees and changes nothing of any other; "": all
  std::string address;
  WallTime expires_at{};
  std::string proof;  // raw: of a user, the session's stored hash; of a token, its id
  std::string csrf;   // not empty: proven by a cookie, so changes have to show this

  bool may(Scope needed) const { return kind != Kind::nobody && scope >= needed; }
  bool may_see(const std::string& other) const { return client.empty() || client == other; }
};

// As the scheduler is told.
inline Acting acting(const Identity& identity) {
  return {static_cast<uint8_t>(identity.scope), identity.client, identity.address};
}

}  // namespace dray::notifier
