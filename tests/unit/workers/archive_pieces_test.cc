// The small parts of archives that need no process and no network.
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"
#include "workers/archive_destination.h"
#include "workers/archive_item.h"
#include "workers/archive_manifest.h"
#include "workers/archive_names.h"
#include "workers/http_source.h"
#include "workers/local_source.h"
#include "workers/object_server.h"
#include "workers/zstd_stream.h"

namespace dray::worker {
namespace {

constexpr uint64_t kMiB = 1 << 20;
constexpr uint64_t kGiB = 1 << 30;
constexpr uint64_t kTiB = uint64_t{1} << 40;

TEST_CASE("an archive is named after its job, the planned time and the run") {
  const WallTime at = *parse_rfc3339("2026-03-04T05:06:07.9Z");
  ArchiveNames names = archive_names("nightly", at, RunId{812});
  CHECK(names.below(names.volume(1)) == "nightly/20260304T050607Z-run812.tar.zst");
  CHECK(names.below(names.manifest()) == "nightly/20260304T050607Z-run812.manifest.jsonl.zst");
  names.numbered = true;
  CHECK(names.volume(1) == "20260304T050607Z-run812.tar.zst.001");
  CHECK(names.volume(1000) == "20260304T050607Z-run812.tar.zst.1000");
  CHECK(volume_name(names.volume(1), 12) == names.volume(12));
  CHECK(volume_name("a.tar.zst", 1) == "a.tar.zst");
}

TEST_CASE("parts and volumes are sized so that ten thousand parts are enough") {
  struct Row {
    uint64_t source, wanted;
    bool streams;
    uint64_t volume, part;
  };
  const Row rows[] = {
      {0, 0, true, 0, 5 * kMiB},
      {40 * kGiB, 0, true, 0, 5 * kMiB},
      {100 * kGiB, 0, true, 0, 12 * kMiB},
      {500 * kGiB, 0, true, 0, 58 * kMiB},
      {10 * kTiB, 0, true, 9000 * 64 * kMiB, 65 * kMiB},
      {10 * kTiB, 50 * kGiB, true, 50 * kGiB, 6 * kMiB},
      {kGiB, 50 * kGiB, true, 0, 5 * kMiB},
      {kGiB / 2, 0, false, 0, 5 * kMiB},
      {2 * kGiB, 0, false, kGiB, 5 * kMiB},
  };
  for (const Row& row : rows) {
    CAPTURE(row.source, row.wanted);
    const ArchiveCut cut = cut_archive(row.source, 10, row.wanted, row.streams);
    CHECK(cut.volume_bytes == row.volume);
    CHECK(cut.part_bytes == row.part);
    const uint64_t one = cut.volume_bytes != 0 ? cut.volume_bytes : row.source;
    CHECK(one / cut.part_bytes < 10'000);
  }
}

TEST_CASE("rclone's spelling of a local name leads back to its bytes") {
  struct Row {
    std::string_view path, bytes;
  };
  const Row rows[] = {
      {"plain/ü.txt", "plain/ü.txt"},
      {"ctl\u2401\u2421\u240a.x", "ctl\x01\x7f\n.x"},
      {"symbol\u201b\u240a.z", "symbol\u240a.z"},
      {"quote\u201b\u201b", "quote\u201b"},
      {"bad\u201bFF\u201bFE.bin", "bad\xff\xfe.bin"},
      {"not \u201bDf a byte", "not \u201bDf a byte"},
      {"a raw \xff stays", "a raw \xff stays"},
      {"cut \xe2\x90", "cut \xe2\x90"},
  };
  for (const Row& row : rows)
    CHECK(local_name_bytes(row.path) == row.bytes);
}

TEST_CASE("every byte of a path that is not plain is escaped in a URL") {
  CHECK(url_path("a b/ü%#?") == "/a%20b/%C3%BC%25%23%3F");
  CHECK(url_path("-_.~/09AZaz") == "/-_.~/09AZaz");
  CHECK(url_path("\xff\n") == "/%FF%0A");
}

TEST_CASE("the kernel's table tells whose socket listens") {
  const std::string table =
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout\n"
      "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0\n"
      "   1: 00000000:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     7        0\n"
      "   2: 0100007F:1F92 0100007F:0001 01 00000000:00000000 00:00000000 00000000     8        0\n"
      "   3: 0100007F:1F92 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        "
      "0\n";
  CHECK(listener_of(table, 0x1f90) == 1000U);
  CHECK_FALSE(listener_of(table, 0x1f91));  // another address
  CHECK(listener_of(table, 0x1f92) == 0U);  // a connection is no listener
  CHECK_FALSE(listener_of(table, 0x1f93));
  CHECK_FALSE(listener_of("garbage\n\n 1 2 3", 80));
}

TEST_CASE("a destination's hashes are used as far as it tells them") {
  const auto read = [](std::string_view json) {
    ArchiveRun run;
    read_features(json, run);
    return run;
  };
  const ArchiveRun local =
      read(R"({"Hashes":["md5","sha1","sha256"],"Features":{"PutStream":true}})");
  CHECK(local.common_hash() == DigestKind::sha256);
  CHECK_FALSE(local.other_hash);
  CHECK(local.streams);
  CHECK(read(R"({"Hashes":["md5","sha1"]})").common_hash() == DigestKind::sha1);
  CHECK(read(R"({"Hashes":["md5"]})").common_hash() == DigestKind::md5);
  const ArchiveRun dav = read(R"({"Hashes":[],"Features":{"PutStream":false}})");
  CHECK_FALSE(dav.common_hash());
  CHECK_FALSE(dav.streams);
  CHECK_FALSE(read("").common_hash());
  CHECK_FALSE(read(R"({"Hashes":7,"Features":[]})").streams);
}

TEST_CASE("a manifest says what is there, what is missing and what is damaged") {
  SourceFile file;
  file.item = {"a \"b\"", 12, 1'600'000'000'500'000'000, false};
  file.name = "a \"b\"";
  file.size = 12;
  CHECK(manifest_line(file, "ab", "") ==
        R"({"path":"a \"b\"","size":12,"mtime":"2020-09-13T12:26:40.5Z","sha256":"ab"})");
  CHECK(manifest_line(file, "", "it broke off") ==
        R"({"path":"a \"b\"","size":12,"mtime":"2020-09-13T12:26:40.5Z","error":"it broke off"})");
  file.problem = Error{ErrorCode::denied, "open: no"};
  CHECK(manifest_line(file, "", "open: no") == R"({"path":"a \"b\"","error":"open: no"})");
  SourceFile folder;
  folder.item = {"x", 0, -1, true};
  folder.name = "\xff";
  CHECK(manifest_line(folder, "", "") ==
        R"({"path_base64":"/w==","dir":true,"mtime":"1969-12-31T23:59:59.999999999Z"})");
  CHECK(manifest_line(Volume{2, 99, "cd", ""}, "n.002") ==
        R"({"volume":2,"name":"n.002","size":99,"sha256":"cd"})");
}

