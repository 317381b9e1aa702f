#include "ops/event_feed.h"

#include <algorithm>

#include "ops/views.h"

namespace dray::ops {
namespace {

constexpr size_t kPage = 500;
constexpr size_t kTail = 10;  // shown before following when nothing else was asked for
constexpr Duration kAskAgain = seconds{5};

}  // namespace

Result<EventListAnswer> EventFeed::page(uint64_t since, size_t limit) {
  Json body{{"since", since}, {"limit", limit}};
  if (query_.run) body["run"] = query_.run.value;
  if (!query_.job.empty()) body["job"] = query_.job;
  if (!query_.client.empty()) body["client"] = query_.client;
  DRAY_TRY_ASSIGN(const std::string text, daemon_.request("event.list", dump_json(body, -1)));
  return read_answer<EventListAnswer>("event.list", text);
}

Status EventFeed::start() {
  if (query_.since) {
    last_ = *query_.since;
    return {};
  }
  // What belongs to one run or job lies anywhere: read it from the start, the tail is cut later.
  if (query_.run || !query_.job.empty() || !query_.client.empty()) return {};
  DRAY_TRY_ASSIGN(const EventListAnswer now, page(0, 1));
  last_ = now.last_sequence > query_.backlog ? now.last_sequence - query_.backlog : 0;
  return {};
}

Result<std::vector<EventView>> EventFeed::fresh() {
  std::vector<EventView> all;
  while (true) {
    DRAY_TRY_ASSIGN(EventListAnswer answer, page(last_, kPage));
    const bool more = answer.events.size() >= kPage;
    // Without a full page everything up to last_sequence has been looked at.
    last_ = more ? answer.events.back().sequence : std::max(last_, answer.last_sequence);
    for (EventView& event : answer.events)
      all.push_back(std::move(event));
    if (!more) return all;
  }
}

Result<Exit> EventFeed::print_once(Context& context) {
  DRAY_TRY(start());
  EventListAnswer answer;
  DRAY_TRY_ASSIGN(answer.events, fresh());
  answer.last_sequence = last_;
  if (!query_.since && answer.events.size() > query_.backlog)
    answer.events.erase(answer.events.begin(),
                        answer.events.end() - static_cast<ptrdiff_t>(query_.backlog));
  if (context.printed_json(to_json(answer))) return Exit::ok;
  for (const EventView& event : answer.events)
    context.out.line(event_line(event, context.out.colour()));
  if (answer.events.empty()) context.out.line("No events.");
  return Exit::ok;
}

Result<Exit> EventFeed::follow(Context& context) {
  if (!query_.since) query_.backlog = std::min(query_.backlog, kTail);
  daemon_.follow_events();
  daemon_.catch_interrupt();
  DRAY_TRY(start());
  bool first = true;
  while (true) {
    Result<std::vector<EventView>> events = fresh();
    if (!events && events.error().code != ErrorCode::unavailable)
      return std::unexpected(events.error());
    if (!events && first) return std::unexpected(events.error());
    if (events) {
      if (first && !query_.since && events->size() > query_.backlog)
        events->erase(events->begin(), events->end() - static_cast<ptrdiff_t>(query_.backlog));
      for (const EventView& event : *events)
        context.out.line(context.json ? to_json(event) : event_line(event, context.out.colour()));
      first = false;
    }
    while (true) {
      const News news = daemon_.wait(kAskAgain);
      if (news.kind == News::Kind::interrupted) return Exit::ok;
      if (news.kind == News::Kind::link_lost) {
        context.out.error_line(fmt::format("dray: connection to {} lost, waiting", news.text));
        continue;
      }
      // A doorbell for what has been read already.
      if (news.kind == News::Kind::event && news.event.sequence <= last_) continue;
      if (news.kind != News::Kind::progress) break;
    }
  }
}

}  // namespace dray::ops
