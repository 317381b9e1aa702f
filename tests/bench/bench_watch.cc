// Many WebSocket clients that hear the same: how many messages come, and how old they are. The time
// at which a message was made stands in it: "bytes_done" in microseconds of the monotonic clock.
//
//   bench-watch run --port N --path P --clients N --ms N [--token T] [--socketio 1]
//
// Prints a line when all are connected, measures after a line on its standard input, and prints
// what it heard.
#include <time.h>
#include <unistd.h>

#include <memory>

#include "tests/bench/sockets.h"

namespace dray::bench {
namespace {

constexpr std::string_view kStamp = "\"bytes_done\":";
constexpr std::string_view kJoin = "40";  // of Socket.IO: join its main room
constexpr std::string_view kJoined = "40{";
constexpr std::string_view kPing = "2";
constexpr std::string_view kPong = "3";
constexpr Duration kSettle = milliseconds{300};

int64_t monotonic_us() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return int64_t{time.tv_sec} * 1'000'000 + time.tv_nsec / 1000;
}

// A short text as a client sends it; its mask is zero.
std::string masked(std::string_view text) {
  return fmt::format("{}{}{}{}", '\x81', static_cast<char>(0x80 | text.size()),
                     std::string(4, '\0'), text);
}

// The payload of the first whole frame of `in` and where it ends; 0: none is whole.
size_t next_frame(std::string_view in, std::string_view& payload) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(in[i]); };
  if (in.size() < 2) return 0;
  size_t length = byte(1) & 0x7f;
  const size_t wide = length == 126 ? 2 : length == 127 ? 8 : 0;
  if (in.size() < 2 + wide) return 0;
  if (wide > 0) length = 0;
  for (size_t i = 0; i < wide; ++i)
    length = length << 8 | byte(2 + i);
  if (in.size() < 2 + wide + length) return 0;
  payload = in.substr(2 + wide, length);
  return 2 + wide + length;
}

struct Heard {
  std::vector<double> age_ms;
  double bytes = 0;
  uint64_t all = 0;  // also those that are not counted
  bool counting = false;
};

class Client {
 public:
  Client(uint64_t port, const std::string& request, bool socketio)
      : fd_(connect_to(port)), socketio_(socketio) {
    send_all(fd_.get(), request);
  }
  int fd() const { return fd_.get(); }
  bool ready() const { return ready_; }

  void read(Heard& heard) {
    if (!read_more(fd_.get(), in_)) give_up("the server ended a connection");
    if (!upgraded_ && !upgrade()) return;
    size_t at = 0;
    std::string_view payload;
    while (const size_t size = next_frame(std::string_view(in_).substr(at), payload)) {
      take(payload, heard);
      at += size;
    }
    in_.erase(0, at);
    if (in_.empty()) std::string().swap(in_);
  }

 private:
  bool upgrade() {
    const size_t end = in_.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    if (!in_.starts_with("HTTP/1.1 101")) give_up("no WebSocket: " + in_.substr(0, 300));
    in_.erase(0, end + 4);
    upgraded_ = true;
    ready_ = !socketio_;
    if (socketio_) send_all(fd_.get(), masked(kJoin));
    return true;
  }

  void take(std::string_view payload, Heard& heard) {
    if (socketio_ && payload.starts_with(kJoined)) ready_ = true;
    if (socketio_ && payload == kPing) send_all(fd_.get(), masked(kPong));
    const size_t stamp = payload.size() > 4096 ? payload.npos : payload.find(kStamp);
    if (stamp == payload.npos) return;
    heard.all += 1;
    if (!heard.counting) return;
    int64_t made = 0;
    std::from_chars(payload.data() + stamp + kStamp.size(), payload.data() + payload.size(), made);
    heard.age_ms.push_back(static_cast<double>(monotonic_us() - made) / 1000);
    heard.bytes += static_cast<double>(payload.size());
  }

  UniqueFd fd_;
  bool socketio_;
  bool upgraded_ = false;
  bool ready_ = false;
  std::string in_;
};

class Audience {
 public:
  explicit Audience(const Arguments& arguments) {
    poller_.watch(STDIN_FILENO, nullptr);
    const uint64_t port = arguments.number("port", 0);
    const std::string token = arguments.text("token");
    const std::string request = fmt::format(
        "GET {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{}\r\n",
        arguments.text("path"), port,
        token.empty() ? "" : "Authorization: Bearer " + token + "\r\n");
    const uint64_t count = arguments.number("clients", 1);
    for (uint64_t i = 0; i < count; ++i) {
      clients_.push_back(
          std::make_unique<Client>(port, request, arguments.number("socketio", 0) > 0));
      poller_.watch(clients_.back()->fd(), clients_.back().get());
      turn(0);
    }
  }

  void wait_until_connected() {
    const Instant start = now();
    while (!std::ranges::all_of(clients_, [](const auto& one) { return one->ready(); })) {
      if (now() - start > seconds{60}) give_up("not all clients are connected within a minute");
      turn(100);
    }
    Report().add("connected", static_cast<double>(clients_.size())).print();
  }

  void settle() {
    wait_for_word();
    Instant start = now();
    while (heard_.all == 0) {
      if (now() - start > seconds{60}) give_up("nothing is heard for a minute");
      turn(100);
    }
    for (start = now(); now() - start < kSettle;)
      turn(10);
    Report().add("heard", static_cast<double>(heard_.all)).print();
  }

  void measure(Duration time) {
    wait_for_word();
    heard_.counting = true;
    const Instant start = now();
    while (now() - start < time)
      turn(10);
    const double seconds = seconds_since(start);
    const auto count = static_cast<double>(heard_.age_ms.size());
    Report()
        .add("messages", count)
        .add("rate", count / seconds)
        .add("seconds", seconds)
        .add("bytes", count > 0 ? heard_.bytes / count : 0)
        .percentiles("age_ms", heard_.age_ms)
        .add("age_ms_max", percentile(heard_.age_ms, 100))
        .print();
  }

 private:
  // Reads on meanwhile: nobody is slow.
  void wait_for_word() {
    while (!std::exchange(told_, false))
      turn(-1);
  }

  void turn(int timeout_ms) {
    for (const epoll_event& event : poller_.wait(timeout_ms)) {
      if (event.data.ptr != nullptr) {
        static_cast<Client*>(event.data.ptr)->read(heard_);
        continue;
      }
      std::array<char, 16> word{};
      if (::read(STDIN_FILENO, word.data(), word.size()) <= 0) give_up("nobody gave the word");
      told_ = true;
    }
  }

  Poller poller_;
  std::vector<std::unique_ptr<Client>> clients_;
  Heard heard_;
  bool told_ = false;
};

}  // namespace
}  // namespace dray::bench

int main(int argc, char** argv) {
  const dray::bench::Arguments arguments(argc, argv);
  dray::bench::Audience audience(arguments);
  audience.wait_until_connected();
  audience.settle();
  audience.measure(dray::milliseconds{arguments.number("ms", 1000)});
}
