// How the broker opens: lock, keys, sockets, self-test.
#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>

#include "broker/service.h"
#include "daemon/base/files.h"
#include "daemon/base/log.h"

namespace dray {
namespace {

constexpr std::string_view kIpcPrefix = "ipc://";

std::string socket_path(const std::string& endpoint) {
  return endpoint.substr(kIpcPrefix.size());
}

}  // namespace

Result<std::unique_ptr<BrokerService>> BrokerService::open(EventLoop& loop, const Config& config,
                                                           const BrokerTuning& tuning) {
  std::unique_ptr<BrokerService> service(new BrokerService(loop, config, tuning));
  DRAY_TRY(service->start());
  return service;
}

Status BrokerService::start() {
  DRAY_TRY(lock(ipc_endpoints(config_).dir));
  DRAY_TRY(annotate(open_remote_doors(), "remote peers"));
  DRAY_TRY(annotate(open_local_doors(), "local peers"));
  for (uint32_t i = 0; i < doors_.size(); ++i) {
    doors_[i].socket->on_message([this, i](const ZmqIncoming& m) { receive(i, m); });
    doors_[i].socket->on_writable([this, i] { drain(i); });
  }
  ticker_.start_repeating(Router::kTickInterval, [this] { tick(); });
  return {};
}

// Sockets are files that anybody with the right could replace, so that their presence says nothing:
// the lock is what tells a live broker from the remains of a dead one.
Status BrokerService::lock(const std::string& dir) {
  DRAY_TRY(ensure_socket_dir(dir));
  const std::string path = dir + "/lock";
  lock_.reset(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock_) return fail_errno(errno, path);
  if (flock(lock_.get(), LOCK_EX | LOCK_NB) == 0) return {};
  if (errno != EWOULDBLOCK) return fail_errno(errno, path);
  return fail(ErrorCode::conflict, "{}: another dray-broker is running there", dir);
}

Status BrokerService::open_door(Purpose purpose, Role role, std::string_view zap_domain,
                                const std::vector<std::string>& endpoints) {
  static constexpr SocketKind kKinds[] = {SocketKind::router, SocketKind::sub, SocketKind::xpub};
  SocketOptions options;
  if (purpose == Purpose::requests && role == Role::scheduler)
    options.send_high_water = kSchedulerHighWater;
  if (!zap_domain.empty()) {
    options.server_secret_key = &own_key_.secret_key;
    options.zap_domain = zap_domain;
  }
  Door door{purpose, role, zap_domain, nullptr};
  const SocketKind kind = kKinds[static_cast<size_t>(purpose)];
  DRAY_TRY_ASSIGN(door.socket, ZmqSocket::make(loop_, context_, kind, options));
  if (purpose == Purpose::progress) DRAY_TRY(door.socket->subscribe(""));
  if (purpose == Purpose::requests)
    DRAY_TRY(door.socket->on_transport([this](const ZmqTransportEvent& e) { transport(e); }));
  for (const std::string& endpoint : endpoints) {
    const bool local = endpoint.starts_with(kIpcPrefix);
    if (local) DRAY_TRY(ensure_socket_dir(parent_dir(socket_path(endpoint))));
    DRAY_TRY(door.socket->bind(endpoint));
    if (local) DRAY_TRY(share_socket(socket_path(endpoint)));
  }
  doors_.push_back(std::move(door));
  return {};
}

Status BrokerService::open_local_doors() {
  const IpcEndpoints ipc = ipc_endpoints(config_);
  DRAY_TRY(open_door(Purpose::requests, Role::scheduler, "", {ipc.scheduler}));
  DRAY_TRY(open_door(Purpose::requests, Role::worker, "", {ipc.worker}));
  DRAY_TRY(open_door(Purpose::requests, Role::ops, "", {ipc.ops}));
  DRAY_TRY(open_door(Purpose::requests, Role::notifier, "", {ipc.notifier}));
  DRAY_TRY(open_door(Purpose::progress, Role::worker, "", {ipc.progress}));
  return open_door(Purpose::events, Role::ops, "",
                   {ipc.scheduler_events, ipc.ops_events, ipc.notifier_events});
}

Status BrokerService::open_remote_doors() {
  const Config::Broker& broker = config_.broker;
  if (broker.listen.empty()) return {};
  DRAY_TRY_ASSIGN(own_key_, load_curve_keypair(broker.secret_key_file));
  keys_ = AuthorizedKeys::load(broker.authorized_keys_dir);
  report_key_problems();
  // Before any bind: a socket without it lets everybody in.
  DRAY_TRY_ASSIGN(zap_, ZapHandler::make(loop_, context_, keys_));
  zap_->on_failure([this](const Error& error) {
    if (fatal_) fatal_(annotate(error, "the key check broke"));
  });
  // The role of these doors is only a default: each message's key decides.
  DRAY_TRY(open_door(Purpose::requests, Role::ops, kDomainRequests, broker.listen));
  if (!broker.listen_progress.empty())
    DRAY_TRY(open_door(Purpose::progress, Role::worker, kDomainProgress, broker.listen_progress));
  if (!broker.listen_events.empty())
    DRAY_TRY(open_door(Purpose::events, Role::ops, kDomainEvents, broker.listen_events));
  return self_test_now();
}

// ── The key check is watched ────────────────────────────────────────────────────────────────────

Status BrokerService::self_test_now() {
  DRAY_TRY(start_self_tests());
  while (self_tests_open_ > 0)
    loop_.run_turn();
  DRAY_TRY(self_test_status_);
  self_test_timer_.start_repeating(tuning_.self_test_interval, [this] {
    const Status started = start_self_tests();
    if (!started) self_test_done(started);
  });
  return {};
}

Status BrokerService::start_self_tests() {
  if (self_tests_open_ > 0) return {};
  static constexpr SocketKind kCounterparts[] = {SocketKind::dealer, SocketKind::pub,
                                                 SocketKind::sub};
  self_tests_.clear();
  self_test_status_ = {};
  std::vector<std::string> strangers;
  for (const Door& door : doors_) {
    if (door.zap_domain.empty()) continue;
    const SocketKind kind = kCounterparts[static_cast<size_t>(door.purpose)];
    DRAY_TRY_ASSIGN(auto test, SelfTest::start(loop_, context_, kind,
                                               reachable_endpoint(door.socket->last_endpoint()),
                                               own_key_.public_key, [this](Status status) {
                                                 --self_tests_open_;
                                                 self_test_done(std::move(status));
                                               }));
    ++self_tests_open_;
    strangers.push_back(test->public_key());
    self_tests_.push_back(std::move(test));
  }
  if (zap_) zap_->expect_refusal_of(std::move(strangers));
  return {};
}

void BrokerService::self_test_done(Status status) {
  if (status) return;
  self_test_status_ = annotate(std::move(status), "self-test");
  const Error& error = self_test_status_.error();
  // No verdict is not a wrong one: only the start insists on one.
  if (error.code != ErrorCode::denied) return log_warn("broker.self_test", "{}", error.message);
  if (fatal_) fatal_(error);
}

void BrokerService::report_key_problems() const {
  for (const std::string& problem : keys_.problems())
    log_error("broker.key_problem", "{}", problem);
  log_info({"broker.keys", {{"keys", keys_.size()}}}, "{} remote keys are authorized",
           keys_.size());
}

std::string BrokerService::tcp_endpoint(std::string_view zap_domain) const {
  for (const Door& door : doors_)
    if (door.zap_domain == zap_domain) return door.socket->last_endpoint();
  return "";
}

}  // namespace dray
