#include "workers/run_log.h"

#include <algorithm>

#include "schemas/limits.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"
#include "workers/log_store.h"

namespace dray::worker {
namespace {

constexpr std::string_view kStats =
    R"({"level":"warning","msg":"\nTransferred: x","stats":{"bytes":1}})"
    "\n";

std::string read_all(const LogStore& store, const RunLog* live, uint64_t from = 0,
                     uint32_t step = 1000) {
  std::string text;
  LogRead question{RunId{1}, 1, from, step};
  for (;;) {
    const LogChunk chunk = read_log(store, live, question);
    REQUIRE(chunk.code == 0);
    if (chunk.data.empty()) return text;
    text += chunk.data;
    question.offset = chunk.next_offset;
  }
}

void pack(std::unique_ptr<RunLog> log) {
  log->finish();
  PackJob job(std::move(log));
  for (;;) {
    const auto done = job.step();
    REQUIRE(done);
    if (*done) return;
  }
}

struct Rig {
  explicit Rig(uint64_t max = 1 << 20) : store(dir / "logs", max) {
    REQUIRE(store.open());
    log = store.create(RunId{1}, 1);
  }
  void write(std::string_view text, Duration at = {}) { log->write(text, Instant{at}); }
  TempDir dir;
  LogStore store;
  std::unique_ptr<RunLog> log;
};

TEST_CASE("a log reads the same while it lives and when it is packed") {
  Rig rig;
  std::string text;
  for (int i = 0; i < 20'000; ++i)
    text += "line " + std::to_string(i) + "\n";
  for (size_t at = 0; at < text.size(); at += 777)
    rig.write(std::string_view(text).substr(at, 777));
  CHECK(read_all(rig.store, rig.log.get(), 0, 50'000) == text);
  pack(std::move(rig.log));
  CHECK(read_all(rig.store, nullptr, 0, 50'000) == text);
  CHECK(read_all(rig.store, nullptr, 100'000, 50'000) == text.substr(100'000));
  CHECK(list_dir(rig.dir / "logs").value() == std::vector<std::string>{"1-1.jsonl.zst"});
}

TEST_CASE("of the stats records the first, one a minute and the last are kept") {
  Rig rig;
  for (int second = 0; second < 150; ++second)
    rig.write(std::string(kStats), seconds{second});
  rig.write("end\n", seconds{150});
  rig.log->finish();
  CHECK(rig.log->shape().total == kStats.size() * 4 + 4);
}

TEST_CASE("of a log that is too long the middle is dropped, and reading says so") {
  Rig rig(200'000);
  std::string text;
  for (int i = 0; i < 100'000; ++i)
    text += "line " + std::to_string(i) + "\n";
  rig.write(text);
  const LogShape shape = rig.log->shape();
  CHECK(shape.total == text.size());
  CHECK(shape.tail_begin > shape.head);
  const std::string note =
      "... " + std::to_string(shape.tail_begin - shape.head) + " bytes dropped ...\n";
  const std::string wanted = text.substr(0, shape.head) + note + text.substr(shape.tail_begin);
  CHECK(wanted.size() <= 200'000 + note.size());
  CHECK(read_all(rig.store, rig.log.get(), 0, 7'777) == wanted);
  pack(std::move(rig.log));
  CHECK(read_all(rig.store, nullptr, 0, 7'777) == wanted);
  CHECK(read_all(rig.store, nullptr, shape.tail_begin, 7'777) == text.substr(shape.tail_begin));
}

TEST_CASE("a line without end is written as it comes, in bounded memory") {
  Rig rig(1 << 20);
  const std::string block(100'000, 'x');
  for (int i = 0; i < 200; ++i)
    rig.write(block);
  rig.write("\nnext\n");
  CHECK(rig.log->shape().total == 200 * block.size() + 6);
}

TEST_CASE("a directory that is not there costs the log, not the run") {
  RunLog log("/nonexistent/1-1.jsonl", 1 << 20);
  const std::string line = "hello\n";
  log.write(line, Instant{});
  log.finish();
  CHECK(log.refused_bytes() == line.size());
  CHECK_FALSE(log.problem().empty());
  CHECK(log.excerpt() == "hello\n");
}

TEST_CASE("a log that was cut off by a crash is packed at the next start") {
  Rig rig;
  rig.write("one\ntwo\n");
  rig.log.reset();
  LogStore again(rig.dir / "logs", 1 << 20);
  REQUIRE(again.open());
  CHECK(read_all(again, nullptr) == "one\ntwo\n");
}

TEST_CASE("a log that is not there is not found, a damaged one is said to be") {
  Rig rig;
  rig.log.reset();
  CHECK(rig.store.read(RunId{9}, 1, 0, 100).error().code == ErrorCode::not_found);
  REQUIRE(write_file_atomic(rig.dir / "logs/9-1.jsonl.zst", std::string(100, 'x')));
  CHECK(rig.store.read(RunId{9}, 1, 0, 100).error().code == ErrorCode::corrupt);
}

TEST_CASE("old logs are removed, younger ones stay") {
  Rig rig;
  rig.write("x\n");
  pack(std::move(rig.log));
  const WallTime now = SystemClock().now().wall;
  CHECK(rig.store.remove_older_than(hours{1}, now).value() == 0);
  CHECK(rig.store.remove_older_than(hours{1}, now + hours{2}).value() == 1);
}

TEST_CASE("the excerpt keeps beginning, errors and end within its size") {
  LogExcerpt excerpt;
  excerpt.add("first");
  for (int i = 0; i < 100'000; ++i) {
    excerpt.add(i == 50'000 ? R"({"level":"error","msg":"the cause"})"
                            : "filler filler filler " + std::to_string(i));
  }
  excerpt.add("last");
  const std::string text = excerpt.text();
  CHECK(text.starts_with("first\n"));
  CHECK(text.contains("the cause"));
  CHECK(text.ends_with("last\n"));
  CHECK(text.contains("lines left out"));
  CHECK(text.size() <= limits::kMaxLogExcerptBytes);
}

}  // namespace
}  // namespace dray::worker
