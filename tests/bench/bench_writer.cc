// The least that a server of live events can do: each message becomes a WebSocket frame once, and
// is written to every client, one system call each. A client whose socket is full misses the
// message, as it misses all but the newest of those that came due while the others were served.
//
//   bench-writer run --port N --rate N --bytes N
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/sockets.h"

namespace dray::bench {
namespace {

// The answer to the one key that bench-watch sends.
constexpr std::string_view kUpgrade =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

struct Client {
  UniqueFd fd;
  std::string in;
  bool upgraded = false;
};

class Writer {
 public:
  explicit Writer(const Arguments& arguments)
      : bytes_(arguments.number("bytes", 220)),
        guests_(arguments.number("port", 0), poller_),
        timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
    const auto interval = static_cast<long>(1'000'000'000 / arguments.number("rate", 50));
    const itimerspec every{{0, interval}, {0, interval}};
    if (::timerfd_settime(timer_.get(), 0, &every, nullptr) != 0) give_up("no timer");
    poller_.watch(timer_.get(), &timer_);
  }

  [[noreturn]] void run() {
    while (true)
      for (const epoll_event& event : poller_.wait(-1)) {
        if (event.data.ptr == &timer_)
          tell_all();
        else if (Client* client = guests_.take(event))
          upgrade(*client);
      }
  }

 private:
  void upgrade(Client& client) {
    if (client.upgraded || client.in.find("\r\n\r\n") == std::string::npos) return;
    send_all(client.fd.get(), kUpgrade);
    client.upgraded = true;
    client.in.clear();
  }

  std::string frame() const {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    std::string text = fmt::format(R"({{"type":"progress","bytes_done":{},"pad":")",
                                   int64_t{time.tv_sec} * 1'000'000 + time.tv_nsec / 1000);
    text += std::string(bytes_ - std::min(bytes_, text.size() + 2), 'x') + "\"}";
    std::string out = "\x81";
    if (text.size() < 126) return out + static_cast<char>(text.size()) + text;
    out += '\x7e';
    out += static_cast<char>(text.size() >> 8);
    out += static_cast<char>(text.size() & 0xff);
    return out + text;
  }

  void tell_all() {
    uint64_t due = 0;
    if (::read(timer_.get(), &due, sizeof due) != sizeof due) return;
    const std::string text = frame();
    for (const auto& client : guests_.all())
      if (client->upgraded) (void)::send(client->fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
  }

  size_t bytes_;  // of a message
  Poller poller_;
  Guests<Client> guests_;
  UniqueFd timer_;
};

}  // namespace
}  // namespace dray::bench

int main(int argc, char** argv) {
  dray::bench::Writer(dray::bench::Arguments(argc, argv)).run();
}
