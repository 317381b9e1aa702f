#include "daemon/scheduler/bandwidth_shares.h"

#include <random>

#include "tests/support/catch.h"

namespace dray::scheduler {
namespace {

constexpr uint32_t kNone = ShareRun::kNone;

struct Case {
  std::vector<ShareRun> runs;
  std::vector<uint64_t> caps;
};

bool is_member(const ShareRun& run, uint32_t group) {
  return std::ranges::find(run.groups, group) != run.groups.end();
}

uint64_t sum_of(const Case& c, const std::vector<uint64_t>& shares, uint32_t group) {
  uint64_t sum = 0;
  for (size_t i = 0; i < shares.size(); ++i)
    if (is_member(c.runs[i], group)) sum += shares[i];
  return sum;
}

// Group 0 is everybody, then come clients, then jobs.
Case draw(std::mt19937_64& random) {
  const auto below = [&](uint64_t n) { return random() % n; };
  Case c;
  const uint32_t clients = 1 + static_cast<uint32_t>(below(4));
  const uint32_t jobs = 1 + static_cast<uint32_t>(below(6));
  const auto cap = [&]() -> uint64_t { return below(3) == 0 ? kNoCap : 1 + below(10'000'000); };
  for (uint32_t i = 0; i < 1 + clients + clients * jobs; ++i)
    c.caps.push_back(cap());
  const size_t runs = 1 + below(12);
  for (size_t i = 0; i < runs; ++i) {
    const auto client = static_cast<uint32_t>(below(clients));
    const auto job = client * jobs + static_cast<uint32_t>(below(jobs));
    ShareRun run;
    run.weight = 1 + below(10);
    if (below(2) == 0) run.wants = below(3'000'000);
    run.groups = {0, 1 + client, 1 + clients + job};
    c.runs.push_back(run);
  }
  return c;
}

bool is_capped(const Case& c, const ShareRun& run) {
  return std::ranges::any_of(run.groups,
                             [&](uint32_t g) { return g != kNone && c.caps[g] != kNoCap; });
}

}  // namespace

TEST_CASE("bandwidth is shared by weight, and what one leaves goes to the others") {
  const auto shares = [](std::vector<ShareRun> runs, std::vector<uint64_t> caps) {
    return share_out(runs, caps);
  };
  const std::array<uint32_t, 3> all{0, kNone, kNone};
  CHECK(shares({{1, kNoCap, all}, {1, kNoCap, all}, {1, kNoCap, all}}, {3'000'000}) ==
        std::vector<uint64_t>{1'000'000, 1'000'000, 1'000'000});
  CHECK(shares({{1, kNoCap, all}, {3, kNoCap, all}}, {4'000}) ==
        std::vector<uint64_t>{1'000, 3'000});
  CHECK(shares({{1, 200, all}, {1, kNoCap, all}}, {1'000}) == std::vector<uint64_t>{200, 800});
  // Nobody wants all of it: the rest is headroom for both.
  CHECK(shares({{1, 200, all}, {1, 400, all}}, {1'000}) == std::vector<uint64_t>{400, 600});
  CHECK(shares({{1, kNoCap, {kNone, kNone, kNone}}}, {1'000}) == std::vector<uint64_t>{kNoCap});
  CHECK(shares({{1, kNoCap, all}}, {kNoCap}) == std::vector<uint64_t>{kNoCap});
  CHECK(shares({}, {1'000}).empty());
  // A client's cap holds two of three runs down; the third takes what they cannot use.
  CHECK(shares({{1, kNoCap, {0, 1, kNone}}, {1, kNoCap, {0, 1, kNone}}, {1, kNoCap, {0, 2, kNone}}},
               {9'000, 2'000, kNoCap}) == std::vector<uint64_t>{1'000, 1'000, 7'000});
}

TEST_CASE("shares never pass a cap, leave nothing unused and are max-min fair") {
  std::mt19937_64 random(20261120);
  for (int round = 0; round < 20'000; ++round) {
    const Case c = draw(random);
    const std::vector<uint64_t> shares = share_out(c.runs, c.caps);
    const auto slack = static_cast<uint64_t>(2 * c.runs.size());  // rounding
    std::vector<bool> used_up(c.caps.size());
    for (uint32_t group = 0; group < c.caps.size(); ++group) {
      if (c.caps[group] == kNoCap) continue;
      const uint64_t sum = sum_of(c, shares, group);
      REQUIRE(sum <= c.caps[group]);
      used_up[group] = sum + slack >= c.caps[group];
    }
    for (size_t i = 0; i < shares.size(); ++i) {
      if (!is_capped(c, c.runs[i])) {
        REQUIRE(shares[i] == kNoCap);
        continue;
      }
      // Work-conserving: something that is used up holds every run.
      bool held = false;
      // Max-min: in one of those, nobody who has more per weight could give.
      bool fair = shares[i] + slack >= c.runs[i].wants;
      for (const uint32_t group : c.runs[i].groups) {
        if (!used_up[group]) continue;
        held = true;
        bool largest = true;
        for (size_t k = 0; k < shares.size(); ++k) {
          if (!is_member(c.runs[k], group)) continue;
          const double mine =
              static_cast<double>(shares[i] + slack) / static_cast<double>(c.runs[i].weight);
          const double other =
              static_cast<double>(shares[k]) / static_cast<double>(c.runs[k].weight);
          if (other > mine + static_cast<double>(slack)) largest = false;
        }
        if (largest) fair = true;
      }
      REQUIRE(held);
      REQUIRE(fair);
    }
  }
}

namespace {

struct Clocked {
  Usage usage;
  Instant now{};
  uint64_t bytes = 0;
  int64_t elapsed = 0;
  void use(uint64_t rate, int seconds_long = 2) {
    now += seconds{seconds_long};
    elapsed += seconds_long * 1000;
    bytes += rate * static_cast<uint64_t>(seconds_long);
    usage.report(bytes, elapsed, now);
  }
};

}  // namespace

TEST_CASE("a run wants what it uses and some headroom, or all when its share limits it") {
  Clocked c;
  c.usage.set_share(1'000'000, c.now);
  CHECK(c.usage.wants() == kNoCap);  // nothing is known yet
  c.use(300'000);
  c.use(300'000);
  CHECK(c.usage.wants() == kNoCap);
  CHECK(c.usage.rate() == 300'000);
  c.use(300'000);
  CHECK(c.usage.wants() == 300'000 / 100 * 125 + Usage::kLeastWish);

  SECTION("its share shrinks to that without making it look limited") {
    c.usage.set_share(c.usage.wants(), c.now);
    for (int i = 0; i < 5; ++i)
      c.use(300'000);
    CHECK(c.usage.wants() != kNoCap);
  }
  SECTION("when it speeds up, it wants all at the next report") {
    c.usage.set_share(439'000, c.now);
    c.use(438'000);
    CHECK(c.usage.wants() == kNoCap);
  }
  SECTION("after its share was raised, what it used before does not count") {
    c.usage.set_share(2'000'000, c.now);
    CHECK(c.usage.wants() == kNoCap);
    c.use(900'000);  // it is still speeding up
    CHECK(c.usage.wants() == kNoCap);
    c.use(1'990'000);
    c.use(1'990'000);
    CHECK(c.usage.wants() == kNoCap);
  }
  SECTION("a burst is remembered for a while") {
    c.use(700'000);
    c.use(0);
    CHECK(c.usage.wants() == 700'000 / 100 * 125 + Usage::kLeastWish);
    c.use(0);
    CHECK(c.usage.wants() == Usage::kLeastWish);
  }
  SECTION("the same picture twice and a new beginning tell nothing") {
    const uint64_t before = c.usage.wants();
    c.usage.report(c.bytes, c.elapsed, c.now + seconds{2});
    c.usage.report(0, 100, c.now + seconds{4});
    CHECK(c.usage.wants() == before);
  }
}

TEST_CASE("a run whose bytes are counted a mebibyte at a time keeps its share") {
  Clocked c;
  c.usage.set_share(300'000, c.now);
  constexpr uint64_t kPiece = 1 << 20;
  uint64_t moved = 0;
  for (int i = 0; i < 60; ++i) {
    c.now += seconds{2};
    c.elapsed += 2000;
    moved += 600'000;
    c.usage.report(moved / kPiece * kPiece, c.elapsed, c.now);
    CHECK((c.usage.wants() == kNoCap || c.usage.wants() >= 300'000));
  }
}

TEST_CASE("a run that only lists leaves its share to others until it transfers") {
  Clocked c;
  c.usage.set_share(1'000'000, c.now);
  c.use(0);
  // Its worker repeats what it said last.
  for (int i = 0; i < 5; ++i) {
    c.now += seconds{2};
    c.usage.report(c.bytes, c.elapsed, c.now);
  }
  CHECK(c.usage.wants() == Usage::kLeastWish);
  CHECK(c.usage.rate() == 0);
  c.usage.set_share(Usage::kLeastWish, c.now);
  c.elapsed += 10'000;
  c.use(0);
  c.use(Usage::kLeastWish);
  CHECK(c.usage.wants() == kNoCap);
}

}  // namespace dray::scheduler
