#include "daemon/notifier/http_connection.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <charconv>

#include "daemon/base/random.h"
#include "daemon/notifier/http_parse.h"
#include "daemon/notifier/problem.h"

namespace dray::notifier {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr size_t kReadBytes = 8 << 10;
constexpr size_t kLingerBytes = 256 << 10;
constexpr size_t kIdBytes = 6;
constexpr size_t kShownBytes = 200;  // of an address

auto ignoring(error_code& ec) {
  return asio::redirect_error(asio::use_awaitable, ec);
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

class Connection final : public Exchange {
 public:
  Connection(HttpStream stream, ConnectionFacts facts, const ConnectionOptions& options)
      : stream_(std::move(stream)), facts_(std::move(facts)), options_(options) {}

  Task<void> run();

  const HttpRequest& request() const override { return request_; }
  void known_as(std::string_view who, std::string_view client) override;
  unsigned status() const override { return status_; }
  Task<Result<size_t>> read(std::span<char> into) override;
  Task<bool> reply(HttpReply answer) override;
  Task<bool> begin(HttpReply head) override;
  Task<bool> write(std::string_view part) override;
  Task<bool> finish() override;
  HttpStream& take_over(std::string& early) override;

 private:
  using Parser = http::request_parser<http::buffer_body>;

  enum class Head { complete, closed, refused };
  Task<Head> read_head();
  Task<bool> take_head(size_t bytes);
  Task<bool> read_json_body();
  Task<bool> serve_one();
  Task<bool> refuse(Refusal refusal, std::string_view detail);
  Task<bool> send(std::string head, std::string_view body);
  Task<void> linger();
  void fill_request();
  void count_answer(unsigned status);

  HttpStream stream_;
  ConnectionFacts facts_;
  const ConnectionOptions& options_;
  beast::flat_buffer in_;
  std::optional<Parser> parser_;
  HttpRequest request_;
  unsigned status_ = 0;
  bool keep_alive_ = false;
  bool answered_ = false;
  bool chunked_ = false;  // the answer under way is sent in parts
  bool taken_over_ = false;
  bool broken_ = false;  // nothing more can be said on it
};

// ── In ──────────────────────────────────────────────────────────────────────────────────────────

Task<Connection::Head> Connection::read_head() {
  stream_.expires_after(in_.size() > 0 ? options_.times.head : options_.times.idle);
  bool begun = in_.size() > 0;
  size_t seen = 0;
  while (true) {
    const std::string_view text(static_cast<const char*>(in_.data().data()), in_.size());
    const size_t end = text.find("\r\n\r\n", seen < 3 ? 0 : seen - 3);
    if (end != std::string_view::npos && end + 4 <= kMaxHeadBytes)
      co_return (co_await take_head(end + 4)) ? Head::complete : Head::refused;
    if (text.size() >= kMaxHeadBytes) {
      co_await refuse(Refusal::header_too_large, "the head of the request is too large");
      co_return Head::refused;
    }
    seen = text.size();
    error_code ec;
    const size_t count = co_await stream_.async_read_some(in_.prepare(kReadBytes), ignoring(ec));
    if (ec == beast::error::timeout && begun) {
      // The stream cannot be written to any more: whoever is that slow learns it from the close.
      broken_ = true;
    }
    if (ec) co_return Head::closed;
    in_.commit(count);
    if (!std::exchange(begun, true)) stream_.expires_after(options_.times.head);
  }
}

Task<bool> Connection::take_head(size_t bytes) {
  request_ = HttpRequest{};
  request_.id = random_hex(kIdBytes);
  request_.address = facts_.address;
  request_.secure = facts_.tls;
  status_ = 0;
  keep_alive_ = false;
  answered_ = false;
  chunked_ = false;
  const std::string_view head(static_cast<const char*>(in_.data().data()), bytes);
  if (const Status good = check_head(head); !good) {
    co_await reply(problem_reply(good.error(), request_));
    co_return false;
  }
  parser_.emplace();
  parser_->header_limit(kMaxHeadBytes);
  parser_->body_limit(boost::none);
  error_code ec;
  const size_t used = parser_->put(asio::buffer(head.data(), head.size()), ec);
  if (ec || !parser_->is_header_done()) {
    const Error malformed{ErrorCode::invalid, "the request is malformed"};
    co_await reply(problem_reply(malformed, request_));
    co_return false;
  }
  in_.consume(used);
  fill_request();
  keep_alive_ = parser_->keep_alive();
  const std::string_view target(parser_->get().target().data(), parser_->get().target().size());
  if (target.size() > kMaxTargetBytes)
    co_return co_await refuse(Refusal::uri_too_long, "the address is too long");
  if (const Status good = parse_target(target, request_); !good) {
    keep_alive_ = false;
    co_await reply(problem_reply(good.error(), request_));
    co_return false;
  }
  co_return true;
}

void Connection::fill_request() {
  const auto& message = parser_->get();
  request_.method = parse_method({message.method_string().data(), message.method_string().size()});
  for (const auto& field : message)
    request_.headers.push_back({lower({field.name_string().data(), field.name_string().size()}),
                                std::string(field.value().data(), field.value().size())});
  const auto length = parser_->content_length();
  request_.body_bytes = length ? *length : 0;
  request_.has_body = parser_->chunked() || request_.body_bytes > 0;
}

Task<Result<size_t>> Connection::read(std::span<char> into) {
  if (!parser_ || parser_->is_done()) co_return size_t{0};
  auto& body = parser_->get().body();
  body.data = into.data();
  body.size = into.size();
  error_code ec;
  stream_.expires_after(options_.times.part);
  // Parts come as they arrive: whoever streams wants them at once.
  while (body.size == into.size() && !parser_->is_done()) {
    co_await http::async_read_some(stream_, in_, *parser_, ignoring(ec));
    if (ec == http::error::need_buffer) ec = {};
    if (ec) break;
  }
  const size_t count = into.size() - body.size;
  body.data = nullptr;
  body.size = 0;
  if (!ec) co_return count;
  broken_ = ec == beast::error::timeout || ec == asio::error::connection_reset;
  keep_alive_ = false;
  if (ec == beast::error::timeout)
    co_return fail(ErrorCode::timeout, "nothing of the body came for too long");
  co_return fail(ErrorCode::invalid, "the body ended early or is malformed");
}

Task<bool> Connection::read_json_body() {
  if (!request_.has_body) co_return true;
  if (request_.body_bytes > kMaxBodyBytes)
    co_return co_await refuse(Refusal::too_large, "the body is larger than 1 MiB");
  // The whole of it has one deadline, so that it cannot be dripped.
  std::string& text = request_.body;
  const Instant end = SystemClock().now().mono + options_.times.body;
  while (!parser_->is_done()) {
    const size_t before = text.size();
    text.resize(before + kReadBytes);
    const Result<size_t> count = co_await read(std::span(text.data() + before, kReadBytes));
    text.resize(before + count.value_or(0));
    if (!count) {
      co_await reply(problem_reply(count.error(), request_));
      co_return false;
    }
    if (text.size() > kMaxBodyBytes)
      co_return co_await refuse(Refusal::too_large, "the body is larger than 1 MiB");
    if (SystemClock().now().mono > end)
      co_return co_await refuse(Refusal::request_timeout, "the body came too slowly");
  }
  co_return true;
}

// ── Out ─────────────────────────────────────────────────────────────────────────────────────────

Task<bool> Connection::send(std::string head, std::string_view body) {
  if (broken_) co_return false;
  error_code ec;
  stream_.expires_after(options_.times.part);
  const std::array<asio::const_buffer, 2> buffers{asio::buffer(head),
                                                  asio::buffer(body.data(), body.size())};
  co_await asio::async_write(stream_, buffers, ignoring(ec));
  broken_ = broken_ || ec.failed();
  co_return !ec;
}

Task<bool> Connection::reply(HttpReply answer) {
  if (answered_) co_return false;
  answered_ = true;
  count_answer(answer.status);
  // A body that nobody read stands before the next request.
  if (parser_ && !parser_->is_done()) keep_alive_ = false;
  std::string head = head_text(answer, keep_alive_, request_.secure);
  const bool bodiless = answer.status == 204 || answer.status == 304;
  if (!bodiless)
    fmt::format_to(std::back_inserter(head), "Content-Length: {}\r\n", answer.content().size());
  head += "\r\n";
  std::string_view body;
  if (!bodiless && request_.method != Method::head) body = answer.content();
  co_return co_await send(std::move(head), body);
}

Task<bool> Connection::begin(HttpReply head) {
  if (answered_) co_return false;
  answered_ = true;
  chunked_ = true;
  count_answer(head.status);
  if (parser_ && !parser_->is_done()) keep_alive_ = false;
  co_return co_await send(
      head_text(head, keep_alive_, request_.secure) + "Transfer-Encoding: chunked\r\n\r\n", "");
}

Task<bool> Connection::write(std::string_view part) {
  if (part.empty()) co_return !broken_;
  if (request_.method == Method::head) co_return false;
  std::string chunk = fmt::format("{:x}\r\n", part.size());
  chunk += part;
  chunk += "\r\n";
  co_return co_await send(std::move(chunk), "");
}

Task<bool> Connection::finish() {
  if (!std::exchange(chunked_, false)) co_return false;
  if (request_.method == Method::head) co_return true;
  co_return co_await send("0\r\n\r\n", "");
}

void Connection::known_as(std::string_view who, std::string_view client) {
  stream_.tally().who = who;
  stream_.tally().client = client;
}

// What was refused stays to be seen as long as the connection does.
void Connection::count_answer(unsigned status) {
  ConnectionTally& tally = stream_.tally();
  tally.requests += 1;
  status_ = status;
  if (status < 400) return;
  tally.errors += 1;
  tally.last_error =
      fmt::format("{} {}: {} {}", status, reason_phrase(status), to_string(request_.method),
                  request_.target.substr(0, kShownBytes));
}

HttpStream& Connection::take_over(std::string& early) {
  taken_over_ = true;
  status_ = 101;
  answered_ = true;
  stream_.tally().requests += 1;
  keep_alive_ = false;
  early.assign(static_cast<const char*>(in_.data().data()), in_.size());
  in_.consume(in_.size());
  // It may be one of thousands that stay.
  in_.shrink_to_fit();
  parser_.reset();
  return stream_;
}

Task<bool> Connection::refuse(Refusal refusal, std::string_view detail) {
  keep_alive_ = false;
  co_await reply(refusal_reply(refusal, detail, request_));
  co_return false;
}

// A close with unread input is a reset, which can overtake the answer.
Task<void> Connection::linger() {
  error_code ec;
  if (!stream_.is_tls()) {
    stream_.lowest().socket().shutdown(asio::ip::tcp::socket::shutdown_send, ec);
    if (ec) co_return;
    stream_.expires_after(options_.times.linger);
    for (size_t taken = 0; taken < kLingerBytes && !ec;)
      taken += co_await stream_.async_read_some(in_.prepare(kReadBytes), ignoring(ec));
  } else {
    stream_.expires_after(options_.times.linger);
    co_await stream_.tls().async_shutdown(ignoring(ec));
  }
}

Task<bool> Connection::serve_one() {
  const Head head = co_await read_head();
  if (head != Head::complete) co_return false;
  const bool streams = options_.streams_body(request_);
  if (request_.has_body && lower(request_.header("expect")) == "100-continue" &&
      request_.body_bytes <= (streams ? UINT64_MAX : kMaxBodyBytes)) {
    if (!co_await send("HTTP/1.1 100 Continue\r\n\r\n", "")) co_return false;
  }
  if (!streams && !co_await read_json_body()) co_return false;
  co_await options_.handle(*this, request_);
  if (chunked_) co_await finish();
  co_return keep_alive_&& answered_ && !broken_ && !taken_over_;
}

Task<void> Connection::run() {
  if (stream_.is_tls()) {
    error_code ec;
    stream_.expires_after(options_.times.handshake);
    co_await stream_.tls().async_handshake(asio::ssl::stream_base::server, ignoring(ec));
    if (ec) co_return;
  }
  while (co_await serve_one()) {
  }
  if (!broken_ && !taken_over_ && answered_) co_await linger();
  stream_.close();
}

}  // namespace

Task<void> serve_connection(HttpStream stream, ConnectionFacts facts,
                            std::shared_ptr<const ConnectionOptions> options) {
  Connection connection(std::move(stream), std::move(facts), *options);
  co_await connection.run();
}

}  // namespace dray::notifier
