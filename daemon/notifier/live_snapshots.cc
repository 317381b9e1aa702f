#include "daemon/notifier/live_snapshots.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace dray::notifier {

namespace asio = boost::asio;

LiveSnapshots::SlotPtr LiveSnapshots::slot_of(const std::string& client) {
  const Instant now = clock_.now().mono;
  std::erase_if(slots_, [&](const auto& slot) {
    return !slot.second->asking && now - slot.second->at > kAge;
  });
  SlotPtr& slot = slots_[client];
  if (!slot) slot = std::make_shared<Slot>(loop_.context());
  return slot;
}

bool LiveSnapshots::is_fresh(const Slot& slot) const {
  return slot.snapshot && clock_.now().mono - slot.at <= kAge;
}

Task<void> LiveSnapshots::wait_for_answer(SlotPtr slot) {
  boost::system::error_code ec;
  co_await slot->arrived.async_wait(asio::redirect_error(asio::use_awaitable, ec));
}

Task<LiveSnapshotPtr> LiveSnapshots::get(const Identity& who, uint64_t sequence) {
  const SlotPtr slot = slot_of(who.client);
  while (slot->asking)
    co_await wait_for_answer(slot);
  if (is_fresh(*slot)) co_return slot->snapshot;
  co_return co_await ask_anew(who, slot, sequence, 0);
}

Task<LiveSnapshotPtr> LiveSnapshots::current(const Identity& who, uint64_t sequence,
                                             uint64_t revision) {
  const SlotPtr slot = slot_of(who.client);
  const bool same = revision != 0 && slot->asked_revision == revision;
  if (!slot->asking && same && is_fresh(*slot) && !slot->snapshot->status.empty())
    co_return slot->snapshot;
  // The one that is under way will do if nothing was committed since; else the one behind it, which
  // somebody else may have asked for meanwhile.
  const uint64_t wanted = slot->asked + (slot->asking && same ? 0 : 1);
  while (slot->asking) {
    co_await wait_for_answer(slot);
    if (!slot->asking && slot->asked >= wanted) co_return slot->snapshot;
  }
  co_return co_await ask_anew(who, slot, sequence, revision);
}

Task<LiveSnapshotPtr> LiveSnapshots::ask_anew(const Identity& who, SlotPtr slot, uint64_t sequence,
                                              uint64_t revision) {
  slot->asking = true;
  slot->asked += 1;
  slot->asked_revision = revision;
  Result<std::string> status = co_await ask_(who);
  auto snapshot = std::make_shared<LiveSnapshot>();
  snapshot->sequence = sequence;
  if (status)
    snapshot->status = std::move(*status);
  else
    snapshot->problem = std::move(status.error());
  snapshot->message = snapshot_message(sequence, snapshot->status);
  slot->snapshot = snapshot;
  slot->at = clock_.now().mono;
  slot->asking = false;
  slot->arrived.cancel();
  co_return snapshot;
}

}  // namespace dray::notifier
