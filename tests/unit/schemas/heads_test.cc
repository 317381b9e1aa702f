#include "schemas/heads.h"

#include "schemas/codec.h"
#include "tests/support/catch.h"

namespace dray {
namespace {

std::string three_messages() {
  std::string frame;
  append_message(frame, Accept{{RunId{300}, 1, 70'000}}, 1);
  RunProgress progress;
  progress.progress.percent = 12.5;
  progress.progress.files.push_back({std::string(300, 'x'), -5, 1, 2});
  append_message(frame, progress, 1ull << 40);
  append_message(frame, EventMessage{1, {}, "a", "b", "c", {}, std::string(70'000, 'y')}, 3);
  return frame;
}

struct Whole {
  bool ok = false;
  std::vector<std::pair<MessageType, uint64_t>> heads;
};

Whole decoded(std::string_view frame) {
  Whole out;
  out.ok = read_frame(frame, [&](const Envelope& e) {
             out.heads.emplace_back(e.type(), e.id());
           }).has_value();
  return out;
}

Whole skimmed(std::string_view frame) {
  Whole out;
  std::vector<MessageHead> heads;
  out.ok = read_heads(frame, heads).has_value();
  for (const MessageHead& head : heads)
    out.heads.emplace_back(head.type, head.id);
  return out;
}

}  // namespace

TEST_CASE("heads and their bytes are those of the messages") {
  const std::string frame = three_messages();
  std::vector<MessageHead> heads;
  REQUIRE(read_heads(frame, heads).has_value());
  REQUIRE(heads.size() == 3);
  CHECK(heads[0].type == MessageType::accept);
  CHECK(heads[1].type == MessageType::run_progress);
  CHECK(heads[1].id == 1ull << 40);
  std::string joined;
  for (const MessageHead& head : heads)
    joined += head.bytes;
  CHECK(joined == frame);
}

TEST_CASE("a frame that is cut or bent anywhere reads alike with and without its bodies") {
  std::string frame = three_messages();
  frame.resize(600);
  for (size_t cut = 0; cut <= frame.size(); ++cut) {
    INFO("cut at " << cut);
    CHECK(skimmed(frame.substr(0, cut)).ok == decoded(frame.substr(0, cut)).ok);
  }
  const std::string whole = encode_message(Accept{{RunId{300}, 1, 70'000}}, 9);
  for (size_t at = 0; at < whole.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      std::string bent = whole;
      bent[at] = static_cast<char>(value);
      const Whole a = decoded(bent);
      const Whole b = skimmed(bent);
      INFO("byte " << at << " is " << value);
      CHECK(a.ok == b.ok);
      if (a.ok) CHECK(a.heads == b.heads);
    }
  }
}

TEST_CASE("what is over a limit is refused with its place") {
  struct Row {
    const char* what;
    std::string body;
    std::string_view why;
  };
  const Row rows[] = {
      {"depth", std::string(200, '\x91') + "\xc0", "values are nested too deep"},
      {"array", std::string("\xdd\x00\x10\x00\x00", 5), "an array is too long"},
      {"claimed length", std::string("\xdb\x7f\xff\xff\xff", 5), "a text is too long"},
      {"map", std::string("\xdf\xff\xff\xff\xff", 5), "an array is too long"},
      {"never used", "\xc1", "damaged"},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    std::string frame = encode_message(Accept{});
    const size_t start = frame.size();
    append_envelope_head(frame, MessageType::accept, 0);
    frame += row.body;
    std::vector<MessageHead> heads;
    const Status read = read_heads(frame, heads);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().message ==
          fmt::format("frame: byte {}: {}", start,
                      read.error().message.substr(read.error().message.find(row.why))));
    CHECK(heads.size() == 1);
  }
  std::string many;
  for (size_t i = 0; i <= limits::kMaxMessagesPerFrame; ++i)
    append_message(many, SchedulerState{});
  CHECK_FALSE(skimmed(many).ok);
}

}  // namespace dray
