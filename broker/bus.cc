#include "broker/bus.h"

#include "broker/bus_impl.h"
#include "broker/stamp.h"
#include "daemon/base/log.h"

namespace dray {

Bus::Impl::Impl(EventLoop& loop_in, BusOptions options_in)
    : loop(loop_in), options(std::move(options_in)), heartbeat(loop_in), question_timer(loop_in) {}

SocketOptions Bus::Impl::socket_options() const {
  SocketOptions socket;
  // What waits for the scheduler waits at the broker, which serves the senders in turn.
  if (is_scheduler()) socket.receive_high_water = kSchedulerHighWater;
  if (options.curve) socket.client = &*options.curve;
  return socket;
}

Status Bus::Impl::open() {
  DRAY_TRY(open_dealer());
  DRAY_TRY(open_extras());
  heartbeat.start_repeating(options.heartbeat / 2, [this] { tick(); });
  return {};
}

Status Bus::Impl::open_dealer() {
  connected = false;
  last_received = now();
  DRAY_TRY_ASSIGN(dealer, ZmqSocket::make(loop, context, SocketKind::dealer, socket_options()));
  DRAY_TRY(dealer->on_transport([this](const ZmqTransportEvent& event) { on_transport(event); }));
  dealer->on_message([this](const ZmqIncoming& message) { receive(message); });
  dealer->on_writable([this] { drain_queue(); });
  return dealer->connect(options.endpoint);
}

Status Bus::Impl::open_extras() {
  if (!options.progress_endpoint.empty()) {
    DRAY_TRY_ASSIGN(progress, ZmqSocket::make(loop, context, SocketKind::pub, socket_options()));
    DRAY_TRY(progress->connect(options.progress_endpoint));
  }
  if (!options.events_endpoint.empty()) {
    DRAY_TRY_ASSIGN(events, ZmqSocket::make(loop, context, SocketKind::sub, socket_options()));
    events->on_message([this](const ZmqIncoming& message) { receive_publication(message); });
    DRAY_TRY(events->connect(options.events_endpoint));
  }
  return {};
}

// ── Out ─────────────────────────────────────────────────────────────────────────────────────────

void Bus::Impl::flush_soon() {
  if (std::exchange(flush_asked, true)) return;
  loop.at_end_of_turn([this, weak = std::weak_ptr(alive)] {
    if (!weak.expired()) flush();
  });
}

void Bus::Impl::flush() {
  flush_asked = false;
  auto closed = std::exchange(frames, {});
  for (auto& [to, frame] : closed) {
    if (frame.bytes.empty()) continue;
    transmit({is_scheduler() ? encode_address(to) : std::string(), std::move(frame.bytes),
              frame.messages});
  }
}

bool Bus::Impl::hand_over(const QueuedFrame& frame) {
  const std::string_view parts[] = {frame.address, frame.bytes};
  const SendOutcome outcome = is_scheduler() ? dealer->send(parts, 2) : dealer->send(parts + 1, 1);
  if (outcome != SendOutcome::sent) return false;
  last_sent = now();
  ++counters.frames_sent;
  counters.messages_sent += frame.messages;
  return true;
}

void Bus::Impl::transmit(QueuedFrame frame) {
  if (queue.empty() && hand_over(frame)) return;
  if (queue_bytes + frame.bytes.size() > kMaxQueueBytes) {
    counters.dropped_full += frame.messages;
    return;
  }
  queue_bytes += frame.bytes.size();
  queue.push_back(std::move(frame));
}

void Bus::Impl::drain_queue() {
  while (!queue.empty() && hand_over(queue.front())) {
    queue_bytes -= queue.front().bytes.size();
    queue.pop_front();
  }
}

// ── In ──────────────────────────────────────────────────────────────────────────────────────────

void Bus::Impl::receive(const ZmqIncoming& message) {
  const size_t wanted = is_scheduler() ? 2 : 1;
  ++counters.frames_received;
  last_received = now();
  const auto stamp =
      is_scheduler() && message.frames == wanted ? decode_stamp(message.part(0)) : Stamp{};
  if (message.frames != wanted || !stamp) {
    ++counters.damaged_frames;
    return;
  }
  static const Envelope kNone(MessageType::ping, 0, wire::Value(nullptr));
  const Role role = is_scheduler() ? static_cast<Role>(stamp->role) : Role::scheduler;
  receive_payload({stamp->session, role, stamp->name, kNone}, message.part(wanted - 1));
}

void Bus::Impl::receive_payload(const Incoming& from, std::string_view payload) {
  const Status read = read_frame(payload, [&](const Envelope& envelope) {
    ++counters.messages_received;
    on_envelope({from.from, from.from_role, from.from_name, envelope});
  });
  if (read) return;
  ++counters.damaged_frames;
  log_warn("bus.damaged", "from {}: {}", from.from_name.empty() ? "the broker" : from.from_name,
           read.error().message);
}

void Bus::Impl::on_envelope(const Incoming& incoming) {
  const Envelope& envelope = incoming.envelope;
  const bool from_broker = !incoming.from;
  if (from_broker && envelope.type() == MessageType::pong) {
    if (const auto pong = envelope.decode<Pong>()) on_pong(*pong);
    return;
  }
  if (from_broker && envelope.type() == MessageType::scheduler_state) {
    if (const auto state = envelope.decode<SchedulerState>()) on_scheduler_state(state->up);
    return;
  }
  if (take_answer(incoming)) return;
  if (from_broker && envelope.type() == MessageType::peer_gone) {
    if (const auto gone = envelope.decode<PeerGone>())
      fail_questions({ErrorCode::unavailable, fmt::format("{} is gone: {}", gone->name, gone->why)},
                     gone->session);
  }
  if (message_handler) message_handler(incoming);
}

void Bus::Impl::receive_publication(const ZmqIncoming& message) {
  if (message.frames != 2) {
    ++counters.damaged_frames;
    return;
  }
  const std::string_view topic = message.part(0);
  // Copies of the pointers: a handler may subscribe or unsubscribe.
  std::vector<std::shared_ptr<PublicationHandler>> handlers;
  for (const auto& [wanted, handler] : subscriptions)
    if (topic_matches(wanted, topic)) handlers.push_back(handler);
  const Status read = read_frame(message.part(1), [&](const Envelope& envelope) {
    ++counters.messages_received;
    for (const auto& handler : handlers)
      (*handler)(topic, envelope);
  });
  if (!read) ++counters.damaged_frames;
}

// ── The public face ─────────────────────────────────────────────────────────────────────────────

Bus::Bus(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Bus::~Bus() = default;

Result<std::unique_ptr<Bus>> Bus::open(EventLoop& loop, BusOptions options) {
  auto impl = std::make_unique<Impl>(loop, std::move(options));
  DRAY_TRY(impl->open());
  return std::unique_ptr<Bus>(new Bus(std::move(impl)));
}

void Bus::on_message(MessageHandler handler) {
  impl_->message_handler = std::move(handler);
}
void Bus::on_link(LinkHandler handler) {
  impl_->link_handler = std::move(handler);
}
const LinkState& Bus::link() const {
  return impl_->link;
}
const BusCounters& Bus::counters() const {
  return impl_->counters;
}
void Bus::flush() {
  impl_->flush();
}
uint64_t Bus::next_ask_id() {
  return ++impl_->last_ask_id;
}

std::string& Bus::open_frame(SessionId to) {
  if (impl_->link.broker_up) return impl_->frames[to].bytes;
  impl_->discarded.clear();
  return impl_->discarded;
}

bool Bus::close_frame(SessionId to, size_t before) {
  Impl& bus = *impl_;
  if (!bus.link.broker_up) {
    ++bus.counters.dropped_away;
    return false;
  }
  Impl::OpenFrame& frame = bus.frames[to];
  if (frame.bytes.size() - before > limits::kMaxFrameBytes) {
    frame.bytes.resize(before);
    ++bus.counters.dropped_oversize;
    return false;
  }
  if (before > 0 && (frame.bytes.size() > limits::kBatchBytes ||
                     frame.messages == limits::kMaxMessagesPerFrame)) {
    std::string last = frame.bytes.substr(before);
    frame.bytes.resize(before);
    bus.transmit({bus.is_scheduler() ? encode_address(to) : std::string(),
                  std::exchange(frame.bytes, std::move(last)),
                  std::exchange(frame.messages, size_t{0})});
  }
  ++frame.messages;
  bus.flush_soon();
  return true;
}

void Bus::ask_encoded(SessionId peer, std::string message, uint64_t id, MessageType answer,
                      Duration timeout, std::function<void(Result<Envelope>)> done) {
  impl_->ask(peer, std::move(message), id, answer, timeout, std::move(done));
}

void Bus::publish_progress(const RunProgress& progress) {
  if (!impl_->progress) return;
  RunProgress named = progress;
  // On this machine the broker has no key to tell the publisher by; elsewhere it knows better.
  if (named.worker.empty()) named.worker = impl_->options.name;
  impl_->progress->send({progress_topic(named.token.run), encode_message(named)});
}

void Bus::subscribe(const std::string& topic, PublicationHandler handler) {
  const bool fresh = !impl_->subscriptions.contains(topic);
  impl_->subscriptions[topic] = std::make_shared<PublicationHandler>(std::move(handler));
  if (!impl_->events || !fresh) return;
  if (const Status done = impl_->events->subscribe(topic); !done)
    log_error("bus.subscribe", "{}", done.error().message);
}

void Bus::unsubscribe(const std::string& topic) {
  if (impl_->subscriptions.erase(topic) == 0 || !impl_->events) return;
  if (const Status done = impl_->events->unsubscribe(topic); !done)
    log_error("bus.unsubscribe", "{}", done.error().message);
}

}  // namespace dray
