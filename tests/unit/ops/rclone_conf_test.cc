#include "ops/rclone_conf.h"

#include "schemas/remote_box.h"
#include "tests/support/catch.h"

using namespace dray;
using namespace dray::ops;

namespace {

Result<std::string> no_files(const std::string& path) {
  return fail(ErrorCode::not_found, "{}: No such file or directory", path);
}

std::vector<ConfSection> parsed(std::string_view text) {
  auto sections = parse_rclone_conf(text, "rclone.conf");
  REQUIRE(sections);
  return *sections;
}

std::vector<ImportItem> planned(std::string_view text, std::vector<std::string> only = {},
                                const ReadFile& read = no_files) {
  const auto sections = parsed(text);
  auto plan = plan_import(sections, only, read);
  REQUIRE(plan);
  return *plan;
}

const ImportItem& item(const std::vector<ImportItem>& plan, std::string_view original) {
  for (const ImportItem& one : plan)
    if (one.original == original) return one;
  FAIL("not planned: " << original);
  return plan.front();
}

constexpr std::string_view kPlain = R"(# made by rclone
; another comment

[gdrive]
type = drive
scope = drive
token = {"access_token":"a=b","expiry":"2026-11-20T05:47:03Z"}

[secret]
type = crypt
remote = gdrive:backup/crypt
password = obscured-1
password2 = `back`
)";

}  // namespace

TEST_CASE(
    "sections, comments, quotes and values with signs in them are read as rclone reads them") {
  const auto sections = parsed(kPlain);
  REQUIRE(sections.size() == 2);
  CHECK(sections[0].name == "gdrive");
  CHECK(sections[0].line == 4);
  CHECK(sections[0].settings.at("token") ==
        R"({"access_token":"a=b","expiry":"2026-11-20T05:47:03Z"})");
  CHECK(sections[1].settings.at("password2") == "back");
}

TEST_CASE("line ends of Windows and a byte order mark do no harm") {
  const auto sections = parsed("\xef\xbb\xbf[a]\r\ntype = s3\r\n\r\n[b c]\r\ntype: sftp\r\n");
  REQUIRE(sections.size() == 2);
  CHECK(sections[0].settings.at("type") == "s3");
  CHECK(sections[1].name == "b c");
  CHECK(sections[1].settings.at("type") == "sftp");
}

TEST_CASE("a damaged file is refused with file and line and without the line's content") {
  struct Case {
    std::string_view text;
    std::string_view message;
  };
  for (const Case& c : {Case{"[a]\ntype = s3\nhunter2\n", "x.conf:3: neither"},
                        Case{"pass = hunter2\n", "x.conf:1: a setting before"},
                        Case{"[a\ntype = s3", "x.conf:1: a section must look"},
                        Case{"[]\n", "x.conf:1: a section must look"},
                        Case{"[a]\n= hunter2\n", "x.conf:2: neither"}}) {
    const auto result = parse_rclone_conf(c.text, "x.conf");
    REQUIRE_FALSE(result);
    CHECK(result.error().message.starts_with(c.message));
    CHECK(result.error().message.find("hunter2") == std::string::npos);
  }
}

TEST_CASE("an encrypted file says how to open it") {
  const auto result = parse_rclone_conf(
      "# Encrypted rclone configuration File\n\nRCLONE_ENCRYPT_V0:\nabcd==\n", "/h/rclone.conf");
  REQUIRE_FALSE(result);
  CHECK(result.error().message.find("rclone config show --config /h/rclone.conf | dray remote "
                                    "import -") != std::string::npos);
}

TEST_CASE("what a remote refers to comes before it") {
  const auto plan = planned(
      "[top]\ntype = crypt\nremote = mid:x\npassword = p\n[mid]\ntype = alias\nremote = base:y\n"
      "[base]\ntype = s3\nprovider = AWS\n");
  REQUIRE(plan.size() == 3);
  CHECK(plan[0].name == "base");
  CHECK(plan[1].name == "mid");
  CHECK(plan[2].name == "top");
  CHECK(plan[2].refers_to == std::vector<std::string>{"mid"});
  for (const ImportItem& one : plan)
    CHECK(one.refused.empty());
}

