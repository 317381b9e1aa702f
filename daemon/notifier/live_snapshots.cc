#include "daemon/notifier/live_snapshots.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "daemon/base/event_loop.h"

namespace dray::notifier {

namespace asio = boost::asio;

std::shared_ptr<LiveSnapshots::Slot> LiveSnapshots::slot_of(const std::string& client) {
  const Instant now = clock_.now().mono;
  std::erase_if(slots_, [&](const auto& slot) {
    return !slot.second->asking && now - slot.second->at > kAge;
  });
  std::shared_ptr<Slot>& slot = slots_[client];
  if (!slot) slot = std::make_shared<Slot>(loop_.context());
  return slot;
}

Task<std::shared_ptr<const LiveSnapshot>> LiveSnapshots::get(const Identity& who,
                                                             uint64_t sequence) {
  const std::shared_ptr<Slot> slot = slot_of(who.client);
  while (slot->asking) {
    boost::system::error_code ec;
    co_await slot->arrived.async_wait(asio::redirect_error(asio::use_awaitable, ec));
  }
  if (slot->snapshot && clock_.now().mono - slot->at <= kAge) co_return slot->snapshot;
  slot->asking = true;
  Result<std::string> status = co_await verbs_.ask(who, "status", "{}");
  auto snapshot = std::make_shared<LiveSnapshot>();
  snapshot->sequence = sequence;
  snapshot->status = status.value_or("");
  snapshot->message = snapshot_message(sequence, snapshot->status);
  slot->snapshot = snapshot;
  slot->at = clock_.now().mono;
  slot->asking = false;
  slot->arrived.cancel();
  co_return snapshot;
}

}  // namespace dray::notifier
