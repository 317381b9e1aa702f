#include "tests/support/catch.h"
#include "tests/unit/broker/router_rig.h"

namespace dray {
namespace {

using Types = std::vector<MessageType>;

struct Cast : RouterRig {
  LinkId scheduler = join(Role::scheduler, "drayd");
  LinkId worker = join(Role::worker, "w1");
  LinkId other = join(Role::worker, "w2");
  LinkId sender = join(Role::ops, "cli");
  Token token{RunId{812}, 1, 5};

  Cast() {
    owners(token);
    clear();
  }
  void owners(const Token& to) {
    say(scheduler, Owners{true, {{to, "w1", "acme", "in"}}, {}});
    clear();
  }
  void chunk(const Token& to, uint64_t offset = 0, const std::string& data = "", uint64_t id = 77) {
    UploadChunk message;
    message.token = to;
    message.ticket = "t";
    message.offset = offset;
    message.data = data;
    say(sender, message, id);
  }
  void state(LinkId from, uint64_t received, uint64_t window, uint64_t id = 77) {
    UploadState message;
    message.token = token;
    message.received = received;
    message.window = window;
    say(from, message, id);
  }
  std::string refusal(LinkId at) {
    return out[at].size() == 1 && out[at][0].type == MessageType::nack
               ? out[at][0].as<Nack>().message
               : "";
  }
};

TEST_CASE("a chunk goes to the worker that owns the attempt, and the answer to its sender") {
  Cast cast;
  cast.chunk(Token{RunId{812}, 0, 0});
  CHECK(cast.types(cast.worker) == Types{MessageType::upload_chunk});
  CHECK(cast.types(cast.other).empty());
  CHECK(cast.types(cast.scheduler).empty());
  cast.clear();
  cast.state(cast.worker, 0, 100);
  CHECK(cast.types(cast.sender) == Types{MessageType::upload_state});
  CHECK(cast.out[cast.sender][0].id == 77);
  CHECK(cast.types(cast.scheduler).empty());
  cast.clear();
  cast.chunk(cast.token, 0, std::string(100, 'x'));
  CHECK(cast.types(cast.worker) == Types{MessageType::upload_chunk});
}

TEST_CASE("a chunk for a run that no worker has, or an attempt that is over, waits") {
  Cast cast;
  cast.chunk(Token{RunId{9}, 0, 0});
  CHECK(cast.refusal(cast.sender) == "no worker has run 9 at the moment");
  cast.clear();
  cast.chunk(Token{RunId{812}, 1, 4});
  CHECK_THAT(cast.refusal(cast.sender), Catch::Matchers::Contains("is over"));
  CHECK(cast.types(cast.worker).empty());
  CHECK(cast.notes.empty());
}

TEST_CASE("no more passes than the worker asked for") {
  Cast cast;
  cast.chunk(cast.token, 0, "early");
  CHECK_THAT(cast.refusal(cast.sender), Catch::Matchers::Contains("more than the worker asked"));
  cast.chunk(cast.token);
  cast.state(cast.worker, 0, 10);
  cast.clear();
  cast.chunk(cast.token, 5, "sixsix");
  CHECK(cast.types(cast.worker).empty());
  cast.chunk(cast.token, 5, "five5");
  CHECK(cast.types(cast.worker) == Types{MessageType::upload_chunk});
  cast.clear();
  for (uint32_t i = 0; i < 2 * UploadRoutes::kMaxUnanswered; ++i)
    cast.chunk(cast.token);
  CHECK(cast.out[cast.worker].size() < UploadRoutes::kMaxUnanswered);
  cast.clear();
  cast.advance(UploadRoutes::kForgetUnanswered);
  cast.chunk(cast.token);
  CHECK(cast.types(cast.worker) == Types{MessageType::upload_chunk});
}

TEST_CASE("an answer counts only from the owner, and only for the attempt that is on") {
  Cast cast;
  cast.chunk(cast.token);
  cast.clear();
  cast.state(cast.other, 0, 1000);
  CHECK(cast.types(cast.sender).empty());
  CHECK(cast.refusal(cast.other) != "");
  cast.clear();
  cast.state(cast.worker, 0, 1000, 78);
  CHECK(cast.types(cast.sender).empty());
  cast.owners(Token{RunId{812}, 2, 6});
  cast.state(cast.worker, 0, 1000);
  CHECK(cast.types(cast.sender).empty());
}

TEST_CASE("what a sender may have on its way ends with the attempt") {
  Cast cast;
  cast.chunk(cast.token);
  cast.state(cast.worker, 500, 500);
  cast.token = Token{RunId{812}, 2, 6};
  cast.owners(cast.token);
  cast.chunk(cast.token, 600, "late");
  CHECK(cast.types(cast.worker).empty());
}

TEST_CASE("a chunk needs an id, and a worker sends none") {
  Cast cast;
  cast.chunk(cast.token, 0, "", 0);
  CHECK(cast.types(cast.worker).empty());
  UploadChunk message;
  message.token = cast.token;
  cast.say(cast.other, message, 3);
  CHECK_THAT(cast.refusal(cast.other), Catch::Matchers::Contains("may not send"));
}

}  // namespace
}  // namespace dray
