#include "daemon/notifier/addresses.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>

#include "daemon/base/text.h"

namespace dray::notifier {
namespace {

// IPv4 addresses as IPv6 ones (::ffff:1.2.3.4).
constexpr size_t kBytes = 16;
constexpr unsigned kMappedBits = 96;
using Address = std::array<unsigned char, kBytes>;

std::optional<Address> parse(std::string_view text) {
  Address bytes{};
  const std::string whole(text);
  if (inet_pton(AF_INET6, whole.c_str(), bytes.data()) == 1) return bytes;
  bytes[10] = bytes[11] = 0xff;
  if (inet_pton(AF_INET, whole.c_str(), bytes.data() + 12) == 1) return bytes;
  return std::nullopt;
}

bool same_bits(const Address& a, const Address& b, unsigned bits) {
  for (size_t i = 0; i < kBytes && bits > 0; ++i, bits -= bits < 8 ? bits : 8) {
    const unsigned mask = bits >= 8 ? 0xffu : 0xffu & (0xff00u >> bits);
    if ((a[i] & mask) != (b[i] & mask)) return false;
  }
  return true;
}

bool inside(const Address& address, std::string_view network) {
  const size_t slash = std::min(network.find('/'), network.size());
  const auto base = parse(network.substr(0, slash));
  if (!base) return false;
  const bool v4 = network.find(':') == std::string_view::npos;
  unsigned bits = v4 ? 32 : 128;
  if (slash < network.size())
    std::from_chars(network.data() + slash + 1, network.data() + network.size(), bits);
  return same_bits(address, *base, v4 ? bits + kMappedBits : bits);
}

}  // namespace

bool is_trusted(std::string_view address, const std::vector<std::string>& trusted) {
  if (trusted.empty()) return false;
  const auto bytes = parse(address);
  if (!bytes) return false;
  for (const std::string& network : trusted)
    if (inside(*bytes, network)) return true;
  return false;
}

void apply_forwarded(HttpRequest& request, const std::vector<std::string>& trusted) {
  if (!is_trusted(request.address, trusted)) return;
  if (request.header("x-forwarded-proto") == "https") request.secure = true;
  std::string_view list = request.header("x-forwarded-for");
  while (!list.empty()) {
    const size_t comma = list.rfind(',');
    const std::string_view last =
        trim(comma == std::string_view::npos ? list : list.substr(comma + 1));
    if (!parse(last)) return;
    request.address = std::string(last);
    if (!is_trusted(last, trusted) || comma == std::string_view::npos) return;
    list = list.substr(0, comma);
  }
}

}  // namespace dray::notifier
