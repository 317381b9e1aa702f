#include "tests/support/catch.h"
#include "tests/unit/broker/remote_rig.h"

namespace dray {
namespace {

CurveClient copy(const CurveClient& key) {
  return {key.server_key, key.public_key, SecretString(key.secret_key.reveal())};
}

}  // namespace

TEST_CASE("a remote peer is who its key says, in its messages and its pictures") {
  RemoteRig rig;
  CurveClient worker_key = rig.authorize(Role::worker, "w1");
  CurveClient cli_key = rig.authorize(Role::ops, "anna");
  REQUIRE(rig.start());
  const auto scheduler = rig.join(Role::scheduler, "drayd");
  const auto worker = rig.remote(Role::worker, "w1", std::move(worker_key));
  // A command calls itself something; what counts is the name of the key.
  const auto cli = rig.remote(Role::ops, "dray@desk", std::move(cli_key));
  REQUIRE(rig.run_until(
      [&] { return worker->bus->link().scheduler_up && cli->bus->link().scheduler_up; }));
  worker->bus->send(Accept{});
  REQUIRE(rig.run_until([&] { return scheduler->count(MessageType::accept) == 1; }));
  CHECK(scheduler->last(MessageType::accept)->name == "w1");
  CHECK(scheduler->last(MessageType::accept)->role == Role::worker);

  const Token token{RunId{1}, 1, 1};
  scheduler->bus->send(Owners{true, {{token, "w1", "acme", "photos"}}, {}});
  std::vector<RunProgress> seen;
  cli->bus->subscribe("p", [&](std::string_view, const Envelope& envelope) {
    seen.push_back(envelope.decode<RunProgress>().value());
  });
  RunProgress progress;
  progress.token = token;
  progress.worker = "forged";
  REQUIRE(rig.run_until([&] {
    ++progress.sequence;
    worker->bus->publish_progress(progress);
    rig.loop.run_turn();
    return !seen.empty();
  }));
  CHECK(seen[0].worker == "w1");
  CHECK(seen[0].job == "photos");
}

TEST_CASE("a remote peer that claims another name than its key's is refused") {
  RemoteRig rig;
  CurveClient key = rig.authorize(Role::worker, "w1");
  REQUIRE(rig.start());
  const auto scheduler = rig.join(Role::scheduler, "drayd");
  const auto worker = rig.remote(Role::worker, "w2", std::move(key));
  REQUIRE(rig.run_until([&] { return worker->count(MessageType::nack) > 0; }));
  CHECK(worker->last(MessageType::nack)->text == "name: this key is 'w1', not 'w2'");
  CHECK_FALSE(worker->bus->link().broker_up);
  CHECK(scheduler->count(MessageType::peer_up) == 0);
}

TEST_CASE("the role of a key cannot be exceeded") {
  RemoteRig rig;
  CurveClient key = rig.authorize(Role::worker, "w1");
  REQUIRE(rig.start());
  const auto scheduler = rig.join(Role::scheduler, "drayd");
  BusOptions options = rig.remote_options(Role::ops, "w1", std::move(key));
  Peer peer(rig.loop, std::move(options));
  std::optional<Result<Enqueued>> answer;
  peer.bus->ask(Enqueue{}, seconds{10}, [&](Result<Enqueued> got) { answer = std::move(got); });
  REQUIRE(rig.run_until([&] { return answer.has_value(); }));
  CHECK(answer->error().code == ErrorCode::denied);
  CHECK(scheduler->count(MessageType::enqueue) == 0);
}

TEST_CASE("nobody without an authorized key gets a message through") {
  RemoteRig rig;
  (void)rig.authorize(Role::worker, "w1");
  REQUIRE(rig.start());
  const auto scheduler = rig.join(Role::scheduler, "drayd");
  CurveClient unknown = rig.stranger();
  CurveClient wrong_server = rig.authorize(Role::worker, "w2");
  rig.broker->reload_keys();
  wrong_server.server_key = generate_curve_keypair().public_key;
  CurveClient late = rig.authorize(Role::worker, "w3");  // not reloaded

  struct Row {
    const char* what;
    std::optional<CurveClient> key;
  };
  Row rows[] = {
      {"an unknown key", std::move(unknown)},
      {"a wrong server key", std::move(wrong_server)},
      {"a key that the broker did not read yet", std::move(late)},
      {"no encryption", std::nullopt},
  };
  for (Row& row : rows) {
    INFO(row.what);
    BusOptions options = rig.remote_options(Role::worker, "w1", rig.stranger());
    options.curve = std::move(row.key);
    Peer peer(rig.loop, std::move(options));
    REQUIRE(rig.run_until([&] { return !peer.bus->link().problem.empty(); }));
    CHECK_FALSE(peer.bus->link().broker_up);
    CHECK(peer.heard.empty());
    CHECK(scheduler->count(MessageType::peer_up) == 0);
    CHECK(rig.broker->router().sessions() == 1);
  }
}

TEST_CASE("a key is only good at the doors of its role") {
  RemoteRig rig;
  CurveClient worker_key = rig.authorize(Role::worker, "w1");
  CurveClient cli_key = rig.authorize(Role::ops, "anna");
  REQUIRE(rig.start());
  ZmqContext context;
  struct Row {
    SocketKind kind;
    std::string endpoint;
    const CurveClient* key;
    bool accepted;
  };
  const Row rows[] = {
      {SocketKind::pub, rig.broker->tcp_endpoint(kDomainProgress), &worker_key, true},
      {SocketKind::pub, rig.broker->tcp_endpoint(kDomainProgress), &cli_key, false},
      {SocketKind::sub, rig.broker->tcp_endpoint(kDomainEvents), &cli_key, true},
      {SocketKind::sub, rig.broker->tcp_endpoint(kDomainEvents), &worker_key, false},
  };
  for (const Row& row : rows) {
    INFO(row.endpoint << (row.accepted ? " accepts" : " refuses"));
    SocketOptions options;
    options.client = row.key;
    auto socket = ZmqSocket::make(rig.loop, context, row.kind, options).value();
    std::optional<bool> accepted;
    REQUIRE(socket->on_transport([&](const ZmqTransportEvent& event) {
      if (event.kind == TransportEvent::handshake_done) accepted = true;
      if (event.kind == TransportEvent::key_refused) accepted = false;
    }));
    REQUIRE(socket->connect(row.endpoint));
    REQUIRE(rig.run_until([&] { return accepted.has_value(); }));
    CHECK(*accepted == row.accepted);
  }
}

TEST_CASE("a revoked key is refused from its next message on, and the worker counts as gone") {
  RemoteRig rig;
  const CurveClient key = rig.authorize(Role::worker, "w1");
  CurveClient kept_key = rig.authorize(Role::worker, "w2");
  REQUIRE(rig.start());
  const auto scheduler = rig.join(Role::scheduler, "drayd");
  const auto worker = rig.remote(Role::worker, "w1", copy(key));
  const auto kept = rig.remote(Role::worker, "w2", std::move(kept_key));
  REQUIRE(rig.run_until([&] { return scheduler->count(MessageType::peer_up) == 2; }));
  REQUIRE(rig.run_until([&] { return worker->bus->link().scheduler_up; }));
  REQUIRE(rig.run_until([&] { return kept->bus->link().scheduler_up; }));
  rig.revoke(Role::worker, "w1");
  rig.broker->reload_keys();
  worker->bus->send(Accept{});
  kept->bus->send(Accept{});
  REQUIRE(rig.run_until([&] { return scheduler->count(MessageType::accept) == 1; }));
  CHECK(scheduler->last(MessageType::accept)->name == "w2");
  CHECK(scheduler->last(MessageType::peer_gone)->text == "its key was revoked");
  const auto again = rig.remote(Role::worker, "w1", copy(key));
  REQUIRE(rig.run_until([&] { return !again->bus->link().problem.empty(); }));
  CHECK(again->bus->link().problem == "the broker refused this peer's key");
}

TEST_CASE("a broker whose key check died notices it by itself and asks to be ended") {
  RemoteRig rig;
  BrokerTuning tuning;
  tuning.self_test_interval = milliseconds{50};
  REQUIRE(rig.start(tuning));
  std::optional<Error> fatal;
  rig.broker->on_fatal([&](const Error& error) { fatal = error; });
  BrokerServiceSurgeon::kill_key_check(*rig.broker);
  REQUIRE(rig.run_until([&] { return fatal.has_value(); }));
  CHECK(fatal->code == ErrorCode::denied);
  CHECK_THAT(fatal->message, Catch::Matchers::Contains("a key that nobody knows was let in"));
}

TEST_CASE("the self-test tells an open door from a closed one") {
  BrokerRig rig;
  const CurveKeyPair own = generate_curve_keypair();
  AuthorizedKeys nobody;
  for (const bool checked : {true, false}) {
    ZmqContext context;
    std::unique_ptr<ZapHandler> zap;
    if (checked) zap = ZapHandler::make(rig.loop, context, nobody).value();
    SocketOptions options;
    options.server_secret_key = &own.secret_key;
    options.zap_domain = kDomainRequests;
    auto door = ZmqSocket::make(rig.loop, context, SocketKind::router, options).value();
    REQUIRE(door->bind("tcp://127.0.0.1:*"));
    std::optional<Status> verdict;
    const auto test =
        SelfTest::start(rig.loop, context, SocketKind::dealer, door->last_endpoint(),
                        own.public_key, [&](Status status) { verdict = std::move(status); });
    REQUIRE(test.has_value());
    REQUIRE(rig.run_until([&] { return verdict.has_value(); }));
    CHECK(verdict->has_value() == checked);
    if (!checked) CHECK(verdict->error().code == ErrorCode::denied);
  }
}

TEST_CASE("the self-test knocks at loopback when the broker listens everywhere") {
  CHECK(reachable_endpoint("tcp://0.0.0.0:7311") == "tcp://127.0.0.1:7311");
  CHECK(reachable_endpoint("tcp://[::]:7311") == "tcp://[::1]:7311");
  CHECK(reachable_endpoint("tcp://192.0.2.7:7311") == "tcp://192.0.2.7:7311");
}

TEST_CASE("a broker that should listen but has no usable key says so and does not start") {
  RemoteRig rig;
  rig.config.broker.secret_key_file = rig.dir / "absent";
  const Status started = rig.start();
  REQUIRE_FALSE(started.has_value());
  CHECK(started.error().code == ErrorCode::not_found);
  CHECK_THAT(started.error().message, Catch::Matchers::Contains("absent"));
}

}  // namespace dray
