// What the benchmarks' clients and floors over TCP share: loopback sockets that do not block, and a
// queue of bytes that leaves as far as the kernel takes it.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "daemon/base/fd.h"
#include "tests/bench/measure.h"

namespace dray::bench {

inline sockaddr_in loopback(uint64_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

inline void do_not_wait(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::fcntl(fd, F_SETFL, O_NONBLOCK) != 0) give_up("a socket cannot be made non-blocking");
}

inline UniqueFd connect_to(uint64_t port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback(port);
  if (!fd || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    give_up(fmt::format("cannot connect to port {}: errno {}", port, errno));
  do_not_wait(fd.get());
  return fd;
}

inline UniqueFd listen_at(uint64_t port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const sockaddr_in address = loopback(port);
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd.get(), 4096) != 0)
    give_up(fmt::format("cannot listen on port {}", port));
  return fd;
}

class Poller {
 public:
  Poller() : fd_(::epoll_create1(EPOLL_CLOEXEC)) {}
  void watch(int fd, void* whose, uint32_t what = EPOLLIN) {
    epoll_event event{};
    event.events = what;
    event.data.ptr = whose;
    if (::epoll_ctl(fd_.get(), EPOLL_CTL_ADD, fd, &event) != 0) give_up("epoll_ctl failed");
  }
  std::span<const epoll_event> wait(int timeout_ms) {
    const int count =
        ::epoll_wait(fd_.get(), events_.data(), static_cast<int>(events_.size()), timeout_ms);
    return {events_.data(), static_cast<size_t>(std::max(count, 0))};
  }

 private:
  UniqueFd fd_;
  std::array<epoll_event, 1024> events_;
};

// Appends what is there, at most 64 KiB. False: the other side has hung up.
inline bool read_more(int fd, std::string& in) {
  static std::array<char, 65536> buffer;
  const ssize_t n = ::recv(fd, buffer.data(), buffer.size(), 0);
  if (n > 0) in.append(buffer.data(), static_cast<size_t>(n));
  return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

// Those who are connected to a server. `Guest` has at least `fd` and `in`, which holds what came.
template <class Guest>
class Guests {
 public:
  Guests(uint64_t port, Poller& poller) : poller_(poller), listener_(listen_at(port)) {
    poller_.watch(listener_.get(), this);
  }
  const std::vector<std::unique_ptr<Guest>>& all() const { return all_; }

  // Whose an event is, with what they sent read; null: somebody came or went.
  Guest* take(const epoll_event& event) {
    if (event.data.ptr == this) return accept_all();
    auto* guest = static_cast<Guest*>(event.data.ptr);
    if (read_more(guest->fd.get(), guest->in)) return guest;
    std::erase_if(all_, [&](const auto& one) { return one.get() == guest; });
    return nullptr;
  }

 private:
  Guest* accept_all() {
    while (true) {
      const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return nullptr;
      do_not_wait(fd);
      all_.push_back(std::make_unique<Guest>());
      all_.back()->fd.reset(fd);
      poller_.watch(fd, all_.back().get());
    }
  }

  Poller& poller_;
  UniqueFd listener_;
  std::vector<std::unique_ptr<Guest>> all_;
};

// Sends a short text whole, on a socket that has room for it.
inline void send_all(int fd, std::string_view text) {
  if (::send(fd, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size()))
    give_up(fmt::format("a request cannot be sent: errno {}", errno));
}

// The value of a header, "" without it; `name` as servers write it, or in lower case.
inline std::string_view header_of(std::string_view head, std::string_view name) {
  for (size_t at = 0; (at = head.find("\r\n", at)) != std::string_view::npos;) {
    at += 2;
    const std::string_view line = head.substr(at, head.find("\r\n", at) - at);
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    if (!std::ranges::equal(line.substr(0, name.size()), name,
                            [](char a, char b) { return (a | 0x20) == (b | 0x20); }))
      continue;
    std::string_view value = line.substr(name.size() + 1);
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    return value;
  }
  return {};
}

}  // namespace dray::bench
