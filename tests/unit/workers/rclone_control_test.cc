#include "workers/rclone_control.h"

#include <crypt.h>

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include "daemon/base/files.h"
#include "daemon/base/seal.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"

namespace dray::worker {
namespace {

using boost::asio::ip::tcp;

// Takes calls as rclone does and answers them from a list of status lines; the last one is
// repeated.
class FakeRclone {
 public:
  FakeRclone(EventLoop& loop, std::vector<std::string> answers)
      : answers_(std::move(answers)),
        acceptor_(loop.context(), tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)) {
    accept();
  }
  uint16_t port() const { return acceptor_.local_endpoint().port(); }
  std::vector<std::string> calls;

 private:
  struct Session {
    explicit Session(tcp::socket socket_in) : socket(std::move(socket_in)) {}
    tcp::socket socket;
    std::string text;
    std::string answer;
  };

  void accept() {
    acceptor_.async_accept([this](boost::system::error_code error, tcp::socket socket) {
      if (error) return;
      auto session = std::make_shared<Session>(std::move(socket));
      boost::asio::async_read_until(session->socket, boost::asio::dynamic_buffer(session->text),
                                    "}", [this, session](boost::system::error_code failed, size_t) {
                                      if (!failed) answer(session);
                                    });
      accept();
    });
  }
  void answer(const std::shared_ptr<Session>& session) {
    calls.push_back(session->text);
    session->answer = "HTTP/1.1 " + answers_.at(std::min(calls.size(), answers_.size()) - 1) +
                      "\r\nConnection: close\r\n\r\n{}";
    boost::asio::async_write(session->socket, boost::asio::buffer(session->answer),
                             [session](boost::system::error_code, size_t) {});
  }

  std::vector<std::string> answers_;
  tcp::acceptor acceptor_;
};

struct Rig {
  Rig() {
    const Status ready = control.prepare(dir / "control");
    REQUIRE(ready);
  }
  void run_until_in_force(uint64_t limit) {
    while (in_force.empty() || in_force.back() != limit)
      loop.run_turn();
  }
  TempDir dir;
  EventLoop loop;
  std::vector<uint64_t> in_force;
  RcloneControl control{loop, 1'000'000, [this](uint64_t limit) { in_force.push_back(limit); }};
};

std::string header(const std::string& call, const std::string& name) {
  const size_t begin = call.find(name + ": ") + name.size() + 2;
  return call.substr(begin, call.find("\r\n", begin) - begin);
}

}  // namespace

TEST_CASE("credentials are made for the attempt, and only their hash lies on the disk") {
  Rig rig;
  CHECK(rig.control.flags() == std::vector<std::string>{"--rc", "--rc-addr", "127.0.0.1:0",
                                                        "--rc-htpasswd", rig.dir / "control",
                                                        "--buffer-size", "0"});
  FakeRclone rclone(rig.loop, {"200 OK"});
  const uint64_t process = rig.control.started();
  rig.control.serving(process, rclone.port());
  rig.control.set_limit(500'000);
  rig.run_until_in_force(500'000);
  REQUIRE(rclone.calls.size() == 1);
  CHECK(rclone.calls[0].starts_with("POST /core/bwlimit HTTP/1.1\r\n"));
  CHECK(rclone.calls[0].ends_with(R"({"rate":"500000B"})"));

  const auto file = read_file(rig.dir / "control", 4096);
  REQUIRE(file);
  const std::string line = file->substr(0, file->find('\n'));
  const std::string user = line.substr(0, line.find(':'));
  const std::string hash = line.substr(line.find(':') + 1);
  const auto shown = base64_decode(header(rclone.calls[0], "Authorization").substr(6));
  REQUIRE(shown);
  REQUIRE(shown->starts_with(user + ":"));
  const std::string password = shown->substr(user.size() + 1);
  CHECK(password.size() >= 43);
  CHECK(file->find(password) == std::string::npos);
  crypt_data scratch{};
  CHECK(crypt_r(password.c_str(), hash.c_str(), &scratch) == hash);
}

TEST_CASE("a process that does not take the limit is asked again") {
  Rig rig;
  FakeRclone rclone(rig.loop, {"500 Internal Server Error", "200 OK"});
  const uint64_t process = rig.control.started();
  rig.control.serving(process, rclone.port());
  rig.control.set_limit(0);
  CHECK(rig.in_force == std::vector<uint64_t>{1'000'000});  // said once it listened
  rig.run_until_in_force(0);
  REQUIRE(rclone.calls.size() == 2);
  CHECK(rclone.calls[1].ends_with(R"({"rate":"off"})"));
}

TEST_CASE("a limit is in force when every process keeps to it") {
  Rig rig;
  FakeRclone one(rig.loop, {"200 OK"});
  FakeRclone two(rig.loop, {"200 OK"});
  const uint64_t first = rig.control.started();
  const uint64_t second = rig.control.started();
  rig.control.serving(first, one.port());
  rig.control.set_limit(700'000);
  while (one.calls.empty())
    rig.loop.run_turn();
  CHECK((rig.in_force.empty() || rig.in_force.back() != 700'000));  // the second says no port yet
  rig.control.serving(second, two.port());
  rig.run_until_in_force(700'000);
  CHECK(two.calls.size() == 1);

  // One that ends no longer counts, and one that starts has the limit from its command line.
  rig.control.ended(first);
  rig.control.set_limit(600'000);
  rig.control.ended(second);
  CHECK(rig.in_force.back() == 600'000);
  rig.control.started();
  rig.control.set_limit(600'000);
  CHECK(rig.in_force.back() == 600'000);
  CHECK(rig.control.limit() == 600'000);
}

}  // namespace dray::worker
