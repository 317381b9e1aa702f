#include "workers/http_source.h"

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <limits>
#include <thread>
#include <utility>

#include "workers/fetch_queue.h"
#include "workers/quiet_thread.h"

namespace dray::worker {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::awaitable;
using boost::system::error_code;

constexpr size_t kChunk = 256 << 10;
constexpr uint32_t kMaxHeader = 16 << 10;

auto into(error_code& error) {
  return asio::redirect_error(asio::use_awaitable, error);
}

// What one request came to.
enum class Ask {
  done,
  again,  // the connection or the server failed: another request may do
  never,
};

struct Answer {
  Ask ask = Ask::done;
  Error error;
};

struct Connection {
  explicit Connection(asio::io_context& io) : stream(io) {}
  beast::tcp_stream stream;
  beast::flat_buffer buffer;
  bool open = false;
  void close() {
    error_code ignored;
    stream.socket().close(ignored);
    buffer.clear();
    open = false;
  }
};

// One file while it is fetched.
struct Fetch {
  SlotPtr slot;
  uint64_t done = 0;  // bytes of it that were handed on
  bool sized = false;
  uint64_t size = 0;
  bool ready = false;  // the reader was told
};

Answer refused(unsigned status) {
  // Anything else is the server's own trouble, and may pass.
  const bool lasting = status >= 400 && status < 500 && status != 429 && status != 408;
  if (status == 404) return {Ask::never, {ErrorCode::not_found, "it is not there any more"}};
  return {lasting ? Ask::never : Ask::again,
          {ErrorCode::io, fmt::format("it could not be read (answer {})", status)}};
}

}  // namespace

struct HttpSource::Engine {
  Engine(HttpSourceOptions options_in, ItemReader items_in)
      : options(std::move(options_in)),
        items(std::move(items_in)),
        gate(io, asio::steady_timer::time_point::max()),
        queue(options.budget, [this] { asio::post(io, [this] { gate.cancel(); }); }) {}

  void run();
  SlotPtr take();
  awaitable<void> work();
  awaitable<void> fetch(Connection& connection, Fetch& file);
  awaitable<Answer> ask(Connection& connection, Fetch& file);
  awaitable<Answer> body(Connection& connection, Fetch& file,
                         http::response_parser<http::buffer_body>& parser);
  Answer head(Fetch& file, const http::response_parser<http::buffer_body>& parser);
  awaitable<error_code> connect(Connection& connection);
  awaitable<void> wait_for_room();
  bool gather(Fetch& file, std::vector<char> chunk);
  void tell(Fetch& file, uint64_t size);

  const HttpSourceOptions options;
  ItemReader items;
  bool exhausted = false;  // no item is left
  int failures_in_row = 0;
  asio::io_context io{1};
  asio::steady_timer gate;  // cancelled to wake who waits for room
  FetchQueue queue;
  std::thread thread;
};

void HttpSource::Engine::run() {
  for (uint32_t i = 0; i < std::max(1U, options.connections); ++i)
    asio::co_spawn(io, work(), asio::detached);
  io.run();
}

awaitable<void> HttpSource::Engine::wait_for_room() {
  error_code ignored;
  co_await gate.async_wait(into(ignored));
}

// The next file, entered into the queue; directories need no fetching. Null: that was all.
SlotPtr HttpSource::Engine::take() {
  while (!exhausted) {
    auto slot = std::make_shared<FetchSlot>();
    const Result<bool> more = items.next(slot->file.item);
    if (!more) queue.fail_all(more.error());
    exhausted = !more || !*more;
    if (exhausted) break;
    const bool is_dir = slot->file.item.is_dir;
    slot->file.name = slot->file.item.path;
    slot->file.mode = is_dir ? kDefaultDirectoryMode : kDefaultFileMode;
    slot->ready = slot->complete = is_dir;
    queue.add(slot);
    if (!is_dir) return slot;
  }
  queue.no_more();
  return nullptr;
}

awaitable<void> HttpSource::Engine::work() {
  Connection connection(io);
  for (;;) {
    while (!queue.room_for_another())
      co_await wait_for_room();
    Fetch file{take()};
    if (!file.slot) co_return;
    co_await fetch(connection, file);
  }
}

awaitable<void> HttpSource::Engine::fetch(Connection& connection, Fetch& file) {
  Duration pause = options.retry_pause;
  for (int tries = 1;; ++tries) {
    const uint64_t before = file.done;
    Answer answer = co_await ask(connection, file);
    if (answer.ask != Ask::done) connection.close();
    if (answer.ask == Ask::done) {
      failures_in_row = 0;
      queue.complete(*file.slot);
      co_return;
    }
    if (file.done > before) tries = 1;  // it went on: another fault, not the same
    if (answer.ask == Ask::never || tries >= kTries) {
      if (answer.ask == Ask::again && ++failures_in_row >= kMaxFailuresInRow)
        queue.fail_all({ErrorCode::unavailable, "the source cannot be read any more"});
      queue.fail_slot(*file.slot, std::move(answer.error));
      co_return;
    }
    asio::steady_timer timer(io, pause);
    error_code ignored;
    co_await timer.async_wait(into(ignored));
    pause *= 2;
  }
}

