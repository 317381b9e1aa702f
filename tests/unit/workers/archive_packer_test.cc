// From files to the bytes of volumes, with pipes instead of uploads.
#include "workers/archive_packer.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <future>
#include <map>

#include "daemon/base/files.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/workers/process_rig.h"
#include "workers/local_source.h"
#include "workers/tar_stream.h"

namespace dray::worker {
namespace {

struct Entry {
  int64_t mtime_ns = 0;
  bool is_dir = false;
  std::string content;
  friend bool operator==(const Entry&, const Entry&) = default;
};

// What libarchive reads back, decompressed by its own filter.
std::map<std::string, Entry> entries_of(const std::string& bytes) {
  std::map<std::string, Entry> found;
  archive* tar = archive_read_new();
  archive_read_support_filter_zstd(tar);
  archive_read_support_format_tar(tar);
  REQUIRE(archive_read_open_memory(tar, bytes.data(), bytes.size()) == ARCHIVE_OK);
  archive_entry* entry = nullptr;
  int state = ARCHIVE_OK;
  while ((state = archive_read_next_header(tar, &entry)) == ARCHIVE_OK || state == ARCHIVE_WARN) {
    Entry& read = found[archive_entry_pathname(entry)];
    read.mtime_ns = archive_entry_mtime(entry) * 1'000'000'000 + archive_entry_mtime_nsec(entry);
    read.is_dir = archive_entry_filetype(entry) == AE_IFDIR;
    read.content.resize(static_cast<size_t>(archive_entry_size(entry)));
    REQUIRE(archive_read_data(tar, read.content.data(), read.content.size()) ==
            static_cast<la_ssize_t>(read.content.size()));
  }
  CHECK(state == ARCHIVE_EOF);
  archive_read_free(tar);
  return found;
}

struct Pipe {
  Pipe() {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    out.reset(ends[0]);
    in.reset(ends[1]);
  }
  UniqueFd out, in;
};

std::string drain(const UniqueFd& fd) {
  std::string text;
  char buffer[65536];
  for (ssize_t got = 0; (got = read(fd.get(), buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<size_t>(got));
  return text;
}

// Items that a test makes up.
class ScriptedSource final : public ArchiveSource {
 public:
  struct Item {
    SourceFile file;
    std::vector<std::string> chunks;
    std::optional<Error> breaks;
  };
  std::vector<Item> items;

  void add(std::string name, uint64_t size, std::vector<std::string> chunks,
           std::optional<Error> breaks = {}) {
    SourceFile file;
    file.name = file.item.path = std::move(name);
    file.size = size;
    file.mode = kDefaultFileMode;
    items.push_back({file, std::move(chunks), std::move(breaks)});
  }
  Result<bool> next(SourceFile& file) override {
    if (at_ == items.size()) return false;
    current_ = &items[at_++];
    chunk_ = 0;
    file = current_->file;
    return true;
  }
  Result<std::span<const char>> read() override {
    if (chunk_ < current_->chunks.size()) return std::span<const char>(current_->chunks[chunk_++]);
    if (current_->breaks) return std::unexpected(*current_->breaks);
    return std::span<const char>();
  }
  void interrupt() override {}

 private:
  size_t at_ = 0;
  size_t chunk_ = 0;
  Item* current_ = nullptr;
};

// A packer whose volumes are read by threads.
struct Rig {
  explicit Rig(std::unique_ptr<ArchiveSource> source, uint64_t volume_bytes = 0) {
    PackOptions options;
    options.volume_bytes = volume_bytes;
    options.other_hash = DigestKind::md5;
    options.manifest = dir / "manifest";
    options.names.stem = "x";
    packer = std::make_unique<ArchivePacker>(
        std::move(options), std::move(source),
        ArchivePacker::Handlers{
            .volume_wanted =
                [this](uint32_t) {
                  Pipe pipe;
                  packer->provide(std::move(pipe.in));
                  contents.push_back(std::async(
                      std::launch::async, [out = std::move(pipe.out)] { return drain(out); }));
                },
            .volume_ended = [this](const Volume& volume) { volumes.push_back(volume); },
            .problem = [this](const std::string& path,
                              const std::string& text) { problems[path] = text; },
            .ended = [this](Status status) { ended.set_value(std::move(status)); }});
  }
  Status run() {
    packer->start();
    return ended.get_future().get();
  }
  std::string all() {
    std::string bytes;
    for (auto& content : contents) {
      parts.push_back(content.get());
      bytes += parts.back();
    }
    return bytes;
  }

  TempDir dir;
  std::vector<std::future<std::string>> contents;
  std::vector<std::string> parts;
  std::vector<Volume> volumes;
  std::map<std::string, std::string> problems;
  std::promise<Status> ended;
  std::unique_ptr<ArchivePacker> packer;
};

std::string noise(size_t size) {
  std::string text(size, '\0');
  uint32_t state = 1;
  for (char& c : text) {
    state = state * 1664525 + 1013904223;
    c = static_cast<char>(state >> 24);
  }
  return text;
}

std::string hex(DigestKind kind, std::string_view text) {
  Digest digest(kind);
  digest.update(text);
  return digest.finish_hex();
}

TEST_CASE("names of any bytes and any length, times before 1970 and empty folders go through tar") {
  const std::string long_name = std::string(250, 'd') + "/" + std::string(250, 'f');
  const std::map<std::string, Entry> wanted = {
      {"plain", {1'600'000'000'123'456'789, false, "x"}},
      {"bytes \xff\xfe", {1, false, "y"}},
      {"ü ☃", {-1, false, ""}},
      {"new\nline", {-5'000'000'001, false, "z"}},
      {long_name, {0, false, "long"}},
  };
  std::string bytes;
  TarStream tar([&](std::span<const char> part) -> Status {
    bytes.append(part.data(), part.size());
    return {};
  });
  for (const auto& [name, entry] : wanted) {
    REQUIRE(tar.begin({name, false, entry.content.size(), entry.mtime_ns, 0644}));
    REQUIRE(tar.write(entry.content));
    REQUIRE(tar.end());
  }
  REQUIRE(tar.begin({"empty", true, 0, 7, 0755}));
  REQUIRE(tar.end());
  REQUIRE(tar.finish());
  CHECK(bytes.size() % 512 == 0);
  std::map<std::string, Entry> found = entries_of(bytes);
  CHECK(found.extract("empty/").mapped() == Entry{7, true, ""});
  CHECK(found == wanted);
}

TEST_CASE("the error of where a tar stream goes is told as it is") {
  TarStream tar(
      [](std::span<const char>) -> Status { return fail(ErrorCode::exhausted, "no room"); });
  Status status = tar.begin({"a", false, 100'000, 0, 0644});
  if (status) status = tar.write(std::string(100'000, 'x'));
  REQUIRE_FALSE(status);
  CHECK(status.error().message == "no room");
}

TEST_CASE("a packed source is cut into volumes that are hashed and together make one stream") {
  auto source = std::make_unique<ScriptedSource>();
  const std::string content = noise(3'000'000);
  source->add("a", content.size(), {content.substr(0, 5), content.substr(5)});
  source->add("b", 0, {});
  Rig rig(std::move(source), 1 << 20);
  REQUIRE(rig.run());
  const std::string bytes = rig.all();
  REQUIRE(rig.parts.size() == 3);
  REQUIRE(rig.volumes.size() == 3);
  for (size_t i = 0; i < 3; ++i) {
    CHECK(rig.volumes[i].number == i + 1);
    CHECK(rig.volumes[i].size == rig.parts[i].size());
    CHECK(rig.volumes[i].sha256 == hex(DigestKind::sha256, rig.parts[i]));
    CHECK(rig.volumes[i].other == hex(DigestKind::md5, rig.parts[i]));
  }
  CHECK(rig.parts[0].size() == 1 << 20);
  const auto found = entries_of(bytes);
  CHECK(found.at("a").content == content);
  CHECK(found.size() == 2);
  const PackCounts counts = rig.packer->counts();
  CHECK(counts.files == 2);
  CHECK(counts.bytes == content.size());
}

TEST_CASE(
    "a file that breaks off is filled up and named, a missing one is named, others are whole") {
  auto source = std::make_unique<ScriptedSource>();
  source->add("before", 3, {"abc"});
  source->add("broken", 1000, {"only this"}, Error{ErrorCode::io, "it broke off"});
  source->add("gone", 0, {});
  source->items.back().file.problem = Error{ErrorCode::not_found, "it is not there"};
  source->add("after", 3, {"xyz"});
  Rig rig(std::move(source));
  REQUIRE(rig.run());
  const auto found = entries_of(rig.all());
  CHECK(found.size() == 3);
  CHECK(found.at("before").content == "abc");
  CHECK(found.at("after").content == "xyz");
  CHECK(found.at("broken").content == "only this" + std::string(991, '\0'));
  CHECK(rig.problems.size() == 2);
  CHECK(rig.problems["broken"] == "it broke off; the last 991 of 1000 bytes are zeros");
  CHECK(rig.problems["gone"] == "it is not there");
  CHECK(rig.packer->counts().problems == 2);
  CHECK(rig.packer->counts().missing == 1);
}

TEST_CASE("an upload that ends early ends the packer and is told apart from other failures") {
  auto source = std::make_unique<ScriptedSource>();
  source->add("a", 8'000'000, {noise(8'000'000)});
  std::promise<Status> ended;
  TempDir dir;
  std::unique_ptr<ArchivePacker> packer;
  PackOptions options;
  options.manifest = dir / "manifest";
  packer = std::make_unique<ArchivePacker>(
      std::move(options), std::move(source),
      ArchivePacker::Handlers{.volume_wanted =
                                  [&](uint32_t) {
                                    Pipe pipe;
                                    packer->provide(std::move(pipe.in));
                                  },  // the reading end closes here
                              .volume_ended = [](const Volume&) {},
                              .problem = [](const std::string&, const std::string&) {},
                              .ended = [&](Status status) { ended.set_value(std::move(status)); }});
  packer->start();
  CHECK_FALSE(ended.get_future().get());
  CHECK(packer->upload_broke());
}

TEST_CASE("a packer that waits for a volume can be interrupted") {
  auto source = std::make_unique<ScriptedSource>();
  source->add("a", 1, {"x"});
  std::promise<Status> ended;
  std::promise<void> wanted;
  TempDir dir;
  PackOptions options;
  options.manifest = dir / "manifest";
  ArchivePacker packer(
      std::move(options), std::move(source),
      ArchivePacker::Handlers{.volume_wanted = [&](uint32_t) { wanted.set_value(); },
                              .volume_ended = [](const Volume&) {},
                              .problem = [](const std::string&, const std::string&) {},
                              .ended = [&](Status status) { ended.set_value(std::move(status)); }});
  packer.start();
  wanted.get_future().wait();
  packer.interrupt();
  const Status status = ended.get_future().get();
  REQUIRE_FALSE(status);
  CHECK_FALSE(packer.upload_broke());
}

// ── Files of this machine ───────────────────────────────────────────────────────────────────────

struct LocalRig {
  void list(const std::string& path, bool is_dir = false) { items.push_back({path, 0, 0, is_dir}); }
  std::unique_ptr<ArchiveSource> open() {
    Result<ItemWriter> writer = ItemWriter::create(dir / "list");
    REQUIRE(writer);
    for (const ArchiveItem& item : items)
      REQUIRE(writer->add(item));
    REQUIRE(writer->finish());
    auto source = open_local_source(dir / "root", *ItemReader::open(dir / "list"));
    REQUIRE(source);
    return std::move(*source);
  }
  LocalRig() { REQUIRE(mkdir((dir / "root").c_str(), 0755) == 0); }

  TempDir dir;
  std::vector<ArchiveItem> items;
};

TEST_CASE("no link leads out of a local source, neither as a file nor on the way to one") {
  LocalRig rig;
  put_file(rig.dir / "secret", "secret");
  REQUIRE(symlink("../secret", (rig.dir / "root/link").c_str()) == 0);
  REQUIRE(symlink("..", (rig.dir / "root/up").c_str()) == 0);
  REQUIRE(mkfifo((rig.dir / "root/fifo").c_str(), 0600) == 0);
  for (const char* path : {"link", "up/secret", "../secret", "fifo", "missing", "/etc/passwd"})
    rig.list(path);
  const std::unique_ptr<ArchiveSource> source = rig.open();
  SourceFile file;
  for (size_t i = 0; i < rig.items.size(); ++i) {
    REQUIRE(source->next(file).value_or(false));
    CAPTURE(file.item.path);
    CHECK(file.problem);
  }
  CHECK_FALSE(source->next(file).value_or(true));
}

TEST_CASE("a local file that changes while it is read says so") {
  LocalRig rig;
  put_file(rig.dir / "root/grows", std::string(400'000, 'x'));
  put_file(rig.dir / "root/shrinks", std::string(800'000, 'x'));
  rig.list("grows");
  rig.list("shrinks");
  const std::unique_ptr<ArchiveSource> source = rig.open();
  const auto read_all = [&](uint64_t& bytes) -> Status {
    for (;;) {
      DRAY_TRY_ASSIGN(const std::span<const char> part, source->read());
      bytes += part.size();
      if (part.empty()) return {};
    }
  };
  SourceFile file;
  REQUIRE(source->next(file).value_or(false));
  CHECK(file.size == 400'000);
  put_file(rig.dir / "root/grows", std::string(500'000, 'y'));
  uint64_t bytes = 0;
  const Status grown = read_all(bytes);
  CHECK(bytes == 400'000);
  REQUIRE_FALSE(grown);
  CHECK(grown.error().message == "it changed while it was read");

  REQUIRE(source->next(file).value_or(false));
  REQUIRE(truncate((rig.dir / "root/shrinks").c_str(), 100'000) == 0);
  bytes = 0;
  const Status shrunk = read_all(bytes);
  CHECK(bytes == 100'000);
  REQUIRE_FALSE(shrunk);
  CHECK(shrunk.error().message == "it became shorter while it was read");
}

}  // namespace
}  // namespace dray::worker
