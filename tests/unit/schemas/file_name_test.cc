#include "schemas/file_name.h"

#include "tests/support/catch.h"

namespace dray {
namespace {

TEST_CASE("names that mean the same everywhere are taken as they are") {
  for (const std::string& name :
       {std::string("a"), std::string("db.sql.gz"), std::string("2026/11/db dump.tar"),
        std::string("-v"), std::string(".hidden"), std::string("Ærøskøbing – kopi (2).jpg"),
        std::string("a:b*c?"), std::string("e\xcc\x81"), std::string("com10"), std::string("nulls"),
        std::string("\xf0\x9f\x93\xa6"), std::string(kMaxFileComponent, 'x')}) {
    CAPTURE(name);
    CHECK(check_file_name(name));
  }
}

TEST_CASE("names that lead out, hide something or mean another thing elsewhere are refused") {
  struct Row {
    std::string name;
    const char* why;
  };
  const Row rows[] = {
      {"", "is empty"},
      {"..", "holds '..'"},
      {".", "holds '.'"},
      {"a/../b", "holds '..'"},
      {"../../etc/passwd", "holds '..'"},
      {"/etc/passwd", "has an empty part"},
      {"a//b", "has an empty part"},
      {"a/", "has an empty part"},
      {"a\\b", "holds a backslash"},
      {std::string("a\0b", 3), "holds a control character"},
      {"a\nb", "holds a control character"},
      {"a\x7f", "holds a control character"},
      {"a\xc2\x85", "holds a control character"},
      {"gpj.\xe2\x80\xae"
       "exe",
       "turns the direction"},
      {"a\xe2\x81\xa6", "turns the direction"},
      {"a\xe2\x80\x8b.txt", "holds an invisible character"},
      {"\xef\xbb\xbf"
       "a",
       "holds an invisible character"},
      {"a\xe2\x80\xa8", "holds a line break"},
      {" a", "begins or ends with a space"},
      {"a/b ", "begins or ends with a space"},
      {"a.", "ends with a dot"},
      {"nul", "a device on Windows"},
      {"dir/COM1.txt", "a device on Windows"},
      {"Lpt9", "a device on Windows"},
      {"aux .log", "a device on Windows"},
      {".dray-incoming-7/data", "which Drayage uses itself"},
      {"caf\xe9", "is not UTF-8"},
      {"\xc0\xaf", "is not UTF-8"},
      {"\xed\xa0\x80", "half a character"},
      {"\xf4\x90\x80\x80", "is not UTF-8"},
      {"a\xe2\x80", "is not UTF-8"},
      {std::string(kMaxFileComponent + 1, 'x'), "has a part of 144 bytes; allowed: 143"},
      {std::string(kMaxUploadNameBytes, 'x') + "/y", "is 1026 bytes long; allowed: 1024"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Status status = check_file_name(row.name);
    REQUIRE_FALSE(status);
    CHECK_THAT(status.error().message, Catch::Matchers::Contains(row.why));
    CHECK_THAT(status.error().message, Catch::Matchers::Contains("--name"));
  }
}

TEST_CASE("the name of a path on this machine is its last part") {
  CHECK(file_name_of("/var/backups/db.tar").value() == "db.tar");
  CHECK(file_name_of("db.tar").value() == "db.tar");
  CHECK_FALSE(file_name_of("/var/backups/"));
  CHECK_FALSE(file_name_of("/var/.."));
}

TEST_CASE("an upload comes with the hash of its ticket") {
  UploadTask upload{"a", 1, std::string(64, 'a')};
  CHECK(check_upload(upload));
  for (const std::string& hash :
       {std::string(), std::string(63, 'a'), std::string(64, 'A'), std::string(64, 'g')}) {
    upload.ticket_hash = hash;
    CHECK_FALSE(check_upload(upload));
  }
}

}  // namespace
}  // namespace dray
