// The client that fetches files, against servers that behave awkwardly.
#include "workers/http_source.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <deque>
#include <functional>
#include <optional>
#include <thread>

#include "daemon/base/fd.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"

namespace dray::worker {
namespace {

struct Reply {
  std::string bytes;
  bool close = false;
};

std::string head(const std::string& status, const std::string& fields = "") {
  return "HTTP/1.1 " + status + "\r\n" + fields + "\r\n";
}
std::string answer(const std::string& body, const std::string& status = "200 OK") {
  return head(status, "Content-Length: " + std::to_string(body.size()) + "\r\n") + body;
}
bool asks(const std::string& request, const std::string& text) {
  return request.find(text) != std::string::npos;
}

// Answers requests as its handler says; a thread for each connection.
class Server {
 public:
  using Handler = std::function<Reply(const std::string& request)>;
  explicit Server(Handler handler) : handler_(std::move(handler)) {
    listener_.reset(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(listen(listener_.get(), 64) == 0);
    REQUIRE(getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port = ntohs(address.sin_port);
    threads_.emplace_back([this] { accept_all(); });
  }
  ~Server() {
    shutdown(listener_.get(), SHUT_RDWR);
    threads_.front().join();
    for (const UniqueFd& peer : peers_)
      shutdown(peer.get(), SHUT_RDWR);
    for (size_t i = 1; i < threads_.size(); ++i)
      threads_[i].join();
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  uint16_t port = 0;
  std::atomic<int> connections = 0;
  std::atomic<int> requests = 0;

 private:
  void accept_all() {
    for (;;) {
      UniqueFd peer(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!peer) return;
      ++connections;
      const int fd = peer.get();
      peers_.push_back(std::move(peer));
      threads_.emplace_back([this, fd] { serve(fd); });
    }
  }
  void serve(int fd) {
    std::string text;
    char buffer[4096];
    for (;;) {
      const size_t end = text.find("\r\n\r\n");
      if (end == std::string::npos) {
        const ssize_t got = recv(fd, buffer, sizeof buffer, 0);
        if (got <= 0) return;
        text.append(buffer, static_cast<size_t>(got));
        continue;
      }
      ++requests;
      const Reply reply = handler_(text.substr(0, end));
      text.erase(0, end + 4);
      for (size_t sent = 0; sent < reply.bytes.size();) {
        const ssize_t got =
            send(fd, reply.bytes.data() + sent, reply.bytes.size() - sent, MSG_NOSIGNAL);
        if (got <= 0) return;
        sent += static_cast<size_t>(got);
      }
      if (reply.close) {
        shutdown(fd, SHUT_RDWR);
        return;
      }
    }
  }

  Handler handler_;
  UniqueFd listener_;
  std::deque<UniqueFd> peers_;
  std::deque<std::thread> threads_;
};

struct Rig {
  void list(const std::string& path, uint64_t size = 0, bool is_dir = false) {
    items.push_back({path, size, 5, is_dir});
  }
  void open(const Server& server, uint32_t connections = 4, uint64_t budget = 1 << 20) {
    Result<ItemWriter> writer = ItemWriter::create(dir / "list");
    REQUIRE(writer);
    for (const ArchiveItem& item : items)
      REQUIRE(writer->add(item));
    REQUIRE(writer->finish());
    HttpSourceOptions options;
    options.port = server.port;
    options.authorization = "Basic secret";
    options.connections = connections;
    options.budget = budget;
    options.retry_pause = milliseconds{1};
    source.emplace(std::move(options), *ItemReader::open(dir / "list"));
  }
  // The next file and its content, or what is wrong with it.
  std::pair<std::string, std::string> next() {
    SourceFile file;
    const Result<bool> more = source->next(file);
    if (!more) return {"", more.error().message};
    if (!*more) return {"", "end"};
    if (file.problem) return {file.name, file.problem->message};
    if (file.item.is_dir) return {file.name, "folder"};
    std::string content;
    for (;;) {
      const auto part = source->read();
      if (!part) return {file.name, content + "!" + part.error().message};
      if (part->empty()) return {file.name, content};
      content.append(part->data(), part->size());
    }
  }

  TempDir dir;
  std::vector<ArchiveItem> items;
  std::optional<HttpSource> source;
};

using Pair = std::pair<std::string, std::string>;

TEST_CASE("files come in the order of the listing over connections that are kept") {
  std::atomic<int> strangers = 0;
  Server server([&](const std::string& request) {
    if (!asks(request, "Authorization: Basic secret")) ++strangers;
    const size_t end = request.find(" HTTP");
    return Reply{answer("content of " + request.substr(4, end - 4))};
  });
  Rig rig;
  for (int i = 0; i < 500; ++i) {
    rig.list("f " + std::to_string(i));
    if (i == 250) rig.list("folder", 0, true);
  }
  rig.open(server);
  for (int i = 0; i < 500; ++i) {
    const std::string n = std::to_string(i);
    REQUIRE(rig.next() == Pair{"f " + n, "content of /f%20" + n});
    if (i == 250) REQUIRE(rig.next() == Pair{"folder", "folder"});
  }
  CHECK(rig.next() == Pair{"", "end"});
  CHECK(server.connections <= 4);
  CHECK(strangers == 0);
}

TEST_CASE("a file that breaks off is asked for again from where it stopped") {
  const std::string content(1'000'000, 'a');
  Server server([&](const std::string& request) {
    if (asks(request, "Range: bytes=400000-"))
      return Reply{head("206 Partial Content", "Content-Length: 600000\r\n") +
                   content.substr(400'000)};
    return Reply{head("200 OK", "Content-Length: 1000000\r\n") + content.substr(0, 400'000), true};
  });
  Rig rig;
  rig.list("broken", content.size());
  rig.open(server);
  CHECK(rig.next() == Pair{"broken", content});
  CHECK(server.requests == 2);
}

TEST_CASE("a file that became another one meanwhile is not glued together") {
  Server server([](const std::string& request) {
    if (asks(request, "Range:"))
      return Reply{head("206 Partial Content", "Content-Length: 7\r\n") + "another"};
    return Reply{head("200 OK", "Content-Length: 100\r\n") + "first", true};
  });
  Rig rig;
  rig.list("changed", 100);
  rig.open(server);
  CHECK(rig.next() == Pair{"changed", "first!it changed while it was read"});
}

TEST_CASE("what cannot be had is handed out with its problem, and the others go on") {
  Server server([](const std::string& request) {
    if (asks(request, "/gone")) return Reply{answer("no", "404 Not Found")};
    if (asks(request, "/forbidden")) return Reply{answer("no", "403 Forbidden")};
    if (asks(request, "/broken")) return Reply{answer("no", "500 Internal Server Error")};
    if (asks(request, "/garbage")) return Reply{"this is not HTTP\r\n\r\n", true};
    if (asks(request, "/silence")) return Reply{"", true};
    if (asks(request, "/announced")) return Reply{head("200 OK", "Content-Length: 7\r\n"), true};
    return Reply{answer("good")};
  });
  Rig rig;
  for (const char* name :
       {"gone", "a", "forbidden", "b", "broken", "garbage", "silence", "announced", "c"})
    rig.list(name);
  rig.open(server);
  CHECK(rig.next() == Pair{"gone", "it is not there any more"});
  CHECK(rig.next() == Pair{"a", "good"});
  CHECK(rig.next() == Pair{"forbidden", "it could not be read (answer 403)"});
  CHECK(rig.next() == Pair{"b", "good"});
  CHECK(rig.next() == Pair{"broken", "it could not be read (answer 500)"});
  CHECK(rig.next().second.starts_with("the connection broke"));
  CHECK(rig.next().second.starts_with("the connection broke"));
  CHECK(rig.next().second.starts_with("it broke off"));
  CHECK(rig.next() == Pair{"c", "good"});
  CHECK(rig.next() == Pair{"", "end"});
}

TEST_CASE("a server's trouble that passes is not seen") {
  std::atomic<int> asked = 0;
  Server server([&](const std::string&) {
    return Reply{++asked < 3 ? answer("no", "503 Service Unavailable") : answer("good")};
  });
  Rig rig;
  rig.list("a");
  rig.open(server, 1);
  CHECK(rig.next() == Pair{"a", "good"});
}

TEST_CASE("a source that answers nothing good any more is given up as a whole") {
  Server server([](const std::string&) { return Reply{answer("", "500 Internal Server Error")}; });
  Rig rig;
  for (int i = 0; i < 2 * HttpSource::kMaxFailuresInRow; ++i)
    rig.list(std::to_string(i));
  rig.open(server);
  Pair last;
  for (int i = 0; i < HttpSource::kMaxFailuresInRow + 1 && !last.second.starts_with("the source");
       ++i)
    last = rig.next();
  CHECK(last == Pair{"", "the source cannot be read any more"});
}

TEST_CASE("a connection that the server closes between files costs no file") {
  Server server([](const std::string&) { return Reply{answer("good"), true}; });
  Rig rig;
  for (int i = 0; i < 20; ++i)
    rig.list(std::to_string(i));
  rig.open(server, 2);
  for (int i = 0; i < 20; ++i)
    CHECK(rig.next() == Pair{std::to_string(i), "good"});
}

TEST_CASE("a file whose size nobody told is measured, within limits") {
  const auto chunked = [](size_t chunks) {
    std::string body = head("200 OK", "Transfer-Encoding: chunked\r\n");
    for (size_t i = 0; i < chunks; ++i)
      body += "100000\r\n" + std::string(1 << 20, 'x') + "\r\n";
    return body + "0\r\n\r\n";
  };
  Server server(
      [&](const std::string& request) { return Reply{chunked(asks(request, "/large") ? 40 : 2)}; });
  Rig rig;
  rig.list("small", ArchiveItem::kUnknownSize);
  rig.list("large", ArchiveItem::kUnknownSize);
  rig.open(server, 1);
  CHECK(rig.next() == Pair{"small", std::string(2 << 20, 'x')});
  CHECK(rig.next() == Pair{"large", "its size is not known and it is too large to measure"});
}

TEST_CASE("large files flow through a small budget, however many wait behind them") {
  const std::string content(20'000'000, 'z');
  Server server([&](const std::string&) { return Reply{answer(content)}; });
  Rig rig;
  for (int i = 0; i < 6; ++i)
    rig.list(std::to_string(i), content.size());
  rig.open(server, 3, 1 << 20);
  for (int i = 0; i < 6; ++i)
    CHECK(rig.next().second.size() == content.size());
}

TEST_CASE("waiting for a server that says nothing can be interrupted") {
  Server server([](const std::string&) { return Reply{}; });
  Rig rig;
  rig.list("a");
  rig.open(server);
  std::thread other([&] { rig.source->interrupt(); });
  CHECK(rig.next() == Pair{"", "interrupted"});
  other.join();
}

}  // namespace
}  // namespace dray::worker
