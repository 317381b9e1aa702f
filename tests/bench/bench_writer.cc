// The least that a server of live events can do: each message becomes a WebSocket frame once, and
// is written to every client, one system call each. A client whose socket is full misses the
// message, as it misses all but the newest of those that came due while the others were served.
//
//   bench-writer run --port N --rate N --bytes N
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <memory>

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
        listener_(listen_at(arguments.number("port", 0))),
        timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
    const auto interval = static_cast<long>(1'000'000'000 / arguments.number("rate", 50));
    const itimerspec every{{0, interval}, {0, interval}};
    if (::timerfd_settime(timer_.get(), 0, &every, nullptr) != 0) give_up("no timer");
    poller_.watch(listener_.get(), &listener_);
    poller_.watch(timer_.get(), &timer_);
  }

  [[noreturn]] void run() {
    while (true)
      for (const epoll_event& event : poller_.wait(-1)) {
        if (event.data.ptr == &listener_)
          accept_all();
        else if (event.data.ptr == &timer_)
          tell_all();
        else
          read(*static_cast<Client*>(event.data.ptr));
      }
  }

 private:
  void accept_all() {
    while (true) {
      const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      do_not_wait(fd);
      clients_.push_back(std::make_unique<Client>());
      clients_.back()->fd.reset(fd);
      poller_.watch(fd, clients_.back().get());
    }
  }

  void read(Client& client) {
    if (!read_more(client.fd.get(), client.in)) {
      std::erase_if(clients_, [&](const auto& one) { return one.get() == &client; });
      return;
    }
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
    for (const auto& client : clients_)
      if (client->upgraded) (void)::send(client->fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
  }

  size_t bytes_;  // of a message
  UniqueFd listener_;
  UniqueFd timer_;
  Poller poller_;
  std::vector<std::unique_ptr<Client>> clients_;
};

}  // namespace
}  // namespace dray::bench

int main(int argc, char** argv) {
  dray::bench::Writer(dray::bench::Arguments(argc, argv)).run();
}
