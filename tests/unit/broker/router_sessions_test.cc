#include "broker/router.h"
#include "tests/support/catch.h"
#include "tests/unit/broker/router_rig.h"

namespace dray {
namespace {

using Types = std::vector<MessageType>;
constexpr Credential kWorker{Role::worker, "", ""};

}  // namespace

TEST_CASE("a peer that did not name itself is asked to and reaches nobody") {
  RouterRig rig;
  const LinkId scheduler = rig.join(Role::scheduler, "drayd");
  const LinkId worker = rig.link(Role::worker);
  rig.say(worker, Accept{});
  REQUIRE(rig.types(worker) == Types{MessageType::pong, MessageType::nack});
  CHECK_FALSE(rig.out[worker][0].as<Pong>().session);
  CHECK(rig.out[scheduler].empty());
}

TEST_CASE("a session carries the broker's epoch and is announced to the scheduler once") {
  RouterRig rig;
  const LinkId scheduler = rig.join(Role::scheduler, "drayd");
  const LinkId worker = rig.link(Role::worker);
  rig.say(worker, Ping{"w1", "1", 3}, 5);
  rig.say(worker, Ping{"w1", "1", 3});
  REQUIRE(rig.types(worker) == Types{MessageType::pong, MessageType::pong});
  CHECK(rig.out[worker][0].id == 5);
  const Pong pong = rig.out[worker][0].as<Pong>();
  CHECK(pong.broker_epoch == RouterRig::kEpoch);
  CHECK(pong.scheduler_up);
  CHECK(pong.session.value >> 32 == RouterRig::kEpoch);
  REQUIRE(rig.types(scheduler) == Types{MessageType::peer_up});
  const PeerUp up = rig.out[scheduler][0].as<PeerUp>();
  CHECK(up.session == pong.session);
  CHECK(up.role == Role::worker);
  CHECK(up.name == "w1");
  CHECK(rig.out[scheduler][0].stamp == encode_stamp({}));
}

TEST_CASE("a name is checked against the connection and the key") {
  struct Row {
    const char* what;
    Credential credential;
    std::string first;
    std::string then;
    ErrorCode refused;
  };
  const Row rows[] = {
      {"another name on the same connection", kWorker, "w1", "w2", ErrorCode::denied},
      {"empty", kWorker, "", "", ErrorCode::invalid},
      {"control characters", kWorker, "a\nb", "", ErrorCode::invalid},
      {"too long", kWorker, std::string(65, 'x'), "", ErrorCode::invalid},
      {"not the key's", {Role::worker, "w1", "k"}, "w2", "", ErrorCode::denied},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    RouterRig rig;
    const LinkId scheduler = rig.join(Role::scheduler, "drayd");
    const LinkId at = rig.link(Role::worker);
    rig.frame(at, encode_message(Ping{row.first, "1", 1}), row.credential);
    if (!row.then.empty()) {
      rig.clear();
      rig.frame(at, encode_message(Hello{row.then, 1, "", "", "", 1, "", {}, false}),
                row.credential);
    }
    REQUIRE(rig.types(at) == Types{MessageType::nack});
    CHECK(rig.out[at][0].as<Nack>().code == static_cast<uint8_t>(row.refused));
    CHECK(rig.out[scheduler].empty());
  }
}

TEST_CASE("a HELLO names a worker and is forwarded") {
  RouterRig rig;
  const LinkId scheduler = rig.join(Role::scheduler, "drayd");
  const LinkId worker = rig.link(Role::worker);
  rig.say(worker, Hello{"w1", 1, "", "", "", 1, "", {}, false});
  CHECK(rig.types(scheduler) == Types{MessageType::peer_up, MessageType::hello});
}

TEST_CASE("a silent peer is probed and then reported gone, a talking one is not") {
  RouterRig rig;
  const LinkId scheduler = rig.join(Role::scheduler, "drayd");
  const LinkId silent = rig.join(Role::worker, "silent");
  const LinkId talking = rig.join(Role::worker, "talking");
  int probes = 0;
  for (int i = 0; i < 19; ++i) {
    rig.advance(milliseconds{500});
    rig.say(talking, Accept{});
    rig.say(scheduler, Ping{"drayd", "1", 1});
    rig.clear();
    rig.step(router_event::Tick{});
    probes += static_cast<int>(rig.out[silent].size());
    CHECK(rig.out[talking].empty());
    CHECK(rig.out[scheduler].empty());
  }
  CHECK(probes == 4);
  rig.advance(milliseconds{500});
  rig.step(router_event::Tick{});
  REQUIRE(rig.types(scheduler) == Types{MessageType::peer_gone});
  const PeerGone gone = rig.out[scheduler][0].as<PeerGone>();
  CHECK(gone.session == rig.session[silent]);
  CHECK(gone.name == "silent");
  CHECK(gone.why == "silent for 10000 ms");
}

TEST_CASE("a peer is gone at once when a send finds nobody or its queue is full") {
  for (const bool stuck : {false, true}) {
    RouterRig rig;
    const LinkId scheduler = rig.join(Role::scheduler, "drayd");
    const LinkId worker = rig.join(Role::worker, "w1");
    if (stuck) {
      rig.step(router_event::Stuck{worker});
    } else {
      rig.step(router_event::Disconnected{worker});
      CHECK(rig.out[scheduler].empty());
      rig.step(router_event::Tick{});
      CHECK(rig.types(worker) == Types{MessageType::pong});
      rig.step(router_event::Unreachable{worker});
    }
    CHECK(rig.types(scheduler) == Types{MessageType::peer_gone});
    rig.clear();
    rig.say(scheduler, Start{}, 0, rig.session[worker]);
    REQUIRE(rig.types(scheduler) == Types{MessageType::peer_gone});
    CHECK(rig.out[scheduler][0].as<PeerGone>().session == rig.session[worker]);
  }
}

TEST_CASE("a peer that sends several frames in one message is not listened to any more") {
  RouterRig rig;
  const LinkId scheduler = rig.join(Role::scheduler, "drayd");
  const LinkId worker = rig.join(Role::worker, "w1");
  rig.step(router_event::WrongShape{worker});
  CHECK(rig.types(scheduler) == Types{MessageType::peer_gone});
  rig.clear();
  rig.say(worker, Ping{"w1", "1", 1});
  CHECK(rig.out.empty());
  CHECK(rig.router.sessions() == 1);
}

TEST_CASE("a revoked key ends its sessions and no others") {
  RouterRig rig;
  const LinkId scheduler = rig.join(Role::scheduler, "drayd");
  const LinkId local = rig.join(Role::worker, "local");
  const LinkId kept = rig.link(Role::worker);
  const LinkId revoked = rig.link(Role::worker);
  rig.frame(kept, encode_message(Ping{"kept", "1", 1}), {Role::worker, "kept", "k1"});
  rig.frame(revoked, encode_message(Ping{"revoked", "1", 1}), {Role::worker, "revoked", "k2"});
  rig.clear();
  rig.step(router_event::KeysChanged{{"k1"}});
  REQUIRE(rig.types(scheduler) == Types{MessageType::peer_gone});
  CHECK(rig.out[scheduler][0].as<PeerGone>().name == "revoked");
  rig.clear();
  rig.frame(revoked, encode_message(Ping{"revoked", "1", 1}), {Role::worker, "revoked", "k2"});
  CHECK(rig.out.empty());
  rig.say(local, Ping{"local", "1", 1});
  CHECK(rig.types(local) == Types{MessageType::pong});
}

TEST_CASE("a scheduler that connects is told who is there, and everybody is told of it") {
  RouterRig rig;
  const LinkId worker = rig.join(Role::worker, "w1");
  const LinkId cli = rig.join(Role::ops, "cli");
  const LinkId scheduler = rig.link(Role::scheduler);
  rig.say(scheduler, Ping{"drayd", "1", 1});
  CHECK(rig.types(scheduler) ==
        Types{MessageType::peer_up, MessageType::peer_up, MessageType::pong});
  CHECK(rig.types(worker) == Types{MessageType::scheduler_state});
  CHECK(rig.out[worker][0].as<SchedulerState>().up);
  CHECK(rig.types(cli) == Types{MessageType::scheduler_state});
  rig.clear();
  rig.step(router_event::Unreachable{scheduler});
  REQUIRE(rig.types(worker) == Types{MessageType::scheduler_state});
  CHECK_FALSE(rig.out[worker][0].as<SchedulerState>().up);
}

TEST_CASE("of two schedulers the one with the higher epoch counts, the latest of equals") {
  struct Row {
    uint64_t first;
    uint64_t second;
    bool second_wins;
  };
  for (const Row& row : {Row{1, 2, true}, Row{2, 1, false}, Row{2, 2, true}}) {
    RouterRig rig;
    const LinkId first = rig.join(Role::scheduler, "drayd", row.first);
    const LinkId worker = rig.join(Role::worker, "w1");
    const LinkId second = rig.link(Role::scheduler);
    rig.say(second, Ping{"drayd", "1", row.second});
    const LinkId winner = row.second_wins ? second : first;
    const LinkId loser = row.second_wins ? first : second;
    CHECK(rig.types(loser) == Types{MessageType::goodbye});
    // Workers say HELLO again to the new one.
    CHECK(rig.types(worker).size() == (row.second_wins ? 2u : 0u));
    rig.clear();
    rig.say(worker, Accept{});
    CHECK(rig.types(winner) == Types{MessageType::accept});
    CHECK(rig.out[loser].empty());
    rig.clear();
    rig.say(loser, Start{}, 0, rig.session[worker]);
    CHECK(rig.out.empty());
  }
}

TEST_CASE("peers beyond the limit are refused until somebody leaves") {
  RouterRig rig;
  for (size_t i = 0; i < Router::kMaxSessions; ++i)
    rig.say({2, static_cast<uint32_t>(1000 + i)}, Ping{"w", "1", 1});
  rig.clear();
  const LinkId late = rig.link(Role::worker);
  rig.say(late, Ping{"late", "1", 1});
  REQUIRE(rig.types(late) == Types{MessageType::nack});
  CHECK(rig.router.sessions() == Router::kMaxSessions);
  rig.step(router_event::Unreachable{{2, 1000}});
  rig.clear();
  rig.say(late, Ping{"late", "1", 1});
  CHECK(rig.types(late) == Types{MessageType::pong});
}

}  // namespace dray
