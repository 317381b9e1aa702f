#include "workers/listing_parser.h"

#include <vector>

#include "tests/support/catch.h"

namespace dray::worker {
namespace {

struct Heard {
  std::vector<RemoteEntry> entries;
  EntrySink sink() {
    return [this](const RemoteEntry& entry) { entries.push_back(entry); };
  }
};

// In pieces of every size, because a pipe cuts where it likes.
Status parse(ListingParser& parser, std::string_view text, size_t piece) {
  for (size_t at = 0; at < text.size(); at += piece) {
    const std::string_view part = text.substr(at, piece);
    parser.feed({part.data(), part.size()});
  }
  return parser.finish();
}

constexpr std::string_view kListing = R"([
{"Path":"a b","Name":"a b","Size":12,"MimeType":"","ModTime":"2026-11-20T12:25:19.834792985Z","IsDir":false},
{"Path":"d","Name":"d","Size":-1,"ModTime":"2026-11-20T12:25:19Z","IsDir":true},
{"Path":"d/q\"uo'te","Name":"q","Size":-1,"ModTime":"","IsDir":false,"Hashes":{"md5":"00ff","sha1":""}}
]
)";

TEST_CASE("a listing is handed out entry by entry, wherever it is cut") {
  for (const size_t piece : {1, 7, 64, 100000}) {
    Heard heard;
    JsonListingParser parser(heard.sink());
    REQUIRE(parse(parser, kListing, piece));
    REQUIRE(heard.entries.size() == 3);
    CHECK(heard.entries[0] ==
          RemoteEntry{"a b", 12, *parse_rfc3339("2026-11-20T12:25:19.834792Z"), false});
    CHECK(heard.entries[1].is_dir);
    CHECK(heard.entries[1].size == 0);
    CHECK(heard.entries[2].path == "d/q\"uo'te");
    CHECK(heard.entries[2].size == RemoteEntry::kUnknownSize);
    CHECK(heard.entries[2].mtime == WallTime{});
    CHECK(heard.entries[2].hashes == std::map<std::string, std::string>{{"md5", "00ff"}});
  }
}

TEST_CASE("every form of an empty listing is complete and empty") {
  for (const std::string_view text : {"[\n]\n", "[ ]\n", "[]", "[\n\n]\n"}) {
    Heard heard;
    JsonListingParser parser(heard.sink());
    CHECK(parse(parser, text, 3));
    CHECK(heard.entries.empty());
  }
}

TEST_CASE("a listing that is broken or cut short is not taken for all there is") {
  struct Row {
    std::string_view text;
    std::string_view why;
  };
  const Row rows[] = {
      {"", "ends in the middle"},
      {"[\n", "ends in the middle"},
      {"[\n{\"Path\":\"a\",\"Size\":1,\"IsDir\":false},\n", "ends in the middle"},
      {"[\n{\"Path\":\"a\",\"Si\n", "not JSON"},
      {"[\nnull\n]\n", "not JSON"},
      {"[\n{\"Path\":\"../etc/passwd\",\"Size\":1}\n]\n", "no path below it"},
      {"[\n{\"Path\":\"a/../../b\",\"Size\":1}\n]\n", "no path below it"},
      {"[\n{\"Size\":1}\n]\n", "no path below it"},
  };
  for (const Row& row : rows) {
    Heard heard;
    JsonListingParser parser(heard.sink());
    const Status status = parse(parser, row.text, 1000);
    REQUIRE_FALSE(status);
    CHECK(status.error().message.contains(row.why));
  }
}

TEST_CASE("a line without end does not take all memory") {
  Heard heard;
  JsonListingParser parser(heard.sink());
  const std::string much(64 << 10, 'x');
  for (int i = 0; i < 100; ++i)
    parser.feed({much.data(), much.size()});
  CHECK_FALSE(parser.finish());
}

TEST_CASE(
    "names that JSON cannot carry are left to the plain listing, which hands out only those") {
  Heard exact;
  JsonListingParser json(exact.sink());
  REQUIRE(parse(json,
                "[\n{\"Path\":\"inv\\ufffd\",\"Size\":1,\"IsDir\":false},\n"
                "{\"Path\":\"fine\",\"Size\":1,\"IsDir\":false}\n]\n",
                5));
  CHECK(json.doubtful() == 1);
  REQUIRE(exact.entries.size() == 1);

  Heard rest;
  PlainListingParser plain(rest.sink());
  REQUIRE(parse(plain,
                "2026-11-20 12:25:19;1;inv\xff;x\n"
                "2026-11-20 12:25:19;1;fine\n"
                "2026-11-20 12:25:19;-1;d\xfe/\n"
                "2026-11-20 12:25:19;3;already \xef\xbf\xbd here\n",
                4));
  REQUIRE(rest.entries.size() == 3);
  CHECK(rest.entries[0] ==
        RemoteEntry{"inv\xff;x", 1, *parse_rfc3339("2026-11-20T12:25:19Z"), false});
  CHECK(rest.entries[1].path == "d\xfe");
  CHECK(rest.entries[1].is_dir);
  CHECK(rest.entries[2].size == 3);
}

TEST_CASE("a plain listing without its three parts is broken") {
  Heard heard;
  PlainListingParser plain(heard.sink());
  CHECK_FALSE(parse(plain, "inv\xff\n", 100));
}

TEST_CASE("only paths of one line go into a list of paths") {
  CHECK(fits_path_list("-a 'b' \"c\" ü \xff"));
  CHECK_FALSE(fits_path_list("a\nb"));
  CHECK_FALSE(fits_path_list("a\rb"));
}

}  // namespace
}  // namespace dray::worker
