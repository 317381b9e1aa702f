// The least that the life of one run can take in this design: its chain of messages and fsyncs and
// nothing else. Four processes (operator, broker, scheduler, worker) pass 200 bytes over bare
// sockets, two hops for each of ENQUEUE, ASSIGN, ACCEPT, START, RESULT and EVENT; the scheduler
// makes a page durable three times and the worker once.
//
//   bench-chain life --dir DIR --runs N
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>

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
constexpr Step kSteps[] = {{scheduler, true}, {worker, false},   {scheduler, true},
                           {worker, true},    {scheduler, true}, {operators, false}};

struct Link {
  UniqueFd place, broker;
};

Link make_link() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    give_up("cannot make a socket pair");
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// The first byte says which step of the life it is.
using Message = std::array<char, kBody>;

// False: the other side has ended.
bool receive(int fd, Message& message) {
  pollfd ready{fd, POLLIN, 0};
  return ::poll(&ready, 1, -1) == 1 && ::recv(fd, message.data(), message.size(), 0) > 0;
}
bool send_on(int fd, const Message& message) {
  return ::send(fd, message.data(), message.size(), MSG_NOSIGNAL) > 0;
}

void serve_place(Place self, int fd, const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  const std::string page(kPage, 'x');
  Message message{};
  while (receive(fd, message)) {
    const Step& step = kSteps[static_cast<size_t>(message[0])];
    if (step.to != self) give_up("a message at the wrong place");
    if (step.durable &&
        (::pwrite(file.get(), page.data(), page.size(), 0) < 0 || ::fdatasync(file.get()) != 0))
      give_up("cannot write to " + path);
    ++message[0];
    if (!send_on(fd, message)) return;
  }
}

void serve_broker(const std::array<Link, kPlaces>& links) {
  Message message{};
  while (true) {
    std::array<pollfd, kPlaces> fds{};
    for (size_t i = 0; i < kPlaces; ++i)
      fds[i] = {links[i].broker.get(), POLLIN, 0};
    if (::poll(fds.data(), fds.size(), -1) <= 0) return;
    for (const pollfd& ready : fds) {
      if (ready.revents == 0) continue;
      if (::recv(ready.fd, message.data(), message.size(), 0) <= 0) return;
      const Step& step = kSteps[static_cast<size_t>(message[0])];
      if (!send_on(links[step.to].broker.get(), message)) return;
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

void life(const std::string& dir, uint64_t runs) {
  std::array<Link, kPlaces> links{make_link(), make_link(), make_link()};
  in_child([&] { serve_broker(links); });
  for (const Place place : {scheduler, worker})
    in_child([&] {
      serve_place(place, links[place].place.get(), fmt::format("{}/chain-{}", dir, place));
    });
  const int fd = links[operators].place.get();
  std::vector<double> each;
  const Instant start = now();
  for (uint64_t i = 0; i < runs; ++i) {
    const Instant begin = now();
    Message message{};
    if (!send_on(fd, message) || !receive(fd, message)) give_up("the chain broke");
    each.push_back(to_us(now() - begin));
  }
  const double rate = static_cast<double>(runs) / seconds_since(start);
  Report().add("rate", rate).percentiles("life_us", each).print();
}

}  // namespace
}  // namespace dray::bench

int main(int argc, char** argv) {
  const dray::bench::Arguments arguments(argc, argv);
  dray::bench::life(arguments.text("dir", "."), arguments.number("runs", 1000));
}
