// Where messages may go. Addresses of channels come from people and from the name service, and the
// notifier stands inside the network: without this, a channel could make it speak to what only
// machines here can reach (server-side request forgery). Checked is the address that is about to be
// connected, not the name, so that a name which changes its meaning gains nothing.
//
// Public addresses are allowed. Those of this machine, of private networks, and everything that is
// no single host are not, unless the configuration lists them (notifier.allow_addresses).
//
// Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"

struct sockaddr;

namespace dray::notify {

// IPv4 as ::ffff:a.b.c.d.
using Address = std::array<uint8_t, 16>;

struct AddressRange {
  Address first{};
  int bits = 128;
  bool holds(const Address& address) const;
};

// "10.0.0.0/8", "192.0.2.7", "fd00::/8". invalid: something else.
Result<AddressRange> parse_range(std::string_view text);

class AddressGuard {
 public:
  // invalid: a range that cannot be read.
  static Result<AddressGuard> make(const std::vector<std::string>& allowed);
  // denied: with the address and what to do about it.
  Status check(const sockaddr& address) const;
  Status check(const Address& address) const;

 private:
  std::vector<AddressRange> allowed_;
};

std::string format_address(const Address& address);

}  // namespace dray::notify
