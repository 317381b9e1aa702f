#include "workers/window_source.h"

#include <sys/stat.h>

#include <map>
#include <set>

#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"

namespace dray::worker {
namespace {

class NoFiles final : public ArchiveSource {
 public:
  Result<bool> next(SourceFile&) override { return false; }
  Result<std::span<const char>> read() override { return std::span<const char>(); }
  void interrupt() override {}
};

struct Rig {
  Rig() {
    Result<ItemWriter> rest = ItemWriter::create(dir / "rest");
    REQUIRE(rest);
    source = std::make_unique<WindowSource>(
        std::move(*rest), 0,
        WindowSource::Handlers{
            .batch_done = [this](size_t files, size_t came) { done.emplace_back(files, came); },
            .rest_wanted =
                [this](uint64_t files) {
                  rest_files = files;
                  source->provide_rest(std::make_unique<NoFiles>());
                }});
  }
  // A batch whose directory holds `files`, by the names that they have on the disk.
  WindowBatch batch(const std::string& name, const std::map<std::string, std::string>& files) {
    REQUIRE(mkdir((dir / name).c_str(), 0700) == 0);
    for (const auto& [file, content] : files)
      REQUIRE(write_file_atomic(dir / name + "/" + file, content));
    return {dir / name, {}};
  }
  static ArchiveItem file(const std::string& path, uint64_t size) { return {path, size, 5, false}; }
  // What comes out: path -> content.
  std::map<std::string, std::string> all() {
    std::map<std::string, std::string> found;
    SourceFile next;
    for (;;) {
      const Result<bool> more = source->next(next);
      REQUIRE(more);
      if (!*more) return found;
      std::string& content = found[next.name];
      times[next.name] = next.item.mtime_ns;
      if (next.item.is_dir) continue;
      for (Result<std::span<const char>> bytes = source->read(); !bytes->empty();
           bytes = source->read())
        content.append(bytes->data(), bytes->size());
    }
  }

  TempDir dir;
  std::unique_ptr<WindowSource> source;
  std::vector<std::pair<size_t, size_t>> done;
  std::map<std::string, int64_t> times;
  uint64_t rest_files = 0;
};

TEST_CASE("files come out of their batches as they were listed, and the batches are gone") {
  Rig rig;
  WindowBatch one = rig.batch("1", {{"a", "first"}, {"new\nline", "second"}});
  one.items = {{"folder", 0, 7, true}, Rig::file("a", 5), Rig::file("new\u240aline", 6)};
  WindowBatch two = rig.batch("2", {{"b", ""}});
  two.items = {Rig::file("b", 0)};
  rig.source->add(one);
  rig.source->add(two);
  rig.source->no_more();
  const std::map<std::string, std::string> wanted = {
      {"folder", ""}, {"a", "first"}, {"new\u240aline", "second"}, {"b", ""}};
  CHECK(rig.all() == wanted);
  CHECK(rig.done == std::vector<std::pair<size_t, size_t>>{{2, 2}, {1, 1}});
  CHECK_FALSE(path_exists(one.directory));
  CHECK_FALSE(path_exists(two.directory));
  CHECK(rig.times["folder"] == 7);
  CHECK(rig.times["a"] > 1'600'000'000'000'000'000);  // the copy's, which rclone sets
}

TEST_CASE("what did not come, or came with another size, or is no file, is left to the rest") {
  Rig rig;
  WindowBatch batch = rig.batch("1", {{"whole", "content"}, {"short", "con"}});
  REQUIRE(symlink("/etc/passwd", (batch.directory + "/link").c_str()) == 0);
  batch.items = {Rig::file("gone", 3), Rig::file("whole", 7), Rig::file("short", 7),
                 Rig::file("link", 1)};
  rig.source->add(batch);
  rig.source->no_more();
  CHECK(rig.all() == std::map<std::string, std::string>{{"whole", "content"}});
  CHECK(rig.rest_files == 3);
  Result<ItemReader> rest = ItemReader::open(rig.dir / "rest");
  REQUIRE(rest);
  std::set<std::string> names;
  for (ArchiveItem item; rest->next(item).value();) {
    names.insert(item.path);
    CHECK(item.mtime_ns == 5);
  }
  CHECK(names == std::set<std::string>{"gone", "short", "link"});
}

TEST_CASE("an interrupted window gives nothing more") {
  Rig rig;
  rig.source->interrupt();
  SourceFile file;
  CHECK(rig.source->next(file).error().code == ErrorCode::conflict);
}

}  // namespace
}  // namespace dray::worker