TEST_CASE("a listing comes back from its file as it was, and a damaged file is noticed") {
  TempDir dir;
  const std::string path = dir / "list";
  {
    Result<ItemWriter> writer = ItemWriter::create(path);
    REQUIRE(writer);
    for (uint64_t i = 0; i < 5000; ++i)
      REQUIRE(
          writer->add({"folder/file " + std::to_string(i), i, -static_cast<int64_t>(i), i == 7}));
    REQUIRE(writer->finish());
  }
  Result<ItemReader> reader = ItemReader::open(path);
  REQUIRE(reader);
  ArchiveItem item;
  for (uint64_t i = 0; i < 5000; ++i) {
    REQUIRE(reader->next(item).value_or(false));
    REQUIRE(item.path == "folder/file " + std::to_string(i));
    REQUIRE(item.size == i);
    REQUIRE(item.mtime_ns == -static_cast<int64_t>(i));
    REQUIRE(item.is_dir == (i == 7));
  }
  CHECK_FALSE(reader->next(item).value_or(true));

  REQUIRE(truncate(path.c_str(), 1000) == 0);
  Result<ItemReader> damaged = ItemReader::open(path);
  REQUIRE(damaged);
  Result<bool> more = true;
  while (more && *more)
    more = damaged->next(item);
  CHECK_FALSE(more);
}

TEST_CASE("what is compressed with threads is decompressed to the same, and a cut is noticed") {
  std::string content;
  for (uint64_t i = 0; content.size() < 30'000'000; ++i)
    content += std::to_string(i * 7919);
  std::string packed;
  ZstdCompressor compressor(3, 2, [&](std::span<const char> bytes) -> Status {
    packed.append(bytes.data(), bytes.size());
    return {};
  });
  for (size_t at = 0; at < content.size(); at += 1'000'000)
    REQUIRE(compressor.write(std::string_view(content).substr(at, 1'000'000)));
  REQUIRE(compressor.finish());
  std::string back;
  const ByteSink sink = [&](std::span<const char> bytes) -> Status {
    back.append(bytes.data(), bytes.size());
    return {};
  };
  ZstdDecompressor whole(sink);
  REQUIRE(whole.write(packed));
  CHECK(whole.finish());
  CHECK(back == content);

  ZstdDecompressor cut(sink);
  REQUIRE(cut.write(std::string_view(packed).substr(0, packed.size() - 1)));
  CHECK_FALSE(cut.finish());
  ZstdDecompressor damaged(sink);
  packed[packed.size() / 2] = static_cast<char>(~packed[packed.size() / 2]);
  const Status status = damaged.write(packed);
  CHECK((!status || !damaged.finish()));
}

}  // namespace
}  // namespace dray::worker
