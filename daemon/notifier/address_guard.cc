#include "daemon/notifier/address_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include "daemon/base/quote.h"

namespace dray::notify {
namespace {

constexpr int kMappedBits = 96;  // of ::ffff:0:0/96, in front of an IPv4 address

Address from_v4(const in_addr& v4) {
  Address address{};
  address[10] = address[11] = 0xFF;
  std::memcpy(address.data() + 12, &v4, 4);
  return address;
}

bool is_v4(const Address& address) {
  static constexpr Address kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  return std::equal(address.begin(), address.begin() + 12, kMapped.begin());
}

std::optional<Address> parse_address(const std::string& text) {
  in_addr v4{};
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) return from_v4(v4);
  Address v6{};
  if (inet_pton(AF_INET6, text.c_str(), v6.data()) == 1) return v6;
  return std::nullopt;
}

struct ForbiddenRow {
  const char* range;
  std::string_view what;
};
// What IANA lists as not globally reachable, and the ways to write such an address in IPv6.
constexpr ForbiddenRow kForbidden[] = {
    {"0.0.0.0/8", "no host"},
    {"10.0.0.0/8", "a private network"},
    {"100.64.0.0/10", "a provider's inner network"},
    {"127.0.0.0/8", "this machine"},
    {"169.254.0.0/16", "link-local: clouds serve their machines' secrets there"},
    {"172.16.0.0/12", "a private network"},
    {"192.0.0.0/24", "reserved"},
    {"192.0.2.0/24", "for examples"},
    {"192.88.99.0/24", "a relay"},
    {"192.168.0.0/16", "a private network"},
    {"198.18.0.0/15", "for measurements"},
    {"198.51.100.0/24", "for examples"},
    {"203.0.113.0/24", "for examples"},
    {"224.0.0.0/3", "many hosts or reserved"},
    {"::/96", "no host, this machine, or an IPv4 address in disguise"},
    {"64:ff9b::/96", "an IPv4 address in disguise"},
    {"64:ff9b:1::/48", "an IPv4 address in disguise"},
    {"100::/64", "discarded"},
    {"2001::/23", "reserved"},
    {"2001:db8::/32", "for examples"},
    {"2002::/16", "an IPv4 address in disguise"},
    {"fc00::/7", "a private network"},
    {"fe80::/10", "link-local"},
    {"fec0::/10", "a private network"},
    {"ff00::/8", "many hosts"},
};

struct Forbidden {
  AddressRange range;
  std::string_view what;
};

const std::vector<Forbidden>& forbidden() {
  static const std::vector<Forbidden> kRows = [] {
    std::vector<Forbidden> rows;
    for (const ForbiddenRow& row : kForbidden) {
      const Result<AddressRange> range = parse_range(row.range);
      DRAY_CHECK(range.has_value(), "the ranges of the table can be read");
      rows.push_back({*range, row.what});
    }
    return rows;
  }();
  return kRows;
}

}  // namespace

bool AddressRange::holds(const Address& address) const {
  for (int bit = 0; bit < bits; bit += 8) {
    const auto index = static_cast<size_t>(bit / 8);
    const auto mask = static_cast<uint8_t>(bits - bit >= 8 ? 0xFF : 0xFF << (8 - (bits - bit)));
    if ((address[index] & mask) != (first[index] & mask)) return false;
  }
  return true;
}

Result<AddressRange> parse_range(std::string_view text) {
  const size_t slash = text.find('/');
  const std::optional<Address> first = parse_address(std::string(text.substr(0, slash)));
  if (!first)
    return fail(ErrorCode::invalid,
                "{} is not a range of addresses; give it like 192.168.0.0/16 or fd00::/8",
                quoted(text));
  AddressRange range{*first, 128};
  if (slash == std::string_view::npos) return range;
  const std::string_view digits = text.substr(slash + 1);
  const int most = is_v4(*first) ? 32 : 128;
  int bits = -1;
  const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (end.ec != std::errc() || end.ptr != digits.data() + digits.size() || bits < 0 || bits > most)
    return fail(ErrorCode::invalid, "{}: behind the / stands a number from 0 to {}", quoted(text),
                most);
  range.bits = is_v4(*first) ? bits + kMappedBits : bits;
  return range;
}

Result<AddressGuard> AddressGuard::make(const std::vector<std::string>& allowed) {
  AddressGuard guard;
  for (const std::string& text : allowed) {
    DRAY_TRY_ASSIGN(const AddressRange range, parse_range(text));
    guard.allowed_.push_back(range);
  }
  return guard;
}

std::string format_address(const Address& address) {
  char text[INET6_ADDRSTRLEN] = {};
  if (is_v4(address))
    inet_ntop(AF_INET, address.data() + 12, text, sizeof text);
  else
    inet_ntop(AF_INET6, address.data(), text, sizeof text);
  return text;
}

Status AddressGuard::check(const Address& address) const {
  const auto holds = [&](const AddressRange& range) { return range.holds(address); };
  if (std::ranges::any_of(allowed_, holds)) return {};
  for (const Forbidden& row : forbidden())
    if (row.range.holds(address))
      return fail(ErrorCode::denied,
                  "{} is not allowed ({}); an administrator allows it in the configuration: "
                  "notifier.allow_addresses",
                  format_address(address), row.what);
  return {};
}

Status AddressGuard::check(const sockaddr& address) const {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    return check(from_v4(v4.sin_addr));
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    Address bytes{};
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return check(bytes);
  }
  return fail(ErrorCode::denied, "messages go to internet addresses only");
}

}  // namespace dray::notify