TEST_CASE("union and combine refer to all of their upstreams") {
  const auto plan = planned(
      "[a]\ntype = s3\n[b c]\ntype = sftp\nhost = h\n"
      "[u]\ntype = union\nupstreams = a:x \"b c:dir with space\" a:y:ro\n"
      "[m]\ntype = combine\nupstreams = docs=a:d pics=a:p\n");
  CHECK(item(plan, "u").refers_to == std::vector<std::string>{"a", "b_c"});
  CHECK(item(plan, "u").settings.at("upstreams").find("b_c:dir with space") != std::string::npos);
  CHECK(item(plan, "m").refers_to == std::vector<std::string>{"a"});
}

TEST_CASE("names that are not ours are renamed everywhere, without clashes") {
  const auto plan = planned(
      "[my drive]\ntype = drive\n[my_drive]\ntype = s3\n[-x]\ntype = s3\n"
      "[c]\ntype = crypt\nremote = my drive:x\npassword = p\n");
  CHECK(item(plan, "my_drive").name == "my_drive");
  CHECK(item(plan, "my drive").name == "my_drive-2");
  CHECK(item(plan, "c").settings.at("remote") == "my_drive-2:x");
  CHECK(item(plan, "-x").name == "x");
  CHECK_FALSE(item(plan, "my drive").notes.empty());
}

TEST_CASE("what cannot be taken is refused with the reason, and so is what refers to it") {
  struct Case {
    std::string_view text;
    std::string_view name;
    std::string_view why;
  };
  for (const Case& c : {
           Case{"[a]\ntype = alias\nremote = /srv/files\n", "a", "path"},
           Case{"[a]\ntype = crypt\nremote = :s3,env_auth:x\npassword = p\n", "a", "fly"},
           Case{"[a]\ntype = crypt\nremote = gone:x\npassword = p\n", "a", "no such remote"},
           Case{"[a]\ntype = alias\nremote = a:x\n", "a", "circle"},
           Case{"[a]\nprovider = AWS\n", "a", "no type"},
           Case{"[a]\ntype = webdav\nbearer_token_command = touch /tmp/x\n", "a", "runs a program"},
           Case{"[b]\ntype = sftp\nssh = touch x\n[a]\ntype = alias\nremote = b:\n", "a",
                "runs a program"},
       }) {
    INFO(c.text);
    const auto plan = planned(c.text);
    CHECK(item(plan, c.name).refused.find(c.why) != std::string::npos);
  }
}

TEST_CASE("only the named remotes and what they refer to are taken") {
  const auto plan = planned(kPlain, {"secret"});
  REQUIRE(plan.size() == 2);
  CHECK(plan[0].name == "gdrive");
  CHECK(planned(kPlain, {"gdrive"}).size() == 1);
  const auto sections = parsed(kPlain);
  const auto unknown = plan_import(sections, {"gdriv"}, no_files);
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == ErrorCode::not_found);
  CHECK(unknown.error().message.find("gdrive") != std::string::npos);
}

TEST_CASE("a private key named by file goes along as text in one line") {
  const auto plan =
      planned("[n]\ntype = sftp\nhost = h\nkey_file = /k/id\nmd5sum_command = md5sum\n", {},
              [](const std::string& path) -> Result<std::string> {
                CHECK(path == "/k/id");
                return "-----BEGIN-----\nabc\n-----END-----\n";
              });
  CHECK(plan[0].refused.empty());
  CHECK(plan[0].settings.at("key_pem") == R"(-----BEGIN-----\nabc\n-----END-----\n)");
  CHECK_FALSE(plan[0].settings.contains("key_file"));
  CHECK_FALSE(plan[0].settings.contains("md5sum_command"));
}

TEST_CASE("a key file that cannot be read refuses its remote and no other") {
  const auto plan = planned("[n]\ntype = sftp\nkey_file = /k/id\n[o]\ntype = s3\n");
  CHECK(item(plan, "n").refused.find("/k/id") != std::string::npos);
  CHECK(item(plan, "o").refused.empty());
}
