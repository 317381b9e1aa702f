#include "workers/manifest.h"

#include <algorithm>
#include <random>

#include "daemon/base/files.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"
#include "workers/zstd_file.h"

namespace dray::worker {
namespace {

const WallTime kTime = *parse_rfc3339("2026-11-20T12:25:19.834792Z");

ManifestSummary write(const std::string& path, const std::vector<RemoteEntry>& entries) {
  auto writer = ManifestWriter::create(path);
  REQUIRE(writer);
  for (const RemoteEntry& entry : entries)
    REQUIRE(writer->add(entry));
  auto summary = writer->finish();
  REQUIRE(summary);
  return *summary;
}

Result<std::vector<RemoteEntry>> read_all(EntrySource& source) {
  std::vector<RemoteEntry> entries;
  for (;;) {
    DRAY_TRY_ASSIGN(auto entry, source.next());
    if (!entry) return entries;
    entries.push_back(std::move(*entry));
  }
}

Result<std::vector<RemoteEntry>> read_file_back(const std::string& path) {
  DRAY_TRY_ASSIGN(auto reader, ManifestReader::open(path));
  return read_all(*reader);
}

TEST_CASE("a manifest gives back every path, size, time and hash") {
  const TempDir dir;
  const std::vector<RemoteEntry> entries = {
      {"-dash 'q' \"d\" \\ ", 1, kTime, false},
      {"a\xe2\x90\x8a"
       "b",
       RemoteEntry::kUnknownSize,
       {},
       false},
      {"deep/er/\xff\xfe", 3, from_unix_us(-1'500'000), false, {{"sha256", "00ff"}}},
      {"z", UINT64_MAX - 1, from_unix_us(1'000'000), false},
  };
  const ManifestSummary summary = write(dir / "m", entries);
  CHECK(summary.files == 4);
  CHECK(summary.digest.size() == 64);
  const auto back = read_file_back(dir / "m");
  REQUIRE(back);
  CHECK(*back == entries);
}

TEST_CASE("the manifest of an archive gives back its files, in any order") {
  const TempDir dir;
  auto file = ZstdFileWriter::create(dir / "m");
  REQUIRE(file);
  for (const char* line :
       {R"({"path":"z","size":12,"mtime":"2026-11-20T12:25:19.834792123Z","sha256":"00ff"})",
        R"({"path":"dir","dir":true,"mtime":"2026-11-20T12:25:19Z"})",
        R"({"path":"lost","error":"open: Permission denied"})",
        R"({"path_base64":"Yf8=","size":9,"mtime":"2026-11-20T12:25:19Z","error":"cut short"})",
        R"({"volume":1,"name":"x.tar.zst","size":99,"sha256":"aa"})"})
    REQUIRE(file->write(std::string(line) + "\n"));
  REQUIRE(file->finish());
  auto reader = ManifestReader::open(dir / "m", ManifestOf::archive);
  REQUIRE(reader);
  const auto entries = read_all(**reader);
  REQUIRE(entries);
  REQUIRE(entries->size() == 2);
  CHECK(entries->at(0) == RemoteEntry{"z", 12, kTime, false, {{"sha256", "00ff"}}});
  CHECK(entries->at(1).path == "a\xff");
  CHECK(entries->at(1).size == 9);
}

TEST_CASE("the same entries make the same bytes and digest, others do not") {
  const TempDir dir;
  const auto one = write(dir / "1", {{"a", 1, kTime, false}});
  const auto same = write(dir / "2", {{"a", 1, kTime, false}, {"a", 2, kTime, false}});
  const auto other = write(dir / "3", {{"a", 2, kTime, false}});
  CHECK(one.digest == same.digest);
  CHECK(read_file(dir / "1", 1000).value() == read_file(dir / "2", 1000).value());
  CHECK(one.digest != other.digest);
  CHECK_FALSE(ManifestWriter::create(dir / "1"));
}

TEST_CASE("a manifest of nothing is read as nothing") {
  const TempDir dir;
  CHECK(write(dir / "m", {}).files == 0);
  CHECK(read_file_back(dir / "m").value().empty());
}

TEST_CASE("a manifest that is damaged, cut or out of order is refused") {
  const TempDir dir;
  std::vector<RemoteEntry> entries;
  for (int i = 0; i < 20'000; ++i)
    entries.push_back({fmt::format("file {:06}", i), static_cast<uint64_t>(i * i), kTime, false});
  write(dir / "whole", entries);
  CHECK(read_file_back(dir / "whole").value().size() == entries.size());
  const std::string bytes = read_file(dir / "whole", 1 << 24).value();
  for (const size_t length : {size_t{0}, size_t{10}, bytes.size() / 2, bytes.size() - 1}) {
    REQUIRE(write_file_atomic(dir / "cut", bytes.substr(0, length)));
    const auto back = read_file_back(dir / "cut");
    REQUIRE_FALSE(back);
    CHECK(back.error().code == ErrorCode::corrupt);
  }
  std::string flipped = bytes;
  flipped[bytes.size() / 2] = static_cast<char>(flipped[bytes.size() / 2] ^ 0x10);
  REQUIRE(write_file_atomic(dir / "flipped", flipped));
  CHECK_FALSE(read_file_back(dir / "flipped"));
  write(dir / "order", {{"b", 1, kTime, false}, {"a", 1, kTime, false}});
  CHECK_FALSE(read_file_back(dir / "order"));
  write(dir / "out", {{"a/../../b", 1, kTime, false}});
  CHECK_FALSE(read_file_back(dir / "out"));
}

TEST_CASE("entries come out in order however many there are, and leave no file") {
  const TempDir dir;
  std::vector<RemoteEntry> entries;
  for (int i = 0; i < 5000; ++i)
    entries.push_back({fmt::format("{}/{}", i % 7, i), static_cast<uint64_t>(i), kTime, false});
  std::vector<RemoteEntry> ordered = entries;
  std::ranges::sort(ordered, {}, &RemoteEntry::path);
  std::mt19937 random(7);
  std::ranges::shuffle(entries, random);
  for (const size_t in_memory : {size_t{1}, size_t{700}, size_t{5000}, size_t{100'000}}) {
    if (in_memory == 1) entries.resize(40);
    {
      EntrySorter sorter(dir / "sorting", in_memory);
      for (const RemoteEntry& entry : entries)
        sorter.add(entry);
      auto sorted = sorter.sorted();
      REQUIRE(sorted);
      const auto all = read_all(**sorted);
      INFO((all ? "" : all.error().message));
      REQUIRE(all);
      std::vector<RemoteEntry> expected = entries;
      std::ranges::sort(expected, {}, &RemoteEntry::path);
      CHECK(*all == expected);
    }
    CHECK(list_dir(dir.path()).value().empty());
    if (in_memory == 1) entries = ordered;
    std::ranges::shuffle(entries, random);
  }
}

}  // namespace
}  // namespace dray::worker