awaitable<error_code> HttpSource::Engine::connect(Connection& connection) {
  error_code error;
  if (connection.open) co_return error;
  connection.stream.expires_after(options.silence);
  co_await connection.stream.async_connect(
      asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), options.port), into(error));
  connection.open = !error;
  co_return error;
}

awaitable<Answer> HttpSource::Engine::ask(Connection& connection, Fetch& file) {
  const auto lost = [](const error_code& error) {
    return Answer{Ask::again, {ErrorCode::unavailable, "the connection broke: " + error.message()}};
  };
  const bool kept = connection.open;
  error_code error = co_await connect(connection);
  if (error) co_return lost(error);
  http::request<http::empty_body> request(http::verb::get, url_path(file.slot->file.item.path), 11);
  request.set(http::field::host, "127.0.0.1");
  request.set(http::field::authorization, options.authorization);
  if (file.done > 0) request.set(http::field::range, fmt::format("bytes={}-", file.done));
  connection.stream.expires_after(options.silence);
  co_await http::async_write(connection.stream, request, into(error));
  http::response_parser<http::buffer_body> parser;
  parser.body_limit(boost::none);
  parser.header_limit(kMaxHeader);
  if (!error)
    co_await http::async_read_header(connection.stream, connection.buffer, parser, into(error));
  if (error && kept) {  // the server had closed it meanwhile, as it may
    connection.close();
    co_return co_await ask(connection, file);
  }
  if (error) co_return lost(error);
  Answer answer = head(file, parser);
  if (answer.ask != Ask::done) co_return answer;
  answer = co_await body(connection, file, parser);
  if (answer.ask == Ask::done && !parser.get().keep_alive()) connection.close();
  co_return answer;
}

Answer HttpSource::Engine::head(Fetch& file,
                                const http::response_parser<http::buffer_body>& parser) {
  const unsigned status = parser.get().result_int();
  const unsigned good = file.done > 0 ? 206 : 200;
  // Nothing is left to be asked for.
  if (file.done > 0 && file.sized && file.done == file.size && status == 416) return {};
  if (status != good) return refused(status);
  const auto length = parser.content_length();
  if (file.sized) {
    if (length && file.done + *length == file.size) return {};
    return {Ask::never, {ErrorCode::conflict, "it changed while it was read"}};
  }
  if (!length) return {};
  file.sized = true;
  file.size = *length;
  return {};
}

// The reader learns of a file with its first byte: rclone announces one that it then cannot open.
// False: no more of it is wanted.
bool HttpSource::Engine::gather(Fetch& file, std::vector<char> chunk) {
  file.done += chunk.size();
  const bool wanted = queue.push(*file.slot, std::move(chunk));
  if (file.sized && file.done > 0) tell(file, file.size);
  return wanted;
}

void HttpSource::Engine::tell(Fetch& file, uint64_t size) {
  if (!std::exchange(file.ready, true)) queue.ready(*file.slot, size);
}

awaitable<Answer> HttpSource::Engine::body(Connection& connection, Fetch& file,
                                           http::response_parser<http::buffer_body>& parser) {
  error_code error;
  while (!parser.is_done()) {
    while (file.sized && !queue.room(*file.slot))
      co_await wait_for_room();
    const uint64_t left = parser.content_length_remaining().value_or(kChunk);
    std::vector<char> chunk(std::clamp<uint64_t>(left, 1, kChunk));
    parser.get().body().data = chunk.data();
    parser.get().body().size = chunk.size();
    parser.get().body().more = true;
    connection.stream.expires_after(options.silence);
    co_await http::async_read(connection.stream, connection.buffer, parser, into(error));
    if (error == http::error::need_buffer) error = {};
    chunk.resize(chunk.size() - parser.get().body().size);
    if (!gather(file, std::move(chunk)))
      co_return Answer{Ask::never, {ErrorCode::conflict, "interrupted"}};
    if (error)
      co_return Answer{Ask::again, {ErrorCode::unavailable, "it broke off: " + error.message()}};
    if (!file.sized && file.done > kMaxUnsized)
      co_return Answer{
          Ask::never,
          {ErrorCode::exhausted, "its size is not known and it is too large to measure"}};
  }
  tell(file, file.done);
  co_return Answer{};
}

HttpSource::HttpSource(HttpSourceOptions options, ItemReader items)
    : engine_(std::make_unique<Engine>(std::move(options), std::move(items))) {
  engine_->thread = quiet_thread("fetch", [engine = engine_.get()] { engine->run(); });
}

HttpSource::~HttpSource() {
  interrupt();
  engine_->thread.join();
}

Result<bool> HttpSource::next(SourceFile& file) {
  return engine_->queue.next(file);
}
Result<std::span<const char>> HttpSource::read() {
  return engine_->queue.read();
}
void HttpSource::interrupt() {
  engine_->queue.interrupt();
  engine_->io.stop();
}

std::string url_path(std::string_view path) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string text = "/";
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '/' || c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      text += c;
    } else {
      text += '%';
      text += kDigits[byte >> 4];
      text += kDigits[byte & 15];
    }
  }
  return text;
}

}  // namespace dray::worker
