#include "daemon/scheduler/bandwidth_shares.h"
#include "tests/unit/scheduler/core_rig.h"

namespace dray::scheduler {
namespace {

// What the workers of a rig were told, and what they confirmed; they apply it at once when asked.
struct Shares {
  explicit Shares(Rig& rig_in) : rig(rig_in) {}

  Rig& rig;
  std::map<Token, uint64_t> told;
  std::map<Token, uint64_t> in_force;
  std::map<Token, uint64_t> sequence;
  std::map<Token, uint64_t> bytes;
  std::map<Token, int64_t> elapsed;

  // Takes in what the last step said.
  void hear() {
    for (const SendAssign& a : rig.all<SendAssign>())
      told[a.token] = in_force[a.token] = a.bandwidth_bytes_per_second;
    for (const SendBandwidth& a : rig.all<SendBandwidth>())
      for (const BandwidthShare& share : a.message.shares) {
        told[share.token] = share.bytes_per_second;
        sequence[share.token] = share.sequence;
      }
  }
  Token start(const std::string& job) {
    rig.enqueue(job);
    hear();
    const SendAssign assign = rig.one<SendAssign>();
    rig.step(WorkerAccept{assign.session, assign.token});
    hear();
    return assign.token;
  }
  void end(SessionId session, const Token& token) {
    rig.end(session, token);
    told.erase(token);
    in_force.erase(token);
    hear();
  }
  // A heartbeat that confirms all; each run reports `rates` since the last one.
  void confirm(SessionId session, const std::vector<Token>& tokens,
               const std::map<Token, uint64_t>& rates = {}) {
    rig.advance(seconds{2});
    Renew renew;
    renew.epoch = 1;
    for (const Token& token : tokens) {
      in_force[token] = told[token];
      HeldAttempt held;
      held.token = token;
      held.state = RunState::running;
      held.live_bandwidth = live;
      held.bandwidth_bytes_per_second = told[token];
      held.bandwidth_sequence = sequence[token];
      const auto rate = rates.find(token);
      bytes[token] += 2 * (rate == rates.end() ? told[token] : rate->second);
      held.progress.phase = Phase::transferring;
      held.progress.bytes_done = static_cast<int64_t>(bytes[token]);
      held.progress.elapsed_ms = elapsed[token] += 2000;
      renew.held.push_back(held);
    }
    rig.step(WorkerRenew{session, renew});
    check();
    hear();
    check();
  }
  // Never, not even between a message and its confirmation, is more allowed than the cap.
  void check() const {
    uint64_t sum = 0;
    for (const auto& [token, share] : told)
      sum += std::max(share, in_force.at(token));
    CHECK(sum <= cap);
  }
  uint64_t sum() const {
    uint64_t all = 0;
    for (const auto& [token, share] : told)
      all += share;
    return all;
  }
  uint64_t cap = 3'000'000;
  bool live = true;
};

struct Capped {
  Capped() : shares(rig) {
    rig.client("default");
    rig.job("a");
    rig.job("b");
    rig.job("c");
    rig.snapshot.settings.global_max_bandwidth_kbps = 3000;
    rig.load();
    w1 = rig.hello("w1", 8);
  }
  Rig rig;
  Shares shares;
  SessionId w1;
};

}  // namespace

TEST_CASE("a cap is shared again at every start and end, lowering before raising") {
  Capped c;
  const Token a = c.shares.start("a");
  CHECK(c.shares.told[a] == 3'000'000);
  const Token b = c.shares.start("b");
  CHECK(c.shares.told[a] == 1'500'000);
  CHECK(c.shares.told[b] == kBandwidthFloor);  // until `a` confirms
  c.shares.confirm(c.w1, {a, b});
  CHECK(c.shares.told[b] == 1'500'000);
  const Token third = c.shares.start("c");
  c.shares.confirm(c.w1, {a, b, third});
  CHECK(c.shares.told[a] == 1'000'000);
  CHECK(c.shares.told[third] == 1'000'000);
  CHECK(c.shares.sum() == 3'000'000);
  // What an ended run had is free at once.
  c.shares.end(c.w1, a);
  CHECK(c.shares.told[b] == 1'500'000);
  CHECK(c.shares.told[third] == 1'500'000);
}

TEST_CASE("runs that start together share from the first moment, and a step says it in order") {
  Rig rig;
  rig.job("a");
  rig.snapshot.settings.global_max_bandwidth_kbps = 3000;
  rig.load();
  for (int i = 0; i < 3; ++i)
    rig.enqueue("a");
  rig.hello("w1", 8);
  REQUIRE(rig.all<SendAssign>().size() == 3);
  for (const SendAssign& assign : rig.all<SendAssign>()) {
    CHECK(assign.bandwidth_bytes_per_second == 1'000'000);
    CHECK(assign.live_bandwidth);
  }
}

TEST_CASE("what a run does not use goes to the others within seconds, and comes back") {
  Capped c;
  const Token a = c.shares.start("a");
  const Token b = c.shares.start("b");
  std::map<Token, uint64_t> slow{{a, 200'000}};
  for (int i = 0; i < 4; ++i)
    c.shares.confirm(c.w1, {a, b}, slow);
  CHECK(c.shares.told[a] == 200'000 / 100 * 125 + Usage::kLeastWish);
  for (int i = 0; i < 2; ++i)
    c.shares.confirm(c.w1, {a, b}, slow);
  CHECK(c.shares.told[b] >= 2'600'000);
  // It speeds up as far as its share lets it: within two heartbeats it has half again.
  for (int i = 0; i < 3; ++i)
    c.shares.confirm(c.w1, {a, b});
  CHECK(c.shares.told[a] >= 1'400'000);
}

TEST_CASE("weights of clients and jobs count, and caps of both hold") {
  Rig rig;
  rig.client("default", 2);
  rig.client("other", 1);
  rig.job("a");
  rig.job("heavy").policy = R"({"bandwidth_weight":3})";
  rig.job("capped").bandwidth_kbps = 500;
  rig.job("b", "other");
  rig.snapshot.settings.global_max_bandwidth_kbps = 3000;
  rig.load();
  const SessionId w1 = rig.hello("w1", 8);
  Shares shares(rig);
  SECTION("by weight") {
    const Token a = shares.start("a");
    const Token b = shares.start("b");
    shares.confirm(w1, {a, b});
    CHECK(shares.told[a] == 2'000'000);
    CHECK(shares.told[b] == 1'000'000);
    const Token heavy = shares.start("heavy");
    shares.confirm(w1, {a, b, heavy});
    CHECK(shares.told[heavy] == 2'000'000);
    CHECK(shares.told[a] == 666'666);
  }
  SECTION("a job's cap, and the rest for others") {
    const Token capped = shares.start("capped");
    CHECK(shares.told[capped] == 500'000);
    const Token b = shares.start("b");
    CHECK(shares.told[b] == 2'500'000);
  }
  SECTION("a client's cap falls while runs are on") {
    const Token a = shares.start("a");
    const Token heavy = shares.start("heavy");
    shares.confirm(w1, {a, heavy});
    ClientRow row = rig.snapshot.clients[0];
    row.spec.max_bandwidth_kbps = 400;
    rig.step(ClientPut{row});
    shares.hear();
    CHECK(shares.told[a] == 100'000);
    CHECK(shares.told[heavy] == 300'000);
  }
}

TEST_CASE(
    "without caps nothing is said, and a run without remote control counts with what it uses") {
  Rig rig;
  rig.job("a");
  rig.load();
  const SessionId w1 = rig.hello("w1", 8);
  Shares shares(rig);
  shares.live = false;
  const Token a = shares.start("a");
  CHECK(shares.told[a] == 0);
  CHECK_FALSE(rig.snapshot.settings.global_max_bandwidth_kbps);
  LiveSettings settings;
  settings.global_max_bandwidth_kbps = 3000;
  rig.step(SettingsPut{settings});
  CHECK(rig.none<SendBandwidth>());
  for (int i = 0; i < 3; ++i)
    shares.confirm(w1, {a}, {{a, 1'000'000}});
  shares.live = true;
  rig.enqueue("a");
  CHECK(rig.one<SendAssign>().bandwidth_bytes_per_second == 2'000'000);
}

TEST_CASE("a cap with little for each run lets no further one start, but always one") {
  Rig rig;
  rig.job("a");
  rig.snapshot.settings.global_max_bandwidth_kbps = 150;
  rig.load();
  const SessionId w1 = rig.hello("w1", 8);
  Shares shares(rig);
  const Token a = shares.start("a");
  shares.start("a");
  const RunId waits = rig.enqueue("a").run;
  CHECK(rig.none<SendAssign>());
  CHECK(rig.why(waits) == std::set{WhyCode::bandwidth});
  shares.end(w1, a);
  CHECK(rig.all<SendAssign>().size() == 1);
}

TEST_CASE("a table changes shares at its edge, and says so") {
  Capped c;
  const Token a = c.shares.start("a");
  LiveSettings settings;
  settings.global_max_bandwidth_kbps = 9000;  // the table counts
  settings.global_bandwidth_table = {"UTC", {{0x7f, "12:05", 1000}, {0x7f, "18:00", 0}}};
  c.rig.step(SettingsPut{settings});
  c.shares.hear();
  CHECK(c.shares.told[a] == 0);
  c.rig.run_for(minutes{6});
  CHECK(c.rig.events() == std::vector<std::string>{"bandwidth.cap"});
  c.shares.hear();
  CHECK(c.shares.told[a] == 1'000'000);
  const BandwidthView view = c.rig.core.bandwidth();
  REQUIRE(view.caps.size() == 1);
  CHECK(view.caps[0].cap == 1'000'000);
  CHECK(view.caps[0].next_change == wall_at("2026-03-01T18:00:00Z"));
  REQUIRE(view.shares.size() == 1);
  CHECK(view.shares[0].limited_by == "global");
  CHECK_FALSE(view.shares[0].confirmed);
}

TEST_CASE(
    "a share whose message was lost is sent again, and what nobody can reach keeps its share") {
  Capped c;
  const Token a = c.shares.start("a");
  c.shares.start("b");
  CHECK(c.rig.none<SendBandwidth>());  // the accept
  // The worker still uses the old share when it comes back.
  HeldAttempt held;
  held.token = a;
  held.state = RunState::running;
  held.live_bandwidth = true;
  held.bandwidth_bytes_per_second = 3'000'000;
  c.rig.advance(seconds{3});
  Renew renew;
  renew.epoch = 1;
  renew.held = {held};
  c.rig.step(WorkerRenew{c.w1, renew});
  const SendBandwidth again = c.rig.one<SendBandwidth>();
  REQUIRE(again.message.shares.size() == 1);
  CHECK(again.message.shares[0].token == a);
  CHECK(again.message.shares[0].bytes_per_second == 1'500'000);
  // Another worker's run gets only what is really free.
  c.rig.step(SessionGone{c.w1});
  c.rig.hello("w2", 8);
  c.rig.enqueue("c");
  CHECK(c.rig.one<SendAssign>().bandwidth_bytes_per_second == kBandwidthFloor);
}

TEST_CASE("a restarted scheduler knows the most that a run may use, and tells its share again") {
  Capped c;
  const Token a = c.shares.start("a");
  const Token b = c.shares.start("b");
  c.rig.renew(c.w1, {a, b});
  // `a` was told less and has not confirmed it: what is stored is what it may still use.
  CHECK(c.rig.rows[a.run].bandwidth_bytes_per_second == 3'000'000);
  c.rig.restart();
  c.rig.hello("w2", 8);
  c.rig.enqueue("c");
  CHECK(c.rig.one<SendAssign>().bandwidth_bytes_per_second == kBandwidthFloor);
  HeldAttempt held;
  held.token = a;
  held.state = RunState::running;
  held.live_bandwidth = true;
  held.bandwidth_bytes_per_second = 3'000'000;
  held.bandwidth_sequence = 5;  // of the earlier life
  c.rig.hello("w1", 8, 1, {held});
  bool told = false;
  for (const SendBandwidth& action : c.rig.all<SendBandwidth>())
    for (const BandwidthShare& share : action.message.shares)
      told = told || (share.token == a && share.sequence > 5);
  CHECK(told);
}

}  // namespace dray::scheduler
