// Where messages may go.
#include "daemon/notifier/address_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

#include "tests/support/catch.h"

using namespace dray;
using namespace dray::notify;

namespace {

Status check(const AddressGuard& guard, const std::string& text) {
  sockaddr_storage storage{};
  auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
  if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    storage.ss_family = AF_INET;
  } else {
    REQUIRE(inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1);
    storage.ss_family = AF_INET6;
  }
  return guard.check(reinterpret_cast<const sockaddr&>(storage));
}

}  // namespace

TEST_CASE("public addresses are allowed, inner ones are not, however they are written") {
  const AddressGuard guard = *AddressGuard::make({});
  for (const char* good : {"8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.1", "100.128.0.1",
                           "2606:4700::1111", "2a00:1450::1"}) {
    INFO(good);
    CHECK(check(guard, good));
  }
  for (const char* bad : {"127.0.0.1",
                          "127.8.9.1",
                          "0.0.0.0",
                          "10.0.0.1",
                          "172.16.0.1",
                          "172.31.255.255",
                          "192.168.1.1",
                          "169.254.169.254",
                          "100.64.0.1",
                          "224.0.0.1",
                          "255.255.255.255",
                          "198.18.0.1",
                          "::1",
                          "::",
                          "::ffff:127.0.0.1",
                          "::ffff:169.254.169.254",
                          "::127.0.0.1",
                          "64:ff9b::7f00:1",
                          "2002:7f00:1::",
                          "fe80::1",
                          "fd00::1",
                          "fc00::1",
                          "ff02::1",
                          "2001:db8::1",
                          "fec0::1"}) {
    INFO(bad);
    CHECK_FALSE(check(guard, bad));
  }
}

TEST_CASE("the configuration allows what it lists and nothing beside it") {
  const AddressGuard guard = *AddressGuard::make({"127.0.0.1", "192.168.0.0/16", "fd00::/8"});
  for (const char* good : {"127.0.0.1", "192.168.255.255", "fd12::1", "::ffff:127.0.0.1"}) {
    INFO(good);
    CHECK(check(guard, good));
  }
  for (const char* bad : {"127.0.0.2", "172.16.0.1", "10.0.0.1", "fc00::1", "::1"}) {
    INFO(bad);
    CHECK_FALSE(check(guard, bad));
  }
  CHECK(check(*AddressGuard::make({"0.0.0.0/0"}), "10.0.0.1"));
  CHECK_FALSE(check(*AddressGuard::make({"0.0.0.0/0"}), "::1"));
}

TEST_CASE("a refusal says which address and what to do") {
  const Status refused = check(*AddressGuard::make({}), "169.254.169.254");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::denied);
  CHECK(refused.error().message ==
        "169.254.169.254 is not allowed (link-local: clouds serve their machines' secrets there); "
        "an administrator allows it in the configuration: notifier.allow_addresses");
}

TEST_CASE("ranges that make no sense are refused") {
  for (const char* bad : {"", "localhost", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "fd00::/129",
                          "10.0.0.0/8x", "300.1.1.1"}) {
    INFO(bad);
    CHECK_FALSE(parse_range(bad));
  }
}
