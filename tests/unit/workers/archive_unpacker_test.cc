// Reading archives back, good ones and hostile ones.
#include "workers/archive_unpacker.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <future>
#include <map>
#include <set>
#include <vector>

#include "daemon/base/files.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/workers/process_rig.h"
#include "workers/tar_stream.h"

namespace dray::worker {
namespace {

constexpr int64_t kTime = 1'600'000'000'123'456'789;

// An archive that is made entry by entry.
struct Maker {
  Maker()
      : compressor(1, 0,
                   [this](std::span<const char> part) -> Status {
                     bytes.append(part.data(), part.size());
                     return {};
                   }),
        tar(std::make_unique<TarStream>(
            [this](std::span<const char> part) { return compressor.write(part); })) {}
  void add(const std::string& path, const std::string& content) {
    REQUIRE(tar->begin({path, false, content.size(), kTime, 0644}));
    REQUIRE(tar->write(content));
    REQUIRE(tar->end());
  }
  void folder(const std::string& path) {
    REQUIRE(tar->begin({path, true, 0, kTime, 0755}));
    REQUIRE(tar->end());
  }
  std::string finish() {
    REQUIRE(tar->finish());
    REQUIRE(compressor.finish());
    return bytes;
  }
  std::string bytes;
  ZstdCompressor compressor;
  std::unique_ptr<TarStream> tar;
};

// A tar file with links, which ours never has.
std::string hostile_tar() {
  std::string bytes(1 << 16, '\0');
  size_t used = 0;
  archive* tar = archive_write_new();
  archive_write_set_format_pax(tar);
  REQUIRE(archive_write_open_memory(tar, bytes.data(), bytes.size(), &used) == ARCHIVE_OK);
  const auto put = [&](const char* path, unsigned type, const char* link, const char* hard) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, path);
    archive_entry_set_filetype(entry, type);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, 0);
    if (link != nullptr) archive_entry_set_symlink(entry, link);
    if (hard != nullptr) archive_entry_set_hardlink(entry, hard);
    REQUIRE(archive_write_header(tar, entry) == ARCHIVE_OK);
    archive_entry_free(entry);
  };
  put("../outside", AE_IFREG, nullptr, nullptr);
  put("/absolute", AE_IFREG, nullptr, nullptr);
  put("a/../../b", AE_IFREG, nullptr, nullptr);
  put("link", AE_IFLNK, "/etc", nullptr);
  put("link/passwd", AE_IFREG, nullptr, nullptr);
  put("hard", AE_IFREG, nullptr, "/etc/passwd");
  put("device", AE_IFCHR, nullptr, nullptr);
  put("good", AE_IFREG, nullptr, nullptr);
  archive_write_close(tar);
  archive_write_free(tar);
  bytes.resize(used);
  return bytes;
}

// Feeds volumes through pipes and takes what comes out.
struct Rig {
  explicit Rig(std::vector<std::string> volumes_in, UnpackOptions options = {})
      : volumes(std::move(volumes_in)) {
    options.spool = dir / "spool";
    REQUIRE(mkdir(options.spool.c_str(), 0700) == 0);
    ArchiveUnpacker::Handlers handlers;
    handlers.volume_wanted = [this](uint32_t number) {
      int ends[2];
      if (pipe2(ends, O_CLOEXEC) != 0) return;
      feeders.push_back(std::async(
          std::launch::async, [in = UniqueFd(ends[1]), text = volumes.at(number - 1)]() mutable {
            // The future keeps what the call captured; the volume ends when this is closed.
            const UniqueFd end = std::move(in);
            (void)write_all(end.get(), text, "volume");
          }));
      unpacker->provide_volume(UniqueFd(ends[0]));
    };
    handlers.batch_ready = [this](const std::string& batch) {
      ++batches;
      collect(batch, "");
      (void)remove_tree(batch);
      unpacker->batch_done();
    };
    handlers.pipe_wanted = [this](const UnpackedFile& file) {
      int ends[2];
      if (pipe2(ends, O_CLOEXEC) != 0) return;
      large = std::async(std::launch::async, [out = UniqueFd(ends[0])] {
        std::string text;
        char buffer[65536];
        for (ssize_t got = 0; (got = read(out.get(), buffer, sizeof buffer)) > 0;)
          text.append(buffer, static_cast<size_t>(got));
        return text;
      });
      large_name = file.path;
      unpacker->provide_pipe(UniqueFd(ends[1]));
    };
    handlers.pipe_filled = [this] {
      files[large_name] = large.get();
      streamed.insert(large_name);
      unpacker->batch_done();
    };
    handlers.problem = [this](const std::string& path, const std::string&) {
      problems.insert(path);
    };
    handlers.ended = [this](Status status) { ended.set_value(std::move(status)); };
    unpacker = std::make_unique<ArchiveUnpacker>(static_cast<uint32_t>(volumes.size()),
                                                 std::move(options), std::move(handlers));
  }
  Status run() {
    unpacker->start();
    return ended.get_future().get();
  }
  void collect(const std::string& root, const std::string& below) {
    const Result<std::vector<std::string>> names = list_dir(root + below);
    if (!names) return;
    if (names->empty()) files[below.substr(1) + "/"] = "";
    for (const std::string& name : *names) {
      struct stat info {};
      const std::string path = root + below + "/" + name;
      if (lstat(path.c_str(), &info) != 0) continue;
      if (S_ISDIR(info.st_mode)) {
        collect(root, below + "/" + name);
      } else {
        files[(below + "/" + name).substr(1)] = content(path);
        times.insert(info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec);
      }
    }
  }

