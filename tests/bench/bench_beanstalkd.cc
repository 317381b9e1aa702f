// Jobs through a beanstalkd, from put to the deletion that is its acknowledgement: producer and
// consumer are connections of their own, as they are processes of their own in real use.
//
//   bench-beanstalkd life --socket PATH --in-flight N --jobs N
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/base/fd.h"
#include "tests/bench/measure.h"

namespace dray::bench {
namespace {

constexpr size_t kBody = 200;

class Connection {
 public:
  explicit Connection(const std::string& path)
      : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      give_up("cannot connect to " + path);
  }
  int fd() const { return fd_.get(); }
  void queue(std::string_view text) { out_ += text; }
  void flush() {
    for (size_t sent = 0; sent < out_.size();) {
      const ssize_t n = ::send(fd_.get(), out_.data() + sent, out_.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) give_up("beanstalkd hung up");
      sent += static_cast<size_t>(n);
    }
    out_.clear();
  }
  void receive() {
    char buffer[65536];
    const ssize_t n = ::recv(fd_.get(), buffer, sizeof buffer, 0);
    if (n <= 0) give_up("beanstalkd hung up");
    in_.append(buffer, static_cast<size_t>(n));
  }
  // The next whole reply; a RESERVED one with its body. False: not all of it is here yet.
  bool reply(std::string& line) {
    const size_t end = in_.find("\r\n", at_);
    if (end == std::string::npos) return compact();
    size_t next = end + 2;
    line.assign(in_, at_, end - at_);
    if (line.starts_with("RESERVED")) next += kBody + 2;
    if (next > in_.size()) return compact();
    at_ = next;
    return true;
  }

 private:
  bool compact() {
    in_.erase(0, at_);
    at_ = 0;
    return false;
  }
  UniqueFd fd_;
  std::string in_, out_;
  size_t at_ = 0;
};

void life(const std::string& path, uint64_t in_flight, uint64_t jobs) {
  Connection producer(path);
  Connection consumer(path);
  const std::string put = fmt::format("put 0 0 60 {}\r\n{}\r\n", kBody, std::string(kBody, 'x'));
  uint64_t asked = 0;
  uint64_t done = 0;
  const Instant start = now();
  for (; asked < std::min(in_flight, jobs); ++asked)
    producer.queue(put);
  // As many reservations wait as jobs are in flight.
  for (uint64_t i = 0; i < std::min(in_flight, jobs); ++i)
    consumer.queue("reserve\r\n");
  producer.flush();
  consumer.flush();
  std::string line;
  while (done < jobs) {
    pollfd fds[] = {{producer.fd(), POLLIN, 0}, {consumer.fd(), POLLIN, 0}};
    if (::poll(fds, 2, 10'000) <= 0) give_up("beanstalkd went silent");
    if (fds[0].revents) {
      producer.receive();
      while (producer.reply(line))
        if (!line.starts_with("INSERTED")) give_up("beanstalkd said " + line);
    }
    if (fds[1].revents) {
      consumer.receive();
      while (consumer.reply(line)) {
        if (line.starts_with("RESERVED")) {
          const size_t id = line.find(' ') + 1;
          consumer.queue("delete " + line.substr(id, line.find(' ', id) - id) + "\r\n");
        } else if (line == "DELETED") {
          ++done;
          if (asked < jobs) {
            ++asked;
            producer.queue(put);
            consumer.queue("reserve\r\n");
          }
        } else {
          give_up("beanstalkd said " + line);
        }
      }
      consumer.flush();
      producer.flush();
    }
  }
  Report().add("rate", static_cast<double>(jobs) / seconds_since(start)).print();
}

}  // namespace
}  // namespace dray::bench

int main(int argc, char** argv) {
  const dray::bench::Arguments arguments(argc, argv);
  dray::bench::life(arguments.text("socket"), arguments.number("in-flight", 1),
                    arguments.number("jobs", 1000));
}
