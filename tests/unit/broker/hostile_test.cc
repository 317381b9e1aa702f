// What a peer can do that has the right to connect, and means ill.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <zmq.h>

#include "broker/stamp.h"
#include "tests/support/catch.h"
#include "tests/unit/broker/remote_rig.h"

namespace dray {
namespace {

// A DEALER that does as it likes.
class Rogue {
 public:
  explicit Rogue(const std::string& endpoint, const std::string& routing_id = "") {
    const int linger = 0;
    zmq_setsockopt(socket_, ZMQ_LINGER, &linger, sizeof linger);
    if (!routing_id.empty())
      zmq_setsockopt(socket_, ZMQ_ROUTING_ID, routing_id.data(), routing_id.size());
    DRAY_CHECK(zmq_connect(socket_, endpoint.c_str()) == 0, "a rogue connects");
  }
  ~Rogue() {
    zmq_close(socket_);
    zmq_ctx_term(context_);
  }
  Rogue(const Rogue&) = delete;
  Rogue& operator=(const Rogue&) = delete;
  bool send(const std::string& bytes, bool more = false) {
    return zmq_send(socket_, bytes.data(), bytes.size(), ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)) >=
           0;
  }
  bool hears_something() {
    zmq_msg_t message;
    zmq_msg_init(&message);
    const bool got = zmq_msg_recv(&message, socket_, ZMQ_DONTWAIT) >= 0;
    zmq_msg_close(&message);
    return got;
  }

 private:
  void* context_ = zmq_ctx_new();
  void* socket_ = zmq_socket(context_, ZMQ_DEALER);
};

// The broker still serves: a question of a good peer is answered.
bool still_serves(BrokerRig& rig) {
  const auto peer = rig.peer(Role::ops, "good");
  return rig.run_until([&] { return peer->bus->link().broker_up; });
}

int connect_raw(const std::string& ipc_endpoint) {
  const std::string path = ipc_endpoint.substr(std::string_view("ipc://").size());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  DRAY_CHECK(path.size() < sizeof address.sun_path, "a short path");
  path.copy(address.sun_path, path.size());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  DRAY_CHECK(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "connect");
  return fd;
}

}  // namespace

TEST_CASE("a peer that names its own routing id is not listened to") {
  BrokerRig rig;
  REQUIRE(rig.start());
  const auto scheduler = rig.join(Role::scheduler, "drayd");
  Rogue rogue(rig.ipc.worker, "w1-of-somebody-else");
  REQUIRE(rogue.send(encode_message(Ping{"w1", "1", 1})));
  REQUIRE(still_serves(rig));
  CHECK_FALSE(rogue.hears_something());
  REQUIRE(rig.run_until([&] { return scheduler->count(MessageType::peer_up) == 1; }));
  CHECK(scheduler->last(MessageType::peer_up)->text == "good");
  CHECK(scheduler->count(MessageType::peer_gone) == 0);
}

