#include "workers/path_glob.h"

#include "tests/support/catch.h"

namespace dray::worker {
namespace {

TEST_CASE("patterns match the paths that people mean") {
  struct Row {
    std::string_view pattern;
    std::string_view path;
    bool matches;
  };
  const Row rows[] = {
      {"", "any/thing", true},
      {"/", "any/thing", true},
      {"docs", "docs/a/b", true},
      {"docs", "old/docs/a", true},
      {"docs", "docs2/a", false},
      {"/docs", "old/docs/a", false},
      {"/docs/", "docs/a", true},
      {"docs/2024", "docs/2024/x", true},
      {"docs/2024", "a/docs/2024/x", false},
      {"*.jpg", "a/b/c.jpg", true},
      {"*.jpg", "c.jpg.txt", false},
      {"a/*.jpg", "a/b/c.jpg", false},
      {"a/**.jpg", "a/b/c.jpg", true},
      {"a/**/c", "a/b/d/c", true},
      {"a/**/c", "a/c", false},
      {"**/c", "b/c", true},
      {"a*/b?c", "aXX/bYc", true},
      {"a*/b?c", "aX/X/bYc", false},
      {"**a*b", "x/ab/acb", true},
      {"**a*b", "x/a/b", false},
      {"-dash 'x'", "-dash 'x'", true},
      {"[x]", "[x]", true},
      {"a", "", false},
      {"*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
       false},
  };
  for (const Row& row : rows) {
    INFO(row.pattern << " on " << row.path);
    CHECK(path_matches(row.pattern, row.path) == row.matches);
  }
}

}  // namespace
}  // namespace dray::worker
