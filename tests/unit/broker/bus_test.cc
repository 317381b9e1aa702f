#include "broker/bus.h"

#include <csignal>

#include "tests/support/catch.h"
#include "tests/unit/broker/broker_rig.h"

namespace dray {
namespace {

void answer_enqueue(Peer& scheduler) {
  scheduler.answer = [&scheduler](const Incoming& in) {
    if (in.envelope.type() == MessageType::enqueue)
      scheduler.bus->send_to(in.from, Enqueued{0, "", RunId{5}}, in.envelope.id());
  };
}

}  // namespace

TEST_CASE("a question travels to the scheduler with its proven sender, and the answer back") {
  BrokerRig rig;
  REQUIRE(rig.start());
  const auto scheduler = rig.join(Role::scheduler, "drayd");
  const auto cli = rig.join(Role::ops, "dray@host");
  answer_enqueue(*scheduler);
  std::optional<Result<Enqueued>> answer;
  cli->bus->ask(Enqueue{"photos", "me", "", false, {}, {}, {}}, seconds{10},
                [&](Result<Enqueued> got) { answer = std::move(got); });
  CHECK_FALSE(answer.has_value());
  REQUIRE(rig.run_until([&] { return answer.has_value(); }));
  REQUIRE(answer->has_value());
  CHECK((*answer)->run == RunId{5});
  const Heard* asked = scheduler->last(MessageType::enqueue);
  REQUIRE(asked != nullptr);
  CHECK(asked->role == Role::ops);
  CHECK(asked->name == "dray@host");
  CHECK(asked->text == "photos");
  CHECK(asked->from);
}

TEST_CASE("a question may be asked before the connection stands") {
  BrokerRig rig;
  REQUIRE(rig.start());
  const auto scheduler = rig.join(Role::scheduler, "drayd");
  answer_enqueue(*scheduler);
  const auto cli = rig.peer(Role::ops, "cli");
  std::optional<Result<Enqueued>> answer;
  cli->bus->ask(Enqueue{}, seconds{10}, [&](Result<Enqueued> got) { answer = std::move(got); });
  REQUIRE(rig.run_until([&] { return answer.has_value(); }));
  CHECK(answer->has_value());
}

TEST_CASE("every way to get no answer says which one it was") {
  BrokerRig rig;
  std::optional<Result<Enqueued>> answer;
  const auto take = [&](Result<Enqueued> got) { answer = std::move(got); };

  SECTION("no broker") {
    BusOptions options = rig.options(Role::ops, "cli");
    options.connect_timeout = milliseconds{50};
    Peer cli(rig.loop, std::move(options));
    cli.bus->ask(Enqueue{}, seconds{10}, take);
    REQUIRE(rig.run_until([&] { return answer.has_value(); }));
    CHECK(answer->error().code == ErrorCode::unavailable);
    CHECK_THAT(answer->error().message, Catch::Matchers::Contains("cannot be reached"));
  }
  SECTION("no scheduler") {
    REQUIRE(rig.start());
    const auto cli = rig.join(Role::ops, "cli");
    cli->bus->ask(Enqueue{}, seconds{10}, take);
    REQUIRE(rig.run_until([&] { return answer.has_value(); }));
    CHECK(answer->error().code == ErrorCode::unavailable);
    CHECK(answer->error().message == "drayd is not running");
  }
  SECTION("a scheduler that says nothing") {
    REQUIRE(rig.start());
    const auto scheduler = rig.join(Role::scheduler, "drayd");
    const auto cli = rig.join(Role::ops, "cli");
    cli->bus->ask(Enqueue{}, milliseconds{50}, take);
    REQUIRE(rig.run_until([&] { return answer.has_value(); }));
    CHECK(answer->error().code == ErrorCode::timeout);
  }
  SECTION("a scheduler that goes away") {
    REQUIRE(rig.start());
    auto scheduler = rig.join(Role::scheduler, "drayd");
    const auto cli = rig.join(Role::ops, "cli");
    cli->bus->ask(Enqueue{}, minutes{10}, take);
    REQUIRE(rig.run_until([&] { return scheduler->count(MessageType::enqueue) == 1; }));
    scheduler.reset();
    REQUIRE(rig.run_until([&] { return answer.has_value(); }));
    CHECK(answer->error().code == ErrorCode::unavailable);
    CHECK_FALSE(cli->bus->link().scheduler_up);
  }
  SECTION("a broker that goes away") {
    REQUIRE(rig.start());
    const auto scheduler = rig.join(Role::scheduler, "drayd");
    const auto cli = rig.join(Role::ops, "cli");
    cli->bus->ask(Enqueue{}, minutes{10}, take);
    REQUIRE(rig.run_until([&] { return scheduler->count(MessageType::enqueue) == 1; }));
    rig.broker.reset();
    REQUIRE(rig.run_until([&] { return answer.has_value(); }));
    CHECK(answer->error().code == ErrorCode::unavailable);
  }
  SECTION("a refusal") {
    REQUIRE(rig.start());
    const auto scheduler = rig.join(Role::scheduler, "drayd");
    const auto worker = rig.join(Role::worker, "w1");
    worker->bus->ask(Enqueue{}, seconds{10}, take);
    REQUIRE(rig.run_until([&] { return answer.has_value(); }));
    CHECK(answer->error().code == ErrorCode::denied);
    CHECK(scheduler->count(MessageType::enqueue) == 0);
  }
}

TEST_CASE("the scheduler asks one worker, and learns when it goes away") {
  BrokerRig rig;
  REQUIRE(rig.start());
  const auto scheduler = rig.join(Role::scheduler, "drayd");
  auto worker = rig.join(Role::worker, "w1");
  REQUIRE(rig.run_until([&] { return scheduler->count(MessageType::peer_up) == 1; }));
  SessionId session;
  worker->bus->send(Accept{});
  REQUIRE(rig.run_until([&] { return scheduler->count(MessageType::accept) == 1; }));
  session = scheduler->last(MessageType::accept)->from;

  std::optional<Result<ProbeResult>> first;
  worker->answer = [&](const Incoming& in) {
    if (in.envelope.type() != MessageType::probe) return;
    ProbeResult result;
    result.ok = true;
    // Peers choose the ids of their own messages: the same one is not yet an answer.
    worker->bus->send(Renew{}, in.envelope.id());
    worker->bus->send(result, in.envelope.id());
  };
  scheduler->bus->ask_peer(session, Probe{}, seconds{10},
                           [&](Result<ProbeResult> got) { first = std::move(got); });
  REQUIRE(rig.run_until([&] { return first.has_value(); }));
  REQUIRE(first->has_value());
  CHECK((*first)->ok);
  CHECK(scheduler->count(MessageType::renew) == 1);

  std::optional<Result<ProbeResult>> second;
  worker->answer = nullptr;
  scheduler->bus->ask_peer(session, Probe{}, minutes{10},
                           [&](Result<ProbeResult> got) { second = std::move(got); });
  REQUIRE(rig.run_until([&] { return worker->count(MessageType::probe) == 2; }));
  worker.reset();
  REQUIRE(rig.run_until([&] { return second.has_value(); }));
  CHECK(second->error().code == ErrorCode::unavailable);
  REQUIRE(scheduler->last(MessageType::peer_gone) != nullptr);
  CHECK(scheduler->last(MessageType::peer_gone)->text == "disconnected");
}

TEST_CASE("messages of one turn share a frame and keep their order") {
  BrokerRig rig;
  REQUIRE(rig.start());
  const auto scheduler = rig.join(Role::scheduler, "drayd");
  const auto cli = rig.join(Role::ops, "cli");
  const uint64_t frames = cli->bus->counters().frames_sent;
  for (int i = 0; i < 3000; ++i)
    cli->bus->send(Enqueue{std::to_string(i), "", "", false, {}, {}, {}}, 1);
  REQUIRE(rig.run_until([&] { return scheduler->count(MessageType::enqueue) == 3000; }));
  CHECK(cli->bus->counters().frames_sent - frames <= 6);
  int next = 0;
  for (const Heard& heard : scheduler->heard)
    if (heard.type == MessageType::enqueue) REQUIRE(heard.text == std::to_string(next++));
}

TEST_CASE("a message over the frame limit is dropped and counted, others pass") {
  BrokerRig rig;
  REQUIRE(rig.start());
  const auto scheduler = rig.join(Role::scheduler, "drayd");
  const auto cli = rig.join(Role::ops, "cli");
  CHECK(cli->bus->send(Enqueue{"a", "", "", false, {}, {}, {}}, 1));
  CHECK_FALSE(cli->bus->send(Enqueue{std::string(2 << 20, 'x'), "", "", false, {}, {}, {}}, 1));
  CHECK(cli->bus->send(Enqueue{"b", "", "", false, {}, {}, {}}, 1));
  REQUIRE(rig.run_until([&] { return scheduler->count(MessageType::enqueue) == 2; }));
  CHECK(cli->bus->counters().dropped_oversize == 1);
}

TEST_CASE("a restart of the broker is seen by everybody, and work goes on with the new one") {
  BrokerRig rig;
  REQUIRE(rig.start());
  const auto scheduler = rig.join(Role::scheduler, "drayd");
  const auto worker = rig.join(Role::worker, "w1");
  const uint64_t before = worker->bus->link().broker_epoch;
  rig.broker.reset();
  REQUIRE(rig.run_until([&] { return !worker->bus->link().broker_up; }));
  CHECK_FALSE(worker->bus->send(Accept{}));
  CHECK(worker->bus->counters().dropped_away == 1);
  CHECK_FALSE(worker->bus->link().problem.empty());
  REQUIRE(rig.start());
  REQUIRE(rig.run_until([&] { return worker->bus->link().scheduler_up; }));
  CHECK(worker->bus->link().broker_epoch != before);
  const size_t heard = scheduler->count(MessageType::accept);
  CHECK(worker->bus->send(Accept{}));
  REQUIRE(rig.run_until([&] { return scheduler->count(MessageType::accept) == heard + 1; }));
}

TEST_CASE("a restart of the scheduler is seen by its peers") {
  BrokerRig rig;
  REQUIRE(rig.start());
  auto first = rig.join(Role::scheduler, "drayd", 1);
  const auto worker = rig.join(Role::worker, "w1");
  const size_t reports = worker->links.size();
  const auto second = rig.join(Role::scheduler, "drayd", 2);
  REQUIRE(rig.run_until([&] { return worker->links.size() >= reports + 2; }));
  CHECK_FALSE(worker->links[reports].scheduler_up);
  CHECK(worker->links[reports + 1].scheduler_up);
  REQUIRE(rig.run_until([&] { return first->count(MessageType::goodbye) == 1; }));
  REQUIRE(rig.run_until([&] { return second->count(MessageType::peer_up) == 1; }));
}

TEST_CASE("a second broker in the same directory is refused, a dead one's sockets are replaced") {
  BrokerRig rig;
  REQUIRE(rig.start());
  const auto second = BrokerService::open(rig.loop, rig.config);
  REQUIRE_FALSE(second);
  CHECK(second.error().code == ErrorCode::conflict);
  CHECK_THAT(second.error().message, Catch::Matchers::Contains("another dray-broker"));
  const auto cli = rig.join(Role::ops, "cli");
  CHECK(cli->bus->link().broker_up);
}

TEST_CASE("a late subscriber gets the last picture, then those that follow, and events") {
  BrokerRig rig;
  REQUIRE(rig.start());
  const auto scheduler = rig.join(Role::scheduler, "drayd");
  const auto worker = rig.join(Role::worker, "w1");
  const Token token{RunId{1}, 1, 1};
  scheduler->bus->send(Owners{true, {{token, "w1", "acme", "photos"}}, {}});
  RunProgress progress;
  progress.token = token;
  progress.worker = "w1";
  // Pictures may be lost: say it until it is there.
  REQUIRE(rig.run_until([&] {
    ++progress.sequence;
    worker->bus->publish_progress(progress);
    rig.loop.run_turn();
    bool there = false;
    rig.broker->router().board().replay("p.1", [&](const Publication&) { there = true; });
    return there;
  }));

  const auto cli = rig.join(Role::ops, "cli");
  std::vector<RunProgress> seen;
  std::vector<uint64_t> events;
  size_t other = 0;
  cli->bus->subscribe("p.1", [&](std::string_view topic, const Envelope& envelope) {
    CHECK(topic == "p.1");
    seen.push_back(envelope.decode<RunProgress>().value());
  });
  cli->bus->subscribe("p.2", [&](std::string_view, const Envelope&) { ++other; });
  cli->bus->subscribe("e", [&](std::string_view, const Envelope& envelope) {
    events.push_back(envelope.decode<EventMessage>().value().sequence);
  });
  REQUIRE(rig.run_until([&] { return !seen.empty(); }));
  CHECK(seen[0].client == "acme");
  CHECK(seen[0].job == "photos");
  const uint64_t last = seen.back().sequence;
  ++progress.sequence;
  worker->bus->publish_progress(progress);
  REQUIRE(rig.run_until([&] { return seen.back().sequence > last; }));
  scheduler->bus->publish_event({42, {}, "run.queued", "", "", {}, "{}"});
  REQUIRE(rig.run_until([&] { return !events.empty(); }));
  CHECK(events == std::vector<uint64_t>{42});
  CHECK(other == 0);
}

TEST_CASE("a picture of a worker that does not own the run reaches nobody") {
  BrokerRig rig;
  REQUIRE(rig.start());
  const auto scheduler = rig.join(Role::scheduler, "drayd");
  const auto rogue = rig.join(Role::worker, "rogue");
  const auto cli = rig.join(Role::ops, "cli");
  size_t seen = 0;
  cli->bus->subscribe("p", [&](std::string_view, const Envelope&) { ++seen; });
  const Token token{RunId{1}, 1, 1};
  scheduler->bus->send(Owners{true, {{token, "w1", "acme", "photos"}}, {}});
  RunProgress progress;
  progress.token = token;
  progress.worker = "rogue";
  REQUIRE(rig.run_until([&] {
    ++progress.sequence;
    rogue->bus->publish_progress(progress);
    rig.loop.run_turn();
    return rig.broker->router().counters().progress_refused >= 3;
  }));
  scheduler->bus->publish_event({1, {}, "x", "", "", {}, "{}"});
  CHECK(seen == 0);
}

}  // namespace dray