  TempDir dir;
  std::vector<std::string> volumes;
  std::vector<std::future<void>> feeders;
  std::future<std::string> large;
  std::string large_name;
  std::map<std::string, std::string> files;
  std::set<int64_t> times;
  std::set<std::string> problems;
  std::set<std::string> streamed;
  int batches = 0;
  std::promise<Status> ended;
  std::unique_ptr<ArchiveUnpacker> unpacker;
};

TEST_CASE("an archive comes back as it was, volume after volume and batch after batch") {
  Maker maker;
  std::map<std::string, std::string> wanted = {{"empty/folder/", ""}};
  for (int i = 0; i < 50; ++i) {
    const std::string path = "f" + std::to_string(i % 3) + "/" + std::to_string(i) + " \xff";
    wanted[path] = std::string(static_cast<size_t>(i) * 1000, 'x');
    maker.add(path, wanted[path]);
  }
  maker.folder("empty/folder");
  wanted["large"] = std::string(300'000, 'l');
  maker.add("large", wanted["large"]);
  maker.add("last", wanted["last"] = "z");
  const std::string bytes = maker.finish();
  UnpackOptions options;
  options.batch_files = 7;
  options.large_bytes = 200'000;
  Rig rig({bytes.substr(0, 100), bytes.substr(100, 1), bytes.substr(101)}, options);
  REQUIRE(rig.run());
  CHECK(rig.files == wanted);
  CHECK(rig.streamed == std::set<std::string>{"large"});
  CHECK(rig.batches > 5);
  CHECK(rig.times == std::set<int64_t>{kTime});
  CHECK(rig.unpacker->files() == 52);
}

TEST_CASE("only what is wanted comes out, and a drill reads all of it and hands out nothing") {
  Maker maker;
  maker.add("a/1", "one");
  maker.add("b/2", "two");
  maker.folder("c");
  const std::string bytes = maker.finish();
  UnpackOptions some;
  some.wanted = [](std::string_view path) { return path.starts_with("b/"); };
  Rig rig({bytes}, some);
  REQUIRE(rig.run());
  CHECK(rig.files == std::map<std::string, std::string>{{"b/2", "two"}});
  UnpackOptions drill;
  drill.only_read = true;
  Rig read({bytes}, drill);
  REQUIRE(read.run());
  CHECK(read.files.empty());
  CHECK(read.unpacker->files() == 2);
  CHECK(read.unpacker->bytes() == 6);
}

TEST_CASE("nothing of a hostile archive leaves its folder, and links are never made") {
  Rig rig({hostile_tar()});
  REQUIRE(rig.run());
  CHECK(rig.files == std::map<std::string, std::string>{{"good", ""}, {"link/passwd", ""}});
  CHECK(rig.problems ==
        std::set<std::string>{"../outside", "/absolute", "a/../../b", "link", "hard", "device"});
  CHECK_FALSE(path_exists(rig.dir / "outside"));
}

TEST_CASE("an archive that is cut short or damaged is not taken for a whole one") {
  Maker maker;
  std::string noise;
  for (int i = 0; i < 100'000; ++i)
    noise += static_cast<char>(i * 7919 >> 5);
  maker.add("a", noise);
  const std::string bytes = maker.finish();
  std::string damaged = bytes;
  damaged[bytes.size() / 2] = static_cast<char>(~damaged[bytes.size() / 2]);
  for (const std::string& bad :
       {bytes.substr(0, bytes.size() / 2), damaged, std::string("no tar")}) {
    Rig rig({bad});
    const Status status = rig.run();
    REQUIRE_FALSE(status);
    CHECK(status.error().code == ErrorCode::corrupt);
  }
}

TEST_CASE("names that lead out of a folder are told from those that stay") {
  for (const char* good : {"a", "a/b", "..a/b..", "a b/\n"})
    CHECK(stays_inside(good));
  for (const char* bad : {"", "/", "/a", "a/", "a//b", ".", "a/.", "..", "a/../b", "../a"})
    CHECK_FALSE(stays_inside(bad));
}

}  // namespace
}  // namespace dray::worker
