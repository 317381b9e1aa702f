#include "daemon/notifier/http_parse.h"

#include "tests/support/catch.h"

namespace dray::notifier {
namespace {

TEST_CASE("a plain head is accepted") {
  CHECK(check_head("GET / HTTP/1.1\r\nHost: a\r\nX-Y: 1\r\n\r\n"));
}

TEST_CASE("heads that two parsers could read differently are refused") {
  for (const char* head : {
           "GET / HTTP/1.1\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\nX : a\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\nX: a\nY: b\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\nX: a\rY: b\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\n: a\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\n",
       }) {
    INFO(head);
    CHECK_FALSE(check_head(head));
  }
  CHECK_FALSE(check_head(std::string_view("GET / HTTP/1.1\r\nHost: a\0\r\n\r\n", 28)));
}

TEST_CASE("an address is decoded into its parts") {
  HttpRequest request;
  REQUIRE(parse_target("/api/v1/jobs/a%20b?limit=5&name=x+y%26z", request));
  CHECK(request.segments == std::vector<std::string>{"api", "v1", "jobs", "a b"});
  CHECK(request.parameter("limit") == "5");
  CHECK(request.parameter("name") == "x y&z");
  CHECK_FALSE(request.parameter("cursor"));
}

TEST_CASE("addresses that lead elsewhere or are not clear are refused") {
  for (const char* target : {"/a/../b", "/a/%2e%2e/b", "/a%2fb", "/a%", "/a%zz", "/a%00", "/a%ff",
                             "a/b", "/a b", "/?x=1&x=2"}) {
    INFO(target);
    HttpRequest request;
    CHECK_FALSE(parse_target(target, request));
  }
}

TEST_CASE("a cookie is found among others") {
  HttpRequest request;
  request.headers.push_back({"cookie", "a=1; dray_session=abc; dray_session2=x"});
  CHECK(request.cookie("dray_session") == "abc");
  CHECK(request.cookie("session").empty());
}

}  // namespace
}  // namespace dray::notifier
