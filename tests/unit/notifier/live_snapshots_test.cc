#include "daemon/notifier/live_snapshots.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>

#include "daemon/base/event_loop.h"
#include "tests/support/catch.h"

namespace dray::notifier {
namespace {

namespace asio = boost::asio;

struct SetClock : Clock {
  Now time{};
  Now now() const override { return time; }
};

// A scheduler that answers when it is told to, and those who ask for its status.
struct World {
  EventLoop loop;
  SetClock clock;
  struct Question {
    explicit Question(EventLoop& on)
        : answered(on.context(), asio::steady_timer::time_point::max()) {}
    std::string client;
    std::optional<Result<std::string>> answer;
    asio::steady_timer answered;
  };
  std::deque<std::shared_ptr<Question>> waiting;
  size_t asked = 0;
  LiveSnapshots snapshots{loop, clock, [this](const Identity& who) { return ask(who); }};

  World() { clock.time.mono = Instant{} + seconds{1000}; }

  Task<Result<std::string>> ask(const Identity& who) {
    asked += 1;
    const auto question = std::make_shared<Question>(loop);
    question->client = who.client;
    waiting.push_back(question);
    boost::system::error_code ec;
    co_await question->answered.async_wait(asio::redirect_error(asio::use_awaitable, ec));
    co_return *question->answer;
  }

  // What a request gets, once it gets it.
  using Heard = std::shared_ptr<LiveSnapshotPtr>;
  Heard request(uint64_t revision, std::string client = "") {
    auto heard = std::make_shared<LiveSnapshotPtr>();
    asio::co_spawn(loop.context(), one(heard, revision, std::move(client)), asio::detached);
    turn();
    return heard;
  }
  Task<void> one(Heard heard, uint64_t revision, std::string client) {
    Identity who;
    who.client = std::move(client);
    *heard = co_await snapshots.current(who, 0, revision);
  }
  void turn() {
    while (loop.run_turn(false) > 0) {
    }
  }
  void answer(Result<std::string> text) {
    REQUIRE_FALSE(waiting.empty());
    waiting.front()->answer = std::move(text);
    waiting.front()->answered.cancel();
    waiting.pop_front();
    turn();
  }
};

std::string status_in(const World::Heard& heard) {
  return *heard ? (*heard)->status : "nothing yet";
}

TEST_CASE("Requests share an answer as long as nothing is committed") {
  World world;
  const auto first = world.request(7);
  const auto meanwhile = world.request(7);
  world.answer("one");
  const auto later = world.request(7);
  CHECK(status_in(first) == "one");
  CHECK(status_in(meanwhile) == "one");
  CHECK(status_in(later) == "one");
  CHECK(world.asked == 1);
}

TEST_CASE("Behind a commit the scheduler is asked again") {
  World world;
  world.request(7);
  world.answer("before");
  const auto after = world.request(8);
  CHECK(status_in(after) == "nothing yet");
  world.answer("after");
  CHECK(status_in(after) == "after");
}

TEST_CASE("Whoever comes behind a commit does not get what was asked for before it") {
  World world;
  const auto before = world.request(7);
  const auto after = world.request(8);
  const auto another = world.request(9);
  world.answer("before");
  CHECK(status_in(before) == "before");
  CHECK(status_in(after) == "nothing yet");
  CHECK(status_in(another) == "nothing yet");
  world.answer("after");
  CHECK(status_in(after) == "after");
  CHECK(status_in(another) == "after");
  CHECK(world.asked == 2);
}

TEST_CASE("An answer is not kept for longer than a second") {
  World world;
  world.request(7);
  world.answer("old");
  world.clock.time.mono += LiveSnapshots::kAge + milliseconds{1};
  const auto later = world.request(7);
  CHECK(status_in(later) == "nothing yet");
  world.answer("new");
  CHECK(status_in(later) == "new");
}

TEST_CASE("Nothing is kept while the revision of the database is unknown") {
  World world;
  world.request(0);
  world.answer("one");
  const auto later = world.request(0);
  world.answer("two");
  CHECK(status_in(later) == "two");
}

TEST_CASE("Those who see different things never share an answer") {
  World world;
  const auto operators = world.request(7);
  const auto acme = world.request(7, "acme");
  REQUIRE(world.waiting.size() == 2);
  CHECK(world.waiting.back()->client == "acme");
  world.answer("everything");
  world.answer("what is acme's");
  CHECK(status_in(operators) == "everything");
  CHECK(status_in(acme) == "what is acme's");
}

TEST_CASE("A failure is told to those who waited, and then tried again") {
  World world;
  const auto first = world.request(7);
  const auto meanwhile = world.request(7);
  world.answer(fail(ErrorCode::unavailable, "the scheduler is away"));
  REQUIRE(*first);
  CHECK((*first)->problem.message == "the scheduler is away");
  CHECK(*meanwhile == *first);
  const auto later = world.request(7);
  world.answer("back");
  CHECK(status_in(later) == "back");
}

}  // namespace
}  // namespace dray::notifier
