// notifier.db: nothing is lost, nothing is there twice.
#include "daemon/notifier/delivery_store.h"

#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"

using namespace dray;
using namespace dray::notify;

namespace {

const WallTime kNoon = from_unix_us(1'800'000'000'000'000);

Delivery a_delivery(uint64_t sequence, std::string to = "ann@example.org") {
  Delivery row;
  row.view.event = NotifyEvent::failure;
  row.view.job = "photos";
  row.view.client = "acme";
  row.view.run = RunId{sequence};
  row.view.channel = "mail";
  row.view.recipient = std::move(to);
  row.view.message_id = fmt::format("dray.{}@host", sequence);
  row.view.created_at = row.view.next_at = kNoon;
  row.sequence = sequence;
  row.event_at = kNoon;
  row.text = "text";
  row.payload = "{}";
  row.to_mark = true;
  return row;
}

struct Rig {
  TempDir dir;
  std::string path = dir / "notifier.db";
  std::unique_ptr<DeliveryStore> store;
  Rig() { reopen(); }
  void reopen() {
    store.reset();
    auto opened = DeliveryStore::open(path);
    if (!opened) FAIL(opened.error().message);
    store = std::move(*opened);
  }
  uint64_t add(const Delivery& row) {
    const Result<uint64_t> id = store->add(row);
    REQUIRE(id);
    return *id;
  }
  uint64_t add_sending(const Delivery& row) {
    const uint64_t id = add(row);
    REQUIRE(store->mark_sending(id));
    return id;
  }
  DeliveryView view(uint64_t id) {
    const auto row = store->find(id);
    REQUIRE((row && *row));
    return (*row)->view;
  }
};

}  // namespace

TEST_CASE("cursor, jobs and deliveries of a page are stored together or not at all") {
  Rig rig;
  JobState state;
  state.job = "photos";
  state.client = "acme";
  state.active_since = kNoon;
  state.failures = 3;
  state.failing_since = kNoon;
  state.overdue = {4, 7};
  REQUIRE(rig.store->begin());
  REQUIRE(rig.store->put_cursor({10, 2}));
  REQUIRE(rig.store->put_changes({{"photos", state}}));
  rig.add(a_delivery(10));
  rig.store->rollback();
  CHECK(*rig.store->cursor() == std::nullopt);
  CHECK(rig.store->job_states()->empty());
  CHECK(rig.store->list({})->empty());

  REQUIRE(rig.store->begin());
  REQUIRE(rig.store->put_cursor({10, 2}));
  REQUIRE(rig.store->put_changes({{"photos", state}}));
  rig.add(a_delivery(10));
  REQUIRE(rig.store->commit());
  rig.reopen();
  CHECK(rig.store->cursor()->value().sequence == 10);
  CHECK(rig.store->cursor()->value().quiet_until == 2);
  CHECK(*rig.store->job_states() == std::vector<JobState>{state});
  CHECK(rig.store->list({})->size() == 1);
  REQUIRE(rig.store->put_changes({{"photos", std::nullopt}}));
  CHECK(rig.store->job_states()->empty());
}

TEST_CASE("of one event a recipient of a channel gets one delivery") {
  Rig rig;
  CHECK(rig.add(a_delivery(5)) > 0);
  CHECK(rig.add(a_delivery(5)) == 0);
  CHECK(rig.add(a_delivery(5, "bob@example.org")) > 0);
  Delivery again = a_delivery(5);
  again.event_at = kNoon + hours{1};  // a restored journal gives its numbers out again
  CHECK(rig.add(again) > 0);
  Delivery no_event = a_delivery(0);
  CHECK(rig.add(no_event) > 0);
  CHECK(rig.add(no_event) > 0);
}

TEST_CASE("what is due comes oldest first, and not before its time") {
  Rig rig;
  Delivery late = a_delivery(1);
  late.view.next_at = kNoon + minutes{5};
  const uint64_t second = rig.add(late);
  const uint64_t first = rig.add(a_delivery(2));
  CHECK(rig.store->due(kNoon - seconds{1}, 10)->empty());
  CHECK(rig.store->due(kNoon, 10)->size() == 1);
  const auto due = *rig.store->due(kNoon + minutes{5}, 10);
  REQUIRE(due.size() == 2);
  CHECK(due[0].view.id == first);
  CHECK(due[1].view.id == second);
  CHECK(*rig.store->next_due() == kNoon);
}

TEST_CASE("what was being sent when the process died is sent again under its Message-ID") {
  Rig rig;
  const uint64_t id = rig.add_sending(a_delivery(1));
  CHECK(rig.view(id).state == DeliveryState::sending);
  CHECK(rig.store->due(kNoon + hours{1}, 10)->empty());
  rig.reopen();
  CHECK(*rig.store->resume_sending() == 1);
  const auto due = *rig.store->due(kNoon + hours{1}, 10);
  REQUIRE(due.size() == 1);
  CHECK(due[0].view.message_id == "dray.1@host");
  CHECK(due[0].view.attempts == 1);
  CHECK(due[0].view.last_error.find("may have arrived") != std::string::npos);
}

TEST_CASE("an attempt ends once, and a failed delivery can be tried again") {
  Rig rig;
  const uint64_t id = rig.add_sending(a_delivery(1));
  REQUIRE(rig.store->end_attempt(id, {DeliveryState::failed, "550 no such user", kNoon, kNoon}));
  CHECK(rig.view(id).state == DeliveryState::failed);
  CHECK(rig.view(id).last_error == "550 no such user");
  REQUIRE(rig.store->end_attempt(id, {DeliveryState::delivered, "", kNoon, kNoon}));
  CHECK(rig.view(id).state == DeliveryState::failed);
  CHECK(*rig.store->retry({{id + 1}, ""}, kNoon) == 0);
  CHECK(*rig.store->retry({{}, "mail"}, kNoon + minutes{1}) == 1);
  CHECK(rig.view(id).state == DeliveryState::waiting);
  CHECK(rig.view(id).attempts == 0);
  CHECK(rig.view(id).next_at == kNoon + minutes{1});
}

TEST_CASE("the load counts what was made lately, without digests") {
  Rig rig;
  for (uint64_t i = 1; i <= 3; ++i)
    rig.add(a_delivery(i));
  rig.add(a_delivery(4, "bob@example.org"));
  Delivery digest = a_delivery(0);
  digest.view.event = NotifyEvent::digest;
  rig.add(digest);
  Load load = *rig.store->load_of("mail", "ann@example.org", kNoon + minutes{9}, minutes{10});
  CHECK(load.to_target == 3);
  CHECK(load.on_channel == 4);
  load = *rig.store->load_of("mail", "ann@example.org", kNoon + minutes{10}, minutes{10});
  CHECK(load.to_target == 0);
  CHECK(load.on_channel == 4);
  load = *rig.store->load_of("mail", "ann@example.org", kNoon + hours{1}, minutes{10});
  CHECK(load.on_channel == 0);
}

TEST_CASE("what a digest gathered is marked when the digest was delivered") {
  Rig rig;
  for (uint64_t i = 1; i <= 2; ++i) {
    Delivery row = a_delivery(i);
    row.view.state = DeliveryState::collected;
    rig.add(row);
  }
  const auto targets = *rig.store->collected();
  REQUIRE(targets.size() == 1);
  CHECK(targets[0].oldest == kNoon);
  const auto members = *rig.store->collected_for(targets[0], 10);
  REQUIRE(members.size() == 2);
  Delivery digest = a_delivery(0);
  digest.to_mark = false;
  const uint64_t id = rig.add_sending(digest);
  REQUIRE(rig.store->fold(members, id));
  CHECK(rig.store->collected()->empty());
  CHECK(rig.store->unmarked(10)->empty());
  REQUIRE(rig.store->end_attempt(id, {DeliveryState::delivered, "", kNoon + minutes{1}, kNoon}));
  const auto runs = *rig.store->unmarked(10);
  REQUIRE(runs.size() == 2);
  CHECK(runs[0].at == kNoon + minutes{1});
  REQUIRE(rig.store->mark_told(runs));
  CHECK(rig.store->unmarked(10)->empty());
}

TEST_CASE("lists are filtered, newest first, and a client's hold what its own rules made") {
  Rig rig;
  Delivery own = a_delivery(1);
  own.owner = "acme";
  const uint64_t first = rig.add(own);
  const uint64_t second = rig.add(a_delivery(2));
  DeliveryQuery query;
  CHECK(rig.store->list(query)->front().id == second);
  query.before = second;
  CHECK(rig.store->list(query)->front().id == first);
  query = {};
  query.owner = "acme";
  REQUIRE(rig.store->list(query)->size() == 1);
  CHECK(rig.store->list(query)->front().id == first);
  query = {};
  query.state = "failed";
  CHECK(rig.store->list(query)->empty());
  query.state = "lost";
  CHECK_FALSE(rig.store->list(query));
  query = {};
  query.run = RunId{2};
  CHECK(rig.store->list(query)->size() == 1);
}

TEST_CASE("old ended deliveries are forgotten, waiting ones are not") {
  Rig rig;
  const uint64_t done = rig.add_sending(a_delivery(1));
  REQUIRE(rig.store->end_attempt(done, {DeliveryState::delivered, "", kNoon, kNoon}));
  rig.add(a_delivery(2));
  CHECK(*rig.store->forget(kNoon, 10) == 0);
  CHECK(*rig.store->forget(kNoon + seconds{1}, 10) == 1);
  CHECK(rig.store->list({})->size() == 1);
}

TEST_CASE("a database of another program or a newer one is refused") {
  Rig rig;
  CHECK_FALSE(DeliveryStore::open(rig.path));  // ours is open
}