TEST_CASE("a message of very many frames costs its sender the session and nobody else") {
  BrokerRig rig;
  REQUIRE(rig.start());
  const auto scheduler = rig.join(Role::scheduler, "drayd");
  Rogue rogue(rig.ipc.worker);
  REQUIRE(rogue.send(encode_message(Ping{"rogue", "1", 1})));
  REQUIRE(rig.run_until([&] { return scheduler->count(MessageType::peer_up) == 1; }));
  for (int i = 0; i < 20'000; ++i)
    REQUIRE(rogue.send(encode_message(Accept{}), i + 1 < 20'000));
  REQUIRE(rig.run_until([&] { return scheduler->count(MessageType::peer_gone) == 1; }));
  REQUIRE(rogue.send(encode_message(Accept{})));
  REQUIRE(rogue.send(encode_message(Ping{"rogue", "1", 1})));
  REQUIRE(still_serves(rig));
  CHECK(scheduler->count(MessageType::accept) == 0);
  CHECK(rig.broker->router().sessions() == 2);  // the scheduler's and the good one's
}

TEST_CASE("a frame over the limit cuts its sender off and reaches nobody") {
  BrokerRig rig;
  REQUIRE(rig.start());
  const auto scheduler = rig.join(Role::scheduler, "drayd");
  Rogue rogue(rig.ipc.worker);
  REQUIRE(rogue.send(encode_message(Ping{"rogue", "1", 1})));
  REQUIRE(rig.run_until([&] { return scheduler->count(MessageType::peer_up) == 1; }));
  REQUIRE(rogue.send(std::string(limits::kMaxFrameBytes + 1, 'x')));
  REQUIRE(rig.run_until([&] { return scheduler->count(MessageType::peer_gone) == 1; }));
  CHECK(scheduler->last(MessageType::peer_gone)->text == "disconnected");
  CHECK(still_serves(rig));
}

TEST_CASE("bytes that are not ZMTP disturb nobody") {
  RemoteRig rig;
  REQUIRE(rig.start());
  std::vector<int> fds;
  for (int i = 0; i < 20; ++i) {
    const int fd = connect_raw(i % 2 == 0 ? rig.ipc.worker : rig.ipc.ops);
    const std::string junk = i % 4 < 2 ? std::string(4096, static_cast<char>(i * 37)) : "";
    (void)!::send(fd, junk.data(), junk.size(), MSG_NOSIGNAL);
    fds.push_back(fd);
  }
  CHECK(still_serves(rig));
  CHECK(rig.broker->router().sessions() == 1);
  for (const int fd : fds)
    close(fd);
}

TEST_CASE("frames that are not ours are refused, every one, and never crash the broker") {
  BrokerRig rig;
  REQUIRE(rig.start());
  const auto scheduler = rig.join(Role::scheduler, "drayd");
  Rogue rogue(rig.ipc.worker);
  REQUIRE(rogue.send(encode_message(Ping{"rogue", "1", 1})));
  const std::string good = encode_message(Hello{"rogue", 1, "", "", "", 4, "", {}, false}, 3);
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bent = good;
    bent[i] = static_cast<char>(~bent[i]);
    REQUIRE(rogue.send(bent));
    REQUIRE(rogue.send(good.substr(0, i)));
  }
  REQUIRE(still_serves(rig));
  REQUIRE(rogue.send(encode_message(Accept{})));
  REQUIRE(rig.run_until([&] { return scheduler->count(MessageType::accept) == 1; }));
}

TEST_CASE("a rogue on the scheduler's socket without the address frame is refused") {
  BrokerRig rig;
  REQUIRE(rig.start());
  const auto scheduler = rig.join(Role::scheduler, "drayd", 5);
  Rogue rogue(rig.ipc.scheduler);
  REQUIRE(rogue.send(encode_message(Ping{"rogue", "1", 1})));
  Rogue older(rig.ipc.scheduler);
  REQUIRE(older.send(encode_address({}), true));
  REQUIRE(older.send(encode_message(Ping{"older", "1", 4})));
  REQUIRE(still_serves(rig));
  REQUIRE(rig.run_until([&] { return older.hears_something(); }));  // GOODBYE
  CHECK(scheduler->count(MessageType::goodbye) == 0);
  CHECK(rig.broker->router().scheduler_up());
}

TEST_CASE("one flooding peer does not keep another one waiting") {
  BrokerRig rig;
  REQUIRE(rig.start());
  const auto scheduler = rig.join(Role::scheduler, "drayd");
  size_t flooded = 0;
  size_t flooded_before_question = 0;
  scheduler->answer = [&](const Incoming& in) {
    if (in.envelope.type() == MessageType::request) ++flooded;
    if (in.envelope.type() != MessageType::enqueue) return;
    flooded_before_question = flooded;
    scheduler->bus->send_to(in.from, Enqueued{0, "", RunId{1}}, in.envelope.id());
  };
  const auto good = rig.join(Role::ops, "good");
  Rogue rogue(rig.ipc.ops);
  REQUIRE(rogue.send(encode_message(Ping{"flood", "1", 1})));
  // Its own way is kept full all the time.
  const std::string batch =
      encode_message(Request{"status", std::string(limits::kBatchBytes, 'x'), "", ""}, 1);
  const auto flood = [&] {
    while (rogue.send(batch)) {
    }
  };
  flood();
  // Until the flood stands in front of the scheduler.
  REQUIRE(rig.run_until([&] {
    flood();
    return flooded > 200;
  }));
  for (int i = 0; i < 20; ++i) {
    const size_t before = flooded;
    bool answered = false;
    good->bus->ask(Enqueue{}, seconds{20},
                   [&](Result<Enqueued> got) { answered = got.has_value(); });
    REQUIRE(rig.run_until([&] {
      flood();
      return answered;
    }));
    // Counted in frames that went first, not in time: what zmq and the kernel hold at both ends of
    // the line to the scheduler, where a single queue would hold all that the flood may send.
    CHECK(flooded_before_question - before <= 4 * BrokerService::kSchedulerHighWater);
  }
}

}  // namespace dray
