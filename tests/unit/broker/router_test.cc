#include "broker/router.h"

#include "broker/permissions.h"
#include "tests/support/catch.h"
#include "tests/unit/broker/router_rig.h"

namespace dray {
namespace {

using Types = std::vector<MessageType>;

// Who may send it, written down a second time from the protocol, one letter per role:
// s(cheduler), w(orker), o(ps), n(otifier). `answered` by the broker itself, forwarded `up` to the
// scheduler, or `down` from it to a peer of such a role.
struct Rule {
  MessageType type;
  std::string_view answered;
  std::string_view up;
  std::string_view down;
  std::string_view uploading =
      "";  // passed between such a role and another: router_uploads_test.cc
};
constexpr Rule kRules[] = {
    {MessageType::ping, "swon", "", ""},
    {MessageType::pong, "", "", ""},
    {MessageType::nack, "", "w", "won"},
    {MessageType::peer_up, "", "", ""},
    {MessageType::peer_gone, "", "", ""},
    {MessageType::owners, "s", "", ""},
    {MessageType::scheduler_state, "", "", ""},
    {MessageType::hello, "", "w", ""},
    {MessageType::welcome, "", "", "w"},
    {MessageType::goodbye, "", "", "w"},
    {MessageType::renew, "", "w", ""},
    {MessageType::renewed, "", "", "w"},
    {MessageType::assign, "", "", "w"},
    {MessageType::accept, "", "w", ""},
    {MessageType::reject, "", "w", ""},
    {MessageType::start, "", "", "w"},
    {MessageType::withdraw, "", "", "w"},
    {MessageType::stop_attempt, "", "", "w"},
    {MessageType::result, "", "w", ""},
    {MessageType::result_ack, "", "", "w"},
    {MessageType::stale, "", "", "w"},
    {MessageType::run_progress, "", "", ""},
    {MessageType::request, "", "on", ""},
    {MessageType::response, "", "", "on"},
    {MessageType::enqueue, "", "on", ""},
    {MessageType::enqueued, "", "", "on"},
    {MessageType::cancel_request, "", "on", ""},
    {MessageType::cancel_reply, "", "", "on"},
    {MessageType::probe, "", "", "w"},
    {MessageType::probe_result, "", "w", ""},
    {MessageType::log_read, "", "", "w"},
    {MessageType::log_chunk, "", "w", ""},
    {MessageType::worker_query, "", "", "wn"},
    {MessageType::worker_answer, "", "wn", ""},
    {MessageType::set_bandwidth, "", "", "w"},
    {MessageType::upload_chunk, "", "", "", "on"},
    {MessageType::upload_state, "", "", "", "w"},
    {MessageType::remote_refreshed, "", "w", ""},
    {MessageType::remote_refreshed_ack, "", "", "w"},
    {MessageType::event, "s", "", ""},
};

bool names(std::string_view letters, Role role) {
  return letters.find(to_string(role).front()) != std::string_view::npos;
}

template <class Message>
void set_name(Message& message, const std::string& name) {
  if constexpr (requires {
                  message.epoch;
                  message.name;
                })
    message.name = name;
}

// A message of that type with fields at their defaults and a name where one is checked.
std::string sample(MessageType type, uint64_t id, const std::string& name) {
  std::string frame;
#define DRAY_SAMPLE(Struct, enumerator)  \
  if (type == MessageType::enumerator) { \
    Struct message;                      \
    set_name(message, name);             \
    append_message(frame, message, id);  \
  }
  DRAY_MESSAGES(DRAY_SAMPLE)
#undef DRAY_SAMPLE
  return frame;
}

struct Cast {
  RouterRig rig;
  LinkId scheduler = rig.join(Role::scheduler, "drayd");
  LinkId worker = rig.join(Role::worker, "w1");
  LinkId ops = rig.join(Role::ops, "cli");
  LinkId notifier = rig.join(Role::notifier, "web");
  LinkId of(Role role) const {
    switch (role) {
      case Role::scheduler:
        return scheduler;
      case Role::worker:
        return worker;
      case Role::ops:
        return ops;
      default:
        return notifier;
    }
  }
};

constexpr Role kPeerRoles[] = {Role::worker, Role::ops, Role::notifier};

}  // namespace

TEST_CASE("every message type has a rule in the test and a row in the table") {
  REQUIRE(std::size(kRules) == std::size(EnumNames<MessageType>::kRows));
  for (const auto& row : EnumNames<MessageType>::kRows)
    CHECK(find_permission(row.value) != nullptr);
}

TEST_CASE("a peer's message goes to the scheduler exactly where the rules allow it") {
  for (const Rule& rule : kRules) {
    for (const Role role : kPeerRoles) {
      if (names(rule.uploading, role)) continue;
      INFO(to_string(role) << " says " << to_string(rule.type));
      Cast cast;
      const LinkId from = cast.of(role);
      const std::string name = role == Role::worker ? "w1" : role == Role::ops ? "cli" : "web";
      cast.rig.frame(from, sample(rule.type, 9, name), {role, "", ""});
      const bool up = names(rule.up, role);
      CHECK(cast.rig.types(cast.scheduler) == (up ? Types{rule.type} : Types{}));
      if (up) {
        CHECK(cast.rig.out[cast.scheduler][0].stamp ==
              encode_stamp({cast.rig.session[from], static_cast<uint8_t>(role), name}));
        CHECK(cast.rig.out[cast.scheduler][0].id == 9);
      }
      const MessageType reply = names(rule.answered, role) ? MessageType::pong : MessageType::nack;
      CHECK(cast.rig.types(from) == (up ? Types{} : Types{reply}));
      if (!up) CHECK(cast.rig.out[from][0].id == 9);
    }
  }
}

TEST_CASE("the scheduler's message goes to a peer exactly where the rules allow it") {
  for (const Rule& rule : kRules) {
    for (const Role role : kPeerRoles) {
      INFO("drayd says " << to_string(rule.type) << " to " << to_string(role));
      Cast cast;
      const LinkId to = cast.of(role);
      cast.rig.frame(cast.scheduler, sample(rule.type, 4, "drayd"), {Role::scheduler, "", ""},
                     cast.rig.session[to]);
      const bool down = names(rule.down, role);
      CHECK(cast.rig.types(to) == (down ? Types{rule.type} : Types{}));
      CHECK(cast.rig.types(cast.scheduler) == (down ? Types{} : Types{MessageType::nack}));
    }
  }
}

TEST_CASE("the broker itself takes from the scheduler only what is meant for it") {
  for (const Rule& rule : kRules) {
    INFO(to_string(rule.type));
    Cast cast;
    cast.rig.frame(cast.scheduler, sample(rule.type, 4, "drayd"), {Role::scheduler, "", ""});
    const Types got = cast.rig.types(cast.scheduler);
    if (!names(rule.answered, Role::scheduler)) {
      CHECK(got == Types{MessageType::nack});
    } else {
      CHECK(got == (rule.type == MessageType::ping ? Types{MessageType::pong} : Types{}));
    }
  }
}

TEST_CASE("unknown types and damaged frames are refused with the reason and reach nobody") {
  struct Row {
    std::string frame;
    std::string_view why;
  };
  std::string unknown;
  append_envelope_head(unknown, static_cast<MessageType>(999), 3);
  unknown += '\xc0';
  const std::string good = encode_message(Accept{}, 1);
  const Row rows[] = {
      {unknown, "unknown message type 999"},
      {"garbage", "not an envelope"},
      {good.substr(0, good.size() - 1), "ends inside a value"},
      {good + "\xc1", "not an envelope"},
  };
  for (const Row& row : rows) {
    Cast cast;
    cast.rig.frame(cast.worker, row.frame, {Role::worker, "", ""});
    CHECK(cast.rig.out[cast.scheduler].empty());
    REQUIRE(cast.rig.types(cast.worker) == Types{MessageType::nack});
    const Nack nack = cast.rig.out[cast.worker][0].as<Nack>();
    CHECK(nack.code == static_cast<uint8_t>(ErrorCode::invalid));
    CHECK_THAT(nack.message, Catch::Matchers::Contains(std::string(row.why)));
  }
}

TEST_CASE("a frame of several messages is forwarded whole, a mixed one in its allowed parts") {
  Cast cast;
  std::string whole;
  append_message(whole, Accept{});
  append_message(whole, Renew{}, 2);
  cast.rig.frame(cast.worker, whole, {Role::worker, "", ""});
  CHECK(cast.rig.types(cast.scheduler) == Types{MessageType::accept, MessageType::renew});
  cast.rig.clear();

  std::string mixed;
  append_message(mixed, Accept{});
  append_message(mixed, Ping{"w1", "1", 1});
  append_message(mixed, Enqueue{}, 8);
  append_message(mixed, Renew{});
  cast.rig.frame(cast.worker, mixed, {Role::worker, "", ""});
  CHECK(cast.rig.types(cast.scheduler) == Types{MessageType::accept, MessageType::renew});
  CHECK(cast.rig.types(cast.worker) == Types{MessageType::pong, MessageType::nack});
}

TEST_CASE("refusals are limited per second and peer") {
  Cast cast;
  for (uint32_t i = 0; i < 3 * Router::kMaxNacksPerSecond; ++i)
    cast.rig.say(cast.worker, Enqueue{}, 1);
  CHECK(cast.rig.out[cast.worker].size() == Router::kMaxNacksPerSecond);
  cast.rig.clear();
  cast.rig.advance(seconds{1});
  cast.rig.say(cast.worker, Enqueue{}, 1);
  CHECK(cast.rig.out[cast.worker].size() == 1);
}

TEST_CASE("without a scheduler a question is refused at once and a fact waits for its repetition") {
  RouterRig rig;
  const LinkId cli = rig.join(Role::ops, "cli");
  const LinkId worker = rig.join(Role::worker, "w1");
  rig.say(cli, Enqueue{"job", "me", "", false, {}, {}, {}}, 12);
  REQUIRE(rig.types(cli) == Types{MessageType::nack});
  CHECK(rig.out[cli][0].id == 12);
  const Nack nack = rig.out[cli][0].as<Nack>();
  CHECK(nack.code == static_cast<uint8_t>(ErrorCode::unavailable));
  CHECK(nack.message == "drayd is not running");
  rig.say(worker, AttemptResult{});
  CHECK(rig.out[worker].empty());
}

TEST_CASE("questions that the scheduler could not take in time are refused as exhausted") {
  Cast cast;
  std::string frame;
  append_message(frame, Enqueue{}, 3);
  append_message(frame, Enqueue{}, 0);
  cast.rig.step(router_event::Undelivered{cast.rig.session[cast.ops], frame});
  REQUIRE(cast.rig.types(cast.ops) == Types{MessageType::nack});
  CHECK(cast.rig.out[cast.ops][0].id == 3);
  CHECK(cast.rig.out[cast.ops][0].as<Nack>().code == static_cast<uint8_t>(ErrorCode::exhausted));
}

TEST_CASE("events of the scheduler are published together under their topic") {
  Cast cast;
  std::string frame;
  append_message(frame, EventMessage{1, {}, "run.queued", "", "", {}, "{}"});
  append_message(frame, EventMessage{2, {}, "run.started", "", "", {}, "{}"});
  cast.rig.frame(cast.scheduler, frame, {Role::scheduler, "", ""});
  REQUIRE(cast.rig.published.size() == 1);
  CHECK(cast.rig.published[0].publication.topic == "e");
  CHECK(cast.rig.published[0].publication.payload == frame);
  CHECK_FALSE(cast.rig.published[0].door);
}

}  // namespace dray
