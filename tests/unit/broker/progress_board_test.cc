#include "broker/progress_board.h"

#include "broker/topics.h"
#include "tests/support/catch.h"

namespace dray {
namespace {

const Token kToken{RunId{7}, 2, 41};

OwnerRow owner(Token token = kToken, const std::string& worker = "w1") {
  return {token, worker, "acme", "photos"};
}

RunProgress picture(uint64_t sequence, Token token = kToken, const std::string& worker = "w1") {
  RunProgress progress;
  progress.token = token;
  progress.sequence = sequence;
  progress.worker = worker;
  return progress;
}

RunProgress decoded(const Publication& publication) {
  RunProgress out;
  (void)read_frame(publication.payload, [&](const Envelope& e) {
    if (auto progress = e.decode<RunProgress>()) out = *progress;
  });
  return out;
}

std::vector<uint64_t> replayed(const ProgressBoard& board, std::string_view topic) {
  std::vector<uint64_t> runs;
  board.replay(topic, [&](const Publication& p) { runs.push_back(decoded(p).token.run.value); });
  std::sort(runs.begin(), runs.end());
  return runs;
}

}  // namespace

TEST_CASE("the owner's picture is published with what the scheduler says about the run") {
  ProgressBoard board;
  board.apply({false, {owner()}, {}});
  RunProgress forged = picture(1);
  forged.client = "somebody else";
  forged.job = "another";
  const auto publication = board.accept(forged, "");
  REQUIRE(publication);
  CHECK(publication->topic == "p.7");
  const RunProgress seen = decoded(*publication);
  CHECK(seen.client == "acme");
  CHECK(seen.job == "photos");
  CHECK(seen.worker == "w1");
}

TEST_CASE("a picture of anybody but the owner is refused") {
  ProgressBoard board;
  board.apply({false, {owner()}, {}});
  struct Row {
    const char* what;
    RunProgress progress;
    std::string_view proven;
    ErrorCode code;
  };
  const Row rows[] = {
      {"another worker", picture(1, kToken, "w2"), "", ErrorCode::denied},
      {"another worker that claims the owner's name", picture(1), "w2", ErrorCode::denied},
      {"an older attempt", picture(1, {RunId{7}, 1, 41}), "", ErrorCode::denied},
      {"an older start of the worker", picture(1, {RunId{7}, 2, 40}), "", ErrorCode::denied},
      {"another run", picture(1, {RunId{8}, 2, 41}), "", ErrorCode::denied},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    const auto publication = board.accept(row.progress, row.proven);
    REQUIRE_FALSE(publication);
    CHECK(publication.error().code == row.code);
  }
  REQUIRE(board.accept(picture(5), "w1").has_value());
  CHECK(board.accept(picture(5), "w1").error().code == ErrorCode::conflict);
  CHECK(board.accept(picture(4), "w1").error().code == ErrorCode::conflict);
  CHECK(board.accept(picture(6), "w1").has_value());
}

TEST_CASE("a late subscriber gets the last picture of what it asked for") {
  ProgressBoard board;
  board.apply({false, {owner(), owner({RunId{70}, 1, 41}), owner({RunId{8}, 1, 41})}, {}});
  REQUIRE(board.accept(picture(1), "").has_value());
  REQUIRE(board.accept(picture(2), "").has_value());
  REQUIRE(board.accept(picture(1, {RunId{70}, 1, 41}), "").has_value());
  CHECK(replayed(board, "p") == std::vector<uint64_t>{7, 70});
  CHECK(replayed(board, "") == std::vector<uint64_t>{7, 70});
  CHECK(replayed(board, "p.7") == std::vector<uint64_t>{7});
  CHECK(replayed(board, "p.8").empty());
  CHECK(replayed(board, "e").empty());
  CHECK(replayed(board, "p.07").empty());
}

TEST_CASE("the picture goes with its attempt, and a replacement keeps those that go on") {
  ProgressBoard board;
  board.apply({false, {owner(), owner({RunId{8}, 1, 41})}, {}});
  REQUIRE(board.accept(picture(1), "").has_value());
  REQUIRE(board.accept(picture(1, {RunId{8}, 1, 41}), "").has_value());
  board.apply({false, {}, {Token{RunId{7}, 1, 41}}});  // an older attempt: not this one
  CHECK(replayed(board, "p") == std::vector<uint64_t>{7, 8});
  board.apply({true, {owner()}, {}});
  CHECK(replayed(board, "p") == std::vector<uint64_t>{7});
  board.apply({false, {owner({RunId{7}, 3, 41})}, {}});
  CHECK(replayed(board, "p").empty());
  CHECK(board.accept(picture(1, {RunId{7}, 3, 41}), "").has_value());
  board.apply({false, {}, {Token{RunId{7}, 3, 41}}});
  CHECK(board.rows() == 0);
}

TEST_CASE("owners beyond the limit are counted and not shown") {
  ProgressBoard board;
  Owners owners;
  for (uint64_t i = 1; i <= ProgressBoard::kMaxRows + 3; ++i)
    owners.add.push_back(owner({RunId{i}, 1, 1}));
  board.apply(owners);
  CHECK(board.rows() == ProgressBoard::kMaxRows);
  CHECK(board.refused_rows() == 3);
}

TEST_CASE("a topic is read the way it is written") {
  CHECK(progress_topic(RunId{17}) == "p.17");
  CHECK(parse_progress_topic("p.17") == RunId{17});
  for (const std::string_view bad : {"p", "p.", "p.x", "p.017", "p.1 ", "e.1", "p.1.2", ""})
    CHECK_FALSE(parse_progress_topic(bad));
  CHECK(topic_matches("p", "p.17"));
  CHECK(topic_matches("p.17", "p.17"));
  CHECK_FALSE(topic_matches("p.1", "p.17"));
  CHECK_FALSE(topic_matches("e", "p.1"));
}

}  // namespace dray
