// Asks an HTTP server the same thing over many connections, each with one request under way, for a
// given time: how many answers come, and how soon. Connections are kept; where a server ends them
// after each answer, the next one is part of what its answers cost.
//
//   bench-http get  --port N --path P --connections N --ms N [--token T]
//   bench-http post --port N --path P --connections N --ms N [--token T] [--jobs N]
//
// "{}" in the path of a post becomes the number of a job, below --jobs, another one each time.
#include <memory>
#include <optional>

#include "tests/bench/sockets.h"

namespace dray::bench {
namespace {

struct Question {
  uint64_t port = 0;
  std::string before, after;  // the request, without the number of the job between
  uint64_t jobs = 1;
};

Question question_of(const Arguments& arguments) {
  Question question;
  question.port = arguments.number("port", 0);
  question.jobs = arguments.number("jobs", 1);
  const std::string path = arguments.text("path");
  const size_t gap = std::min(path.find("{}"), path.size());
  const bool post = arguments.verb() == "post";
  question.before = fmt::format("{} {}", post ? "POST" : "GET", path.substr(0, gap));
  question.after = fmt::format("{} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n",
                               gap < path.size() ? path.substr(gap + 2) : "", question.port);
  if (const std::string token = arguments.text("token"); !token.empty())
    question.after += "Authorization: Bearer " + token + "\r\n";
  if (post) question.after += "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
  if (!post) question.after += "\r\n";
  if (gap == path.size()) {
    question.before += question.after;
    question.after.clear();
  }
  return question;
}

struct Answer {
  int status = 0;
  size_t bytes = 0;   // of the body
  bool last = false;  // the server ends the connection behind it
};

class Connection {
 public:
  Connection(const Question& question, Poller& poller) : question_(question), poller_(poller) {}

  void ask(uint64_t number) {
    began_ = now();
    if (!fd_) {
      fd_ = connect_to(question_.port);
      poller_.watch(fd_.get(), this);
    }
    if (question_.after.empty()) return send_all(fd_.get(), question_.before);
    send_all(fd_.get(),
             question_.before + fmt::format("{}", number % question_.jobs) + question_.after);
  }

  // Reads on; the answer once it is whole.
  std::optional<Answer> read() {
    if (!read_more(fd_.get(), in_)) {
      // Kept connections may end between two answers, too.
      if (!in_.empty()) give_up("the server hung up within an answer: " + in_.substr(0, 200));
      fd_.reset();
      return Answer{};
    }
    const size_t end = in_.find("\r\n\r\n");
    if (end == std::string::npos) return std::nullopt;
    const std::string_view head(in_.data(), end);
    const std::string length(header_of(head, "content-length"));
    if (length.empty()) give_up("an answer without a length: " + in_.substr(0, 300));
    Answer answer{std::atoi(in_.c_str() + 9), std::stoul(length),
                  header_of(head, "connection").starts_with("close")};
    if (in_.size() < end + 4 + answer.bytes) return std::nullopt;
    in_.clear();
    if (answer.last) fd_.reset();
    return answer;
  }
  double waited_us() const { return to_us(now() - began_); }

 private:
  const Question& question_;
  Poller& poller_;
  UniqueFd fd_;
  std::string in_;
  Instant began_{};
};

class Load {
 public:
  explicit Load(const Arguments& arguments) : question_(question_of(arguments)) {
    for (uint64_t i = 0; i < arguments.number("connections", 64); ++i)
      connections_.push_back(std::make_unique<Connection>(question_, poller_));
  }

  void run(Duration time) {
    const Instant start = now();
    for (auto& connection : connections_)
      connection->ask(asked_++);
    while (now() - start < time) {
      const auto events = poller_.wait(10'000);
      if (events.empty()) give_up("the server went silent");
      for (const epoll_event& event : events)
        take(*static_cast<Connection*>(event.data.ptr));
    }
    const double seconds = seconds_since(start);
    Report()
        .add("rate", static_cast<double>(waited_us_.size()) / seconds)
        .add("answers", static_cast<double>(waited_us_.size()))
        .add("seconds", seconds)
        .add("bytes", static_cast<double>(bytes_))
        .percentiles("us", waited_us_)
        .add("us_p95", percentile(waited_us_, 95))
        .print();
  }

 private:
  void take(Connection& connection) {
    const std::optional<Answer> answer = connection.read();
    if (!answer) return;
    if (answer->status != 0) {
      if (answer->status / 100 != 2) give_up(fmt::format("the server says {}", answer->status));
      waited_us_.push_back(connection.waited_us());
      bytes_ = answer->bytes;
    }
    connection.ask(asked_++);
  }

  Question question_;
  Poller poller_;
  std::vector<std::unique_ptr<Connection>> connections_;
  uint64_t asked_ = 0;
  size_t bytes_ = 0;  // of the last body
  std::vector<double> waited_us_;
};

}  // namespace
}  // namespace dray::bench

int main(int argc, char** argv) {
  const dray::bench::Arguments arguments(argc, argv);
  dray::bench::Load(arguments).run(dray::milliseconds{arguments.number("ms", 1000)});
}
