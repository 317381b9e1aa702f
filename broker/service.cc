#include "broker/service.h"

#include <utility>

#include "broker/stamp.h"
#include "daemon/base/log.h"
#include "daemon/base/random.h"

namespace dray {
namespace {

// A disconnect is reported before zmq's router has let go of the peer.
constexpr Duration kProbeDelay = milliseconds{20};

constexpr size_t kRoutingIdBytes = 5;
constexpr size_t kMaxTopicBytes = 64;

// The router's own routing ids are a zero and a number. Anything else was chosen by the peer.
std::optional<uint32_t> peer_number(std::string_view routing_id) {
  if (routing_id.size() != kRoutingIdBytes || routing_id[0] != '\0') return std::nullopt;
  uint32_t number = 0;
  for (size_t i = 1; i < kRoutingIdBytes; ++i)
    number = number << 8 | static_cast<uint8_t>(routing_id[i]);
  return number;
}

std::string routing_id(uint32_t number) {
  std::string id(kRoutingIdBytes, '\0');
  for (size_t i = 1; i < kRoutingIdBytes; ++i)
    id[i] = static_cast<char>(number >> (8 * (kRoutingIdBytes - 1 - i)));
  return id;
}

RouterOptions router_options(const BrokerTuning& tuning) {
  RouterOptions options;
  options.broker_epoch = random_u64() % INT32_MAX + 1;
  options.heartbeat = tuning.heartbeat;
  options.heartbeats_missed = tuning.heartbeats_missed;
  return options;
}

}  // namespace

BrokerService::BrokerService(EventLoop& loop, const Config& config, const BrokerTuning& tuning)
    : loop_(loop),
      config_(config),
      tuning_(tuning),
      router_(router_options(tuning)),
      ticker_(loop),
      soon_(loop),
      retry_(loop),
      self_test_timer_(loop) {}

BrokerService::~BrokerService() = default;

void BrokerService::on_fatal(std::function<void(Error)> handler) {
  fatal_ = std::move(handler);
}

void BrokerService::reload_keys() {
  if (!zap_) return;
  keys_ = AuthorizedKeys::load(config_.broker.authorized_keys_dir);
  report_key_problems();
  dispatch(router_event::KeysChanged{keys_.key_ids()});
}

// ── In ──────────────────────────────────────────────────────────────────────────────────────────

void BrokerService::receive(uint32_t door, const ZmqIncoming& message) {
  switch (doors_[door].purpose) {
    case Purpose::requests:
      return receive_request(door, message);
    case Purpose::progress:
      return receive_progress(doors_[door], message);
    case Purpose::events:
      return receive_subscription(door, message);
  }
}

// nullptr: its key was revoked, or it has none where one is needed.
const Credential* BrokerService::credential_of(const Door& door, const ZmqIncoming& message) {
  static const Credential kLocal[] = {{Role::scheduler, "", ""},
                                      {Role::worker, "", ""},
                                      {Role::ops, "", ""},
                                      {Role::notifier, "", ""}};
  if (!door.zap_domain.empty()) return keys_.find_id(message.user_id);
  for (const Credential& credential : kLocal)
    if (credential.role == door.role) return &credential;
  return nullptr;
}

void BrokerService::receive_request(uint32_t door, const ZmqIncoming& message) {
  const auto number = peer_number(message.part(0));
  if (!number) return;  // a peer that names itself is not listened to
  const LinkId link{door, *number};
  const bool from_scheduler = is_scheduler_door(door);
  if (message.frames != (from_scheduler ? 3u : 2u)) return dispatch(router_event::WrongShape{link});
  const Credential* credential = credential_of(doors_[door], message);
  if (credential == nullptr) return;
  if (message.fd >= 0) link_of_fd_[message.fd] = link;
  dispatch(router_event::Frame{link, *credential, from_scheduler ? message.parts[1] : std::string(),
                               message.parts[message.frames - 1]});
}

void BrokerService::receive_progress(const Door& door, const ZmqIncoming& message) {
  if (message.frames != 2) return;
  const Credential* credential = credential_of(door, message);
  if (credential != nullptr) dispatch(router_event::Progress{*credential, message.parts[1]});
}

// Subscriptions of one turn are answered once: whoever subscribes in a loop gains nothing by it.
void BrokerService::receive_subscription(uint32_t door, const ZmqIncoming& message) {
  const std::string_view text = message.part(0);
  if (message.frames != 1 || text.empty() || text[0] != '\1' || text.size() > kMaxTopicBytes)
    return;
  if (replays_.empty())
    loop_.at_end_of_turn([this, weak = std::weak_ptr(alive_)] {
      if (weak.expired()) return;
      for (const auto& [at, topic] : std::exchange(replays_, {}))
        dispatch(router_event::Subscribed{at, topic});
    });
  replays_.emplace(door, std::string(text.substr(1)));
}

void BrokerService::transport(const ZmqTransportEvent& event) {
  if (event.kind != TransportEvent::disconnected) return;
  const auto it = link_of_fd_.find(event.fd);
  if (it == link_of_fd_.end()) return;
  const LinkId link = it->second;
  link_of_fd_.erase(it);
  soon_.start_once(kProbeDelay, [this] { tick(); });
  dispatch(router_event::Disconnected{link});
}

void BrokerService::tick() {
  notes_ = 0;
  dispatch(router_event::Tick{});
}

// ── The router's actions ────────────────────────────────────────────────────────────────────────

void BrokerService::dispatch(RouterEvent event) {
  follow_ups_.push_back(std::move(event));
  if (std::exchange(dispatching_, true)) return;
  std::vector<RouterAction> actions;
  while (!follow_ups_.empty()) {
    RouterEvent next = std::move(follow_ups_.front());
    follow_ups_.pop_front();
    actions.clear();
    router_.step(std::move(next), clock_.now().mono, actions);
    for (RouterAction& action : actions)
      std::visit([this](auto&& one) { perform(std::move(one)); }, std::move(action));
  }
  dispatching_ = false;
}

SendOutcome BrokerService::hand_over(LinkId to, std::string_view stamp, std::string_view payload) {
  const std::string id = routing_id(to.peer);
  ZmqSocket& socket = *doors_[to.door].socket;
  return stamp.empty() ? socket.send({id, payload}) : socket.send({id, stamp, payload});
}

void BrokerService::perform(router_action::Send&& action) {
  if (queues_.contains(action.to)) return queue(std::move(action));
  switch (hand_over(action.to, action.stamp, action.payload)) {
    case SendOutcome::sent:
      return;
    case SendOutcome::unreachable:
      return dispatch(router_event::Unreachable{action.to});
    case SendOutcome::full:
      return queue(std::move(action));
  }
}

void BrokerService::queue(router_action::Send&& action) {
  // Only forwarded frames of a peer can be refused: the broker's own say what the receiver must
  // know.
  const bool forwarded = is_scheduler_door(action.to.door) && action.stamp != encode_stamp({});
  const size_t limit = forwarded ? kMaxLaneBytes : kMaxPeerQueueBytes;
  WaitingFrame frame{std::move(action.stamp), std::move(action.payload)};
  const bool taken = queues_[action.to].push(action.lane, std::move(frame), limit);
  if (!retry_.active()) retry_.start_repeating(kRetryInterval, [this] { drain_all(); });
  if (taken) return;
  if (forwarded) return dispatch(router_event::Undelivered{action.lane, std::move(frame.payload)});
  dispatch(router_event::Stuck{action.to});
}

SendOutcome BrokerService::drain_one(LinkId to, FairQueue& waiting) {
  while (!waiting.empty()) {
    const WaitingFrame& next = waiting.front();
    const SendOutcome outcome = hand_over(to, next.stamp, next.payload);
    if (outcome != SendOutcome::sent) return outcome;
    waiting.pop();
  }
  return SendOutcome::sent;
}

void BrokerService::drain(uint32_t door) {
  // What is found out changes queues_, so it waits for the end of the walk.
  std::vector<LinkId> unreachable;
  for (auto it = queues_.lower_bound({door, 0}); it != queues_.end() && it->first.door == door;) {
    const SendOutcome outcome = drain_one(it->first, it->second);
    if (outcome == SendOutcome::unreachable) unreachable.push_back(it->first);
    it = outcome == SendOutcome::full ? std::next(it) : queues_.erase(it);
  }
  for (const LinkId link : unreachable)
    dispatch(router_event::Unreachable{link});
}

void BrokerService::drain_all() {
  for (uint32_t door = 0; door < doors_.size(); ++door)
    drain(door);
  if (queues_.empty()) retry_.cancel();
}

void BrokerService::perform(router_action::Publish&& action) {
  const Publication& publication = action.publication;
  for (uint32_t i = 0; i < doors_.size(); ++i)
    if (doors_[i].purpose == Purpose::events && action.door.value_or(i) == i)
      doors_[i].socket->send({publication.topic, publication.payload});
}

void BrokerService::perform(router_action::Forget&& action) {
  queues_.erase(action.link);
}

void BrokerService::perform(router_action::Note&& action) {
  if (action.level >= LogLevel::warn && ++notes_ > kMaxNotesPerTick) return;
  log_at(action.level, action.event, "{}", action.text);
}

}  // namespace dray
