#include "daemon/notifier/http_server.h"

#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <unordered_map>

#include "daemon/base/log.h"
#include "daemon/notifier/addresses.h"
#include "daemon/notifier/tls.h"

namespace dray::notifier {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr int kBacklog = 1024;
// Without descriptors accepting fails at once, again and again.
constexpr Duration kAcceptPause = milliseconds{100};

Result<tcp::endpoint> parse_endpoint(const std::string& text) {
  const size_t colon = text.rfind(':');
  std::string address = text.substr(0, colon);
  if (address.starts_with('[')) address = address.substr(1, address.size() - 2);
  error_code ec;
  const auto ip = asio::ip::make_address(address, ec);
  if (ec) return fail(ErrorCode::invalid, "notifier.listen: {} is no address", text);
  return tcp::endpoint(ip, static_cast<uint16_t>(std::stoul(text.substr(colon + 1))));
}

struct OpenConnection {
  int fd;
  std::shared_ptr<const ConnectionTally> tally;
};

}  // namespace

struct HttpServer::Impl {
  Impl(EventLoop& loop_in, const Config::Notifier& config_in, ConnectionOptions options_in)
      : loop(loop_in),
        config(config_in),
        options(std::make_shared<ConnectionOptions>(std::move(options_in))) {}

  Status open(const std::string& text);
  Task<void> accept(tcp::acceptor& acceptor);
  void take(tcp::socket socket);
  bool has_room(const std::string& address) const;

  EventLoop& loop;
  const Config::Notifier& config;
  std::shared_ptr<ConnectionOptions> options;
  std::shared_ptr<asio::ssl::context> tls;
  std::vector<std::unique_ptr<tcp::acceptor>> acceptors;
  std::unordered_map<std::string, size_t> by_address;
  std::map<uint64_t, OpenConnection> open_connections;  // by number
  Counters counters;
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
};

Status HttpServer::Impl::open(const std::string& text) {
  DRAY_TRY_ASSIGN(const tcp::endpoint endpoint, parse_endpoint(text));
  auto acceptor = std::make_unique<tcp::acceptor>(loop.context());
  error_code ec;
  acceptor->open(endpoint.protocol(), ec);
  if (!ec) acceptor->set_option(tcp::acceptor::reuse_address(true), ec);
  if (!ec && endpoint.address().is_v6()) acceptor->set_option(boost::asio::ip::v6_only(true), ec);
  if (!ec) acceptor->bind(endpoint, ec);
  if (!ec) acceptor->listen(kBacklog, ec);
  if (ec) return fail_errno(ec.value(), fmt::format("listen on {}", text));
  acceptors.push_back(std::move(acceptor));
  return {};
}

bool HttpServer::Impl::has_room(const std::string& address) const {
  if (counters.open >= config.max_connections) return false;
  if (is_trusted(address, config.trusted_proxies)) return true;
  const auto found = by_address.find(address);
  return found == by_address.end() || found->second < config.max_connections_per_address;
}

void HttpServer::Impl::take(tcp::socket socket) {
  error_code ec;
  const tcp::endpoint peer = socket.remote_endpoint(ec);
  if (ec) return;
  const std::string address = peer.address().to_string();
  if (!has_room(address)) {
    counters.turned_away += 1;
    return;  // closed unread: an answer would cost more than it is worth
  }
  socket.set_option(tcp::no_delay(true), ec);
  const int fd = socket.native_handle();
  auto tally = std::make_shared<ConnectionTally>();
  counters.accepted += 1;
  counters.open += 1;
  by_address[address] += 1;
  const uint64_t number = counters.accepted;
  tally->number = number;
  tally->address = address;
  tally->tls = tls != nullptr;
  tally->opened_at = SystemClock().now().wall;
  open_connections.emplace(number, OpenConnection{fd, tally});
  HttpStream stream(std::move(socket), tls, tally);
  asio::co_spawn(
      loop.context(),
      serve_connection(std::move(stream), ConnectionFacts{address, tls != nullptr}, options),
      [this, weak = std::weak_ptr(alive), address, number](std::exception_ptr failure) {
        if (weak.expired()) return;
        if (failure) log_error("http.failed", "a connection ended in an exception");
        open_connections.erase(number);
        counters.open -= 1;
        if (const auto it = by_address.find(address); --it->second == 0) by_address.erase(it);
      });
}

Task<void> HttpServer::Impl::accept(tcp::acceptor& acceptor) {
  const std::weak_ptr<bool> weak = alive;
  asio::steady_timer pause(loop.context());
  while (true) {
    error_code ec;
    tcp::socket socket =
        co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, ec));
    if (weak.expired() || ec == asio::error::operation_aborted) co_return;
    if (!ec) {
      take(std::move(socket));
      continue;
    }
    log_warn("http.accept", "cannot accept a connection: {}", ec.message());
    pause.expires_after(kAcceptPause);
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ec));
    if (weak.expired()) co_return;
  }
}

HttpServer::HttpServer(EventLoop& loop, const Config::Notifier& config, ConnectionOptions options)
    : impl_(std::make_unique<Impl>(loop, config, std::move(options))) {}

HttpServer::~HttpServer() {
  stop();
}

Status HttpServer::listen() {
  DRAY_TRY(reload_certificate());
  for (const std::string& address : impl_->config.listen)
    DRAY_TRY(impl_->open(address));
  for (const auto& acceptor : impl_->acceptors)
    asio::co_spawn(impl_->loop.context(), impl_->accept(*acceptor), asio::detached);
  return {};
}

std::vector<std::string> HttpServer::addresses() const {
  std::vector<std::string> texts;
  for (const auto& acceptor : impl_->acceptors) {
    error_code ec;
    const tcp::endpoint endpoint = acceptor->local_endpoint(ec);
    const std::string ip = endpoint.address().to_string();
    texts.push_back(fmt::format("{}://{}:{}", impl_->tls ? "https" : "http",
                                endpoint.address().is_v6() ? fmt::format("[{}]", ip) : ip,
                                endpoint.port()));
  }
  return texts;
}

Status HttpServer::reload_certificate() {
  if (impl_->config.tls_certificate.empty()) return {};
  DRAY_TRY_ASSIGN(impl_->tls, load_tls(impl_->config.tls_certificate, impl_->config.tls_key));
  return {};
}

void HttpServer::stop() {
  error_code ec;
  for (const auto& acceptor : impl_->acceptors)
    acceptor->close(ec);
  // Reads and writes that are under way end, and with them the coroutines.
  for (const auto& [number, connection] : impl_->open_connections)
    ::shutdown(connection.fd, SHUT_RDWR);
}

std::vector<ConnectionTally> HttpServer::connections(const std::string& client,
                                                     size_t at_most) const {
  std::vector<ConnectionTally> shown;
  for (const auto& [number, connection] : impl_->open_connections) {
    if (shown.size() == at_most) break;
    if (client.empty() || connection.tally->client == client) shown.push_back(*connection.tally);
  }
  return shown;
}

HttpServer::Counters HttpServer::counters() const {
  return impl_->counters;
}

}  // namespace dray::notifier
