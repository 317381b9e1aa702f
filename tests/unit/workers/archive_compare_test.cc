#include "tests/support/catch.h"
#include "workers/archive_compare_step.h"

namespace dray::worker {
namespace {

using Hashes = std::map<std::string, std::string>;

class Listed final : public EntrySource {
 public:
  explicit Listed(std::vector<RemoteEntry> entries) : entries_(std::move(entries)) {}
  Result<std::optional<RemoteEntry>> next() override {
    if (at_ == entries_.size()) return std::nullopt;
    return entries_[at_++];
  }

 private:
  std::vector<RemoteEntry> entries_;
  size_t at_ = 0;
};

RemoteEntry entry(const std::string& path, uint64_t size, Hashes hashes = {}) {
  return {path, size, {}, false, {hashes.begin(), hashes.end()}};
}

ValidationReport compare(std::vector<RemoteEntry> wanted, std::vector<RemoteEntry> found,
                         bool exactly = false) {
  Listed ours(std::move(wanted));
  Listed theirs(std::move(found));
  ValidationReport report;
  REQUIRE(compare_entries(ours, theirs, exactly, report));
  return report;
}

TEST_CASE("what came out of an archive is compared by hash where both sides tell one") {
  const ValidationReport report =
      compare({entry("a", 1, {{"md5", "00"}}), entry("b", 1, {{"md5", "00"}}), entry("c", 1)},
              {entry("a", 1, {{"md5", "00"}}), entry("b", 1, {{"md5", ""}}),
               entry("c", 1, {{"md5", "1"}})});
  CHECK(report.compared == 3);
  CHECK(report.not_comparable == 2);
  CHECK(report.differences + report.missing == 0);
}

TEST_CASE("damage, other sizes and what is missing are found and named") {
  const ValidationReport report =
      compare({entry("a", 1, {{"md5", "00"}}), entry("b", 2), entry("c", 1)},
              {entry("a", 1, {{"md5", "01"}}), entry("b", 1), entry("d", 1)});
  CHECK(report.compared == 2);
  CHECK(report.differences == 2);
  CHECK(report.missing == 1);
  CHECK_THAT(report.excerpt, Catch::Contains("'a': has another content"));
  CHECK_THAT(report.excerpt, Catch::Contains("'b': has 1 bytes instead of 2"));
  CHECK_THAT(report.excerpt, Catch::Contains("'c': is not there"));
}

TEST_CASE("what else lies there counts only where both must be the same") {
  const std::vector<RemoteEntry> found = {entry("a", 1), entry("b", 1), entry("c", 1)};
  CHECK(compare({entry("b", 1)}, found).missing == 0);
  CHECK(compare({entry("b", 1)}, found, true).missing == 2);
  CHECK(compare({}, found, true).missing == 3);
  CHECK(compare(found, {}, true).missing == 3);
}

}  // namespace
}  // namespace dray::worker
