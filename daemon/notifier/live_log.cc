#include "daemon/notifier/live_log.h"

#include <algorithm>

namespace dray::notifier {

LiveLog::Entries::iterator LiveLog::append(Entry entry) {
  entry.tick = ++last_tick_;
  entries_.push_back(std::move(entry));
  return std::prev(entries_.end());
}

void LiveLog::drop_oldest() {
  const Entries::iterator entry = kept_.front();
  kept_bytes_ -= entry->message->size();
  if (entry->sequence > 0) complete_after_ = entry->sequence;
  entries_.erase(entry);
  kept_.pop_front();
}

void LiveLog::keep(Entries::iterator entry) {
  kept_.push_back(entry);
  kept_bytes_ += entry->message->size();
  while (kept_.size() > limits_.events || kept_bytes_ > limits_.bytes)
    drop_oldest();
}

void LiveLog::reset(uint64_t sequence) {
  while (!kept_.empty())
    drop_oldest();
  last_sequence_ = sequence;
  complete_after_ = sequence;
}

void LiveLog::add_event(uint64_t sequence, LiveSubject subject, LiveMessagePtr message) {
  DRAY_CHECK(sequence == last_sequence_ + 1, "an event is missing or comes twice");
  last_sequence_ = sequence;
  keep(
      append({.sequence = sequence, .subject = std::move(subject), .message = std::move(message)}));
}

void LiveLog::put_picture(LiveSubject subject, LiveMessagePtr message, Instant now) {
  const RunId run = subject.run;
  drop_picture(run);
  pictures_[run] =
      append({.at = now, .subject = std::move(subject), .message = std::move(message)});
}

void LiveLog::drop_picture(RunId run) {
  const auto found = pictures_.find(run);
  if (found == pictures_.end()) return;
  entries_.erase(found->second);
  pictures_.erase(found);
}

void LiveLog::drop_pictures_before(Instant time) {
  std::erase_if(pictures_, [&](const auto& picture) {
    if (picture.second->at >= time) return false;
    entries_.erase(picture.second);
    return true;
  });
}

void LiveLog::put_heartbeat(LiveMessagePtr message) {
  if (heartbeat_) entries_.erase(*heartbeat_);
  heartbeat_ = append({.heartbeat = true, .up_to = last_sequence_, .message = std::move(message)});
}

void LiveLog::add_note(LiveSubject subject, LiveMessagePtr message) {
  keep(append({.subject = std::move(subject), .message = std::move(message)}));
}

LivePlace LiveLog::read(LivePlace place, const LiveFilter& filter, LiveForm form, Most most,
                        Deflater& deflater, std::vector<Piece>& out) const {
  Entries::const_iterator next = entries_.end();
  while (next != entries_.begin() && std::prev(next)->tick > place.tick)
    --next;
  size_t bytes = 0;
  size_t pieces = 0;
  for (; next != entries_.end(); ++next) {
    LivePlace after = place;
    after.tick = next->tick;
    after.sequence = std::max(place.sequence, next->sequence);
    // A heartbeat from before the place would take a reader's own place back.
    const bool known = next->heartbeat ? next->up_to < place.sequence
                                       : next->sequence > 0 && next->sequence <= place.sequence;
    const bool wanted = !known && (next->heartbeat || filter.matches(next->subject));
    const Bytes* message = wanted ? &next->message->bytes(form, deflater) : nullptr;
    if (message != nullptr && *message) {
      if (pieces == most.pieces || (pieces > 0 && bytes + (*message)->size() > most.bytes))
        return place;
      pieces += 1;
      bytes += (*message)->size();
      out.push_back({message, after});
    }
    place = after;
  }
  return place;
}

}  // namespace dray::notifier
