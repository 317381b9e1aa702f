#include "workers/place_overlap.h"

#include "tests/support/catch.h"

namespace dray::worker {
namespace {

constexpr std::string_view kConfig = R"([src]
type = local

[dst]
type = local

[short]
type = alias
remote = src:/srv/data/photos

[vault]
type = crypt
remote = `src:/srv/data/vault`
password = x

[clear]
type = crypt
remote = src:/srv/data/clear
filename_encryption = off

[far]
type = sftp
host = h

[twice]
type = alias
remote = short:2024

[loop]
type = alias
remote = loop:
)";

TEST_CASE("places that lead to each other are found, however they are named") {
  struct Row {
    std::string_view source, destination;
    bool apart;
  };
  const Row rows[] = {
      {"src:/a", "dst:/b", true},
      {"src:/a", "dst:/a", false},
      {"src:/a", "dst:/a/b", false},
      {"src:/a/b", "dst:/a", false},
      {"src:/a", "dst:/ab", true},
      {"src:/srv/data", "short:", false},
      {"src:/srv/data/photos/2024/may", "twice:", false},
      {"src:/srv/data/music", "twice:", true},
      {"src:/srv/data", "vault:x", false},
      {"vault:", "src:/srv/data/vault/abc", false},
      {"vault:x", "src:/srv/data/vault/abc", true},
      {"clear:x", "src:/srv/data/clear/x", false},
      {"clear:x", "src:/srv/data/clear/y", true},
      {"far:a", "dst:/a", true},
      {"far:a", "far:a/b", false},
      {"far:", "far:b", false},
      {"loop:x", "loop:x", true},
      {"src:/a", "", true},
  };
  for (const Row& row : rows) {
    INFO(row.source << " and " << row.destination);
    CHECK(check_places_apart(kConfig, row.source, row.destination).has_value() == row.apart);
  }
}

}  // namespace
}  // namespace dray::worker
