// The least that the life of one run, or its beginning, can take in this design: its chain of
// messages and fsyncs and nothing else. Four processes (operator, broker, scheduler, worker) pass
// 200 bytes over bare sockets, two hops for each of ENQUEUE, ASSIGN, ACCEPT, START, RESULT and
// EVENT; the scheduler makes a page durable three times and the worker once.
//
//   bench-chain life --dir DIR --runs N
//   bench-chain dispatch --dir DIR --runs N --rate N    (ENQUEUE and ASSIGN, N per second)
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <span>

#include "daemon/base/fd.h"
#include "tests/bench/measure.h"

namespace dray::bench {
namespace {

constexpr size_t kPage = 4096;
constexpr size_t kBody = 200;
enum Place : size_t { operators, scheduler, worker, kPlaces };

// Where the broker passes on each message of a life, and what its receiver makes durable first.
struct Step {
  Place to;
  bool durable;
};
constexpr Step kLife[] = {{scheduler, true}, {worker, false},   {scheduler, true},
                          {worker, true},    {scheduler, true}, {operators, false}};
constexpr Step kDispatch[] = {{scheduler, true}, {worker, false}, {operators, false}};
using Steps = std::span<const Step>;

struct Link {
  UniqueFd place, broker;
};

Link make_link() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    give_up("cannot make a socket pair");
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

struct Message {
  uint8_t step = 0;
  Instant last_at_worker{};
  std::array<char, kBody> body{};
};

// False: the other side has ended.
bool receive(int fd, Message& message) {
  pollfd ready{fd, POLLIN, 0};
  return ::poll(&ready, 1, -1) == 1 && ::recv(fd, &message, sizeof message, 0) > 0;
}
bool send_on(int fd, const Message& message) {
  return ::send(fd, &message, sizeof message, MSG_NOSIGNAL) > 0;
}

void serve_place(Steps steps, Place self, int fd, const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  const std::string page(kPage, 'x');
  Message message{};
  while (receive(fd, message)) {
    const Step& step = steps[message.step];
    if (self == worker) message.last_at_worker = now();
    if (step.to != self) give_up("a message at the wrong place");
    if (step.durable &&
        (::pwrite(file.get(), page.data(), page.size(), 0) < 0 || ::fdatasync(file.get()) != 0))
      give_up("cannot write to " + path);
    ++message.step;
    if (!send_on(fd, message)) return;
  }
}

void serve_broker(Steps steps, const std::array<Link, kPlaces>& links) {
  Message message{};
  while (true) {
    std::array<pollfd, kPlaces> fds{};
    for (size_t i = 0; i < kPlaces; ++i)
      fds[i] = {links[i].broker.get(), POLLIN, 0};
    if (::poll(fds.data(), fds.size(), -1) <= 0) return;
    for (const pollfd& ready : fds) {
      if (ready.revents == 0) continue;
      if (::recv(ready.fd, &message, sizeof message, 0) <= 0) return;
      if (!send_on(links[steps[message.step].to].broker.get(), message)) return;
    }
  }
}

template <class Work>
void in_child(Work work) {
  if (const pid_t pid = ::fork(); pid < 0)
    give_up("cannot fork");
  else if (pid > 0)
    return;
  // It holds ends of all sockets, so nobody would see the others close.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  work();
  std::_Exit(0);
}

// `rate`: so many begin in a second; 0: each when the one before has ended.
void measure(Steps steps, const std::string& dir, uint64_t runs, uint64_t rate) {
  std::array<Link, kPlaces> links{make_link(), make_link(), make_link()};
  in_child([&] { serve_broker(steps, links); });
  for (const Place place : {scheduler, worker})
    in_child([&] {
      serve_place(steps, place, links[place].place.get(), fmt::format("{}/chain-{}", dir, place));
    });
  const int fd = links[operators].place.get();
  std::vector<double> each, to_worker;
  const Instant start = now();
  for (uint64_t i = 0; i < runs; ++i) {
    if (rate > 0) ::poll(nullptr, 0, static_cast<int>(1000 / rate));
    const Instant begin = now();
    Message message;
    if (!send_on(fd, message) || !receive(fd, message)) give_up("the chain broke");
    each.push_back(to_us(now() - begin));
    to_worker.push_back(to_us(message.last_at_worker - begin));
  }
  const double rate_of_all = static_cast<double>(runs) / seconds_since(start);
  Report()
      .add("rate", rate_of_all)
      .percentiles("life_us", each)
      .percentiles("worker_us", to_worker)
      .print();
}

}  // namespace
}  // namespace dray::bench

int main(int argc, char** argv) {
  using namespace dray::bench;
  const Arguments arguments(argc, argv);
  measure(arguments.verb() == "dispatch" ? Steps(kDispatch) : Steps(kLife),
          arguments.text("dir", "."), arguments.number("runs", 1000), arguments.number("rate", 0));
}
