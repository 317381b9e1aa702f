// Is the broker there, and the scheduler behind it?
#include <utility>

#include "broker/bus_impl.h"
#include "daemon/base/log.h"

namespace dray {

void Bus::Impl::on_transport(const ZmqTransportEvent& event) {
  switch (event.kind) {
    case TransportEvent::connected:
      return;
    case TransportEvent::handshake_done:
      connected = true;
      last_received = now();
      return ping();
    case TransportEvent::key_refused:
      return link_down("the broker refused this peer's key");
    case TransportEvent::handshake_broken:
      return link_down("what listens there is not a broker of this kind");
    case TransportEvent::disconnected:
      // After a refusal the close is no news.
      if (!std::exchange(connected, false) && !link.problem.empty()) return;
      return link_down("the broker closed the connection");
  }
}

// PING goes out at once and alone: it is what opens the link that batches need.
void Bus::Impl::ping() {
  QueuedFrame frame;
  if (is_scheduler()) frame.address.assign(8, '\0');  // session 0: the broker itself
  frame.bytes = encode_message(Ping{options.name, options.version, options.epoch});
  frame.messages = 1;
  hand_over(frame);
}

void Bus::Impl::tick() {
  const Instant at = now();
  if (at - last_received >= options.heartbeat * options.heartbeats_missed) {
    link_down("the broker does not answer");
    // A new connection: the old one may be to a broker that hangs or to nobody at all.
    if (const Status opened = open_dealer(); !opened)
      log_error("bus.connect", "{}", opened.error().message);
    return;
  }
  if (!link.broker_up || at - last_sent >= options.heartbeat ||
      at - last_received >= options.heartbeat)
    ping();
}

void Bus::Impl::on_pong(const Pong& pong) {
  if (!connected) return;  // left over from the connection before
  // Session 0: the broker does not know this connection (any more).
  if (!pong.session) return ping();
  const bool same =
      link.broker_up && link.broker_epoch == pong.broker_epoch && session == pong.session;
  if (same) return on_scheduler_state(pong.scheduler_up);
  if (link.broker_up) link_down("the broker started anew");
  link_up(pong);
}

void Bus::Impl::on_scheduler_state(bool up) {
  if (!link.broker_up || link.scheduler_up == up) return;
  LinkState next = link;
  next.scheduler_up = up;
  if (!up && !is_scheduler())
    fail_questions({ErrorCode::unavailable, "drayd went away before it answered"}, std::nullopt);
  set_link(std::move(next));
}

void Bus::Impl::link_up(const Pong& pong) {
  session = pong.session;
  set_link({true, pong.scheduler_up, pong.broker_epoch, ""});
  send_waiting_questions();
}

void Bus::Impl::link_down(std::string_view problem) {
  const bool was_up = link.broker_up;
  session = {};
  for (const auto& [to, frame] : frames)
    counters.dropped_away += frame.messages;
  for (const QueuedFrame& frame : queue)
    counters.dropped_away += frame.messages;
  frames.clear();
  queue.clear();
  queue_bytes = 0;
  set_link({false, false, link.broker_epoch, std::string(problem)});
  if (was_up)
    fail_questions({ErrorCode::unavailable, "the broker went away before the answer came"},
                   std::nullopt);
}

void Bus::Impl::set_link(LinkState next) {
  if (next == link) return;
  link = std::move(next);
  if (link_handler) link_handler(link);
}

}  // namespace dray
