#include "daemon/notifier/gate.h"

#include "daemon/notifier/addresses.h"
#include "daemon/notifier/attempt_limiter.h"
#include "daemon/notifier/csv.h"
#include "daemon/notifier/problem.h"
#include "daemon/notifier/router.h"
#include "schemas/json_text.h"
#include "tests/support/catch.h"

namespace dray::notifier {
namespace {

HttpRequest request_with(std::vector<HttpHeader> headers) {
  HttpRequest request;
  request.headers = std::move(headers);
  return request;
}

TEST_CASE("names that are not ours are refused, addresses and known names are not") {
  const Gate gate({"Backup.Example.org"}, "https://dray.test:8443");
  for (const char* good : {"localhost", "localhost:7340", "127.0.0.1:1", "[::1]:7340", "10.1.2.3",
                           "backup.example.org", "BACKUP.example.org:443", "dray.test:8443"})
    CHECK(gate.accepts_host(good));
  for (const char* bad :
       {"", "evil.test", "localhost.evil.test", "[::1", "[::1]x", "a:b", "localhost:99999999"})
    CHECK_FALSE(gate.accepts_host(bad));
}

TEST_CASE("a request of another page is told by what the browser says") {
  const Gate gate({}, "");
  const auto check = [&](std::vector<HttpHeader> headers, bool same, bool cross) {
    headers.push_back({"host", "localhost:7340"});
    const HttpRequest request = request_with(std::move(headers));
    CHECK(gate.is_same_origin(request) == same);
    CHECK(gate.is_cross_origin(request) == cross);
  };
  check({}, false, false);  // no browser
  check({{"origin", "http://localhost:7340"}}, true, false);
  check({{"origin", "https://localhost:7340"}}, false, true);
  check({{"origin", "null"}}, false, true);
  check({{"sec-fetch-site", "same-origin"}}, true, false);
  check({{"sec-fetch-site", "cross-site"}}, false, true);
}

TEST_CASE("only trusted proxies say who is behind them, and only as far as they can know") {
  const std::vector<std::string> trusted{"10.0.0.0/8", "::1"};
  CHECK(is_trusted("10.200.3.4", trusted));
  CHECK(is_trusted("::1", trusted));
  CHECK_FALSE(is_trusted("11.0.0.1", trusted));
  CHECK_FALSE(is_trusted("rubbish", trusted));
  const auto address = [&](std::string peer, std::string list) {
    HttpRequest request = request_with({{"x-forwarded-for", std::move(list)}});
    request.address = std::move(peer);
    apply_forwarded(request, trusted);
    return request.address;
  };
  CHECK(address("10.0.0.1", "1.2.3.4") == "1.2.3.4");
  CHECK(address("10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.9") == "1.2.3.4");
  CHECK(address("9.9.9.9", "1.2.3.4") == "9.9.9.9");
  CHECK(address("10.0.0.1", "nonsense") == "10.0.0.1");
}

TEST_CASE("attempts are counted within a minute and per key") {
  AttemptLimiter limiter(3);
  const Instant start{hours{1}};
  for (int i = 0; i < 3; ++i)
    limiter.count("a", start + seconds{i});
  CHECK(limiter.is_blocked("a", start + seconds{10}));
  CHECK_FALSE(limiter.is_blocked("b", start + seconds{10}));
  CHECK_FALSE(limiter.is_blocked("a", start + seconds{61}));
}

TEST_CASE("a cell that a spreadsheet would run gets an apostrophe") {
  CHECK(csv_cell("=1+1") == "\"'=1+1\"");
  CHECK(csv_cell("@x") == "\"'@x\"");
  CHECK(csv_cell("-5") == "-5");
  CHECK(csv_cell("-x") == "\"'-x\"");
  CHECK(csv_cell("a,\"b\"") == "\"a,\"\"b\"\"\"");
  CHECK(csv_cell("plain") == "plain");
}

TEST_CASE("an error becomes a problem with a word, a hint and the field that it names") {
  HttpRequest request;
  request.id = "abc";
  const auto json = [&](const Error& error) { return problem_reply(error, request).body; };
  const std::string invalid =
      json({ErrorCode::invalid, "job 'x': options.transfers: must be small"});
  CHECK_THAT(invalid, Catch::Matchers::Contains("\"field\":\"options.transfers\"") &&
                          Catch::Matchers::Contains("\"code\":\"invalid\"") &&
                          Catch::Matchers::Contains("\"request_id\":\"abc\""));
  CHECK(problem_reply({ErrorCode::conflict, "x"}, request).status == 409);
  CHECK_THAT(json({ErrorCode::io, "open /secret/path: no"}), !Catch::Matchers::Contains("secret"));
}

Task<HttpReply> nothing(Call&) {
  co_return HttpReply{};
}

TEST_CASE("a word in an address is preferred to a parameter, and other methods are named") {
  static constexpr Route kRoutes[] = {
      {.method = Method::get, .pattern = "/runs/{run}", .reply = nothing},
      {.method = Method::post, .pattern = "/runs/cancel", .reply = nothing},
      {.method = Method::get, .pattern = "/runs/cancel", .reply = nothing},
  };
  const Router router({kRoutes});
  const Match number = router.find(Method::get, {"runs", "12"});
  REQUIRE(number.route != nullptr);
  CHECK(number.path.at(0).value == "12");
  CHECK(router.find(Method::get, {"runs", "cancel"}).route->pattern == "/runs/cancel");
  CHECK(router.find(Method::head, {"runs", "12"}).route == number.route);
  CHECK(router.find(Method::remove, {"runs", "12"}).allow == "GET");
  CHECK(router.find(Method::get, {"nothing"}).allow.empty());
  CHECK(router.sibling(*router.find(Method::post, {"runs", "cancel"}).route, Method::get) !=
        nullptr);
}

}  // namespace
}  // namespace dray::notifier
