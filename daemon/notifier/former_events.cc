#include "daemon/notifier/former_events.h"

#include <algorithm>
#include <utility>

#include "schemas/json_fields.h"

namespace dray::notifier {
namespace {

constexpr std::string_view kCancelRequested = "run.cancel_requested";
constexpr std::string_view kFinished = "run.finished";
constexpr std::string_view kUpload = "upload";

// Of the bodies of events, what is told here.
struct RunEventBody {
  std::string reason;
  std::string asked_by;
  std::string state;
  std::string kind;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("reason", self.reason);
    visit.optional("asked_by", self.asked_by);
    visit.optional("state", self.state);
    visit.optional("kind", self.kind);
  }
};

RunEventBody body_of(const EventView& event) {
  return from_json<RunEventBody>(event.body.json, JsonReadOptions{.unknown_keys = true})
      .value_or(RunEventBody{});
}

std::string id_of(RunId run) {
  return fmt::format("{}", run);
}

JsonWriter begin(std::string_view type) {
  JsonWriter json;
  json.begin_object();
  json.key("type");
  json.text(type);
  return json;
}

std::string several_cancelled(const std::vector<RunId>& runs, const std::string& reason) {
  JsonWriter json = begin("jobsCancelled");
  json.key("results");
  json.begin_object();
  for (const RunId run : runs) {
    json.key(id_of(run));
    json.boolean(true);
  }
  json.end_object();
  json.key("reason");
  json.text(reason);
  json.end_object();
  return json.take();
}

std::string one_cancelled(RunId run, const std::string& state, const std::string& reason) {
  JsonWriter json = begin("jobCancelled");
  json.key("jobId");
  json.text(id_of(run));
  json.key("phase");
  json.text(state);
  json.key("reason");
  json.text(reason);
  json.end_object();
  return json.take();
}

}  // namespace

std::string former_progress(const RunProgress& progress) {
  JsonWriter json = begin("progress");
  json.key("jobId");
  json.text(id_of(progress.token.run));
  json.key("phase");
  json.text(to_string(progress.progress.phase));
  json.key("percent");
  json.floating(progress.progress.percent);
  json.key("etaMs");
  if (progress.progress.eta_seconds < 0)
    json.null();
  else
    json.signed_integer(progress.progress.eta_seconds * 1000);
  json.end_object();
  return json.take();
}

void FormerEvents::take(const EventView& event) {
  if (!event.run) return;
  states_changed_ = true;
  if (event.kind == kCancelRequested) take_cancel(event);
  if (event.kind == kFinished) take_end(event);
}

void FormerEvents::take_cancel(const EventView& event) {
  const RunEventBody body = body_of(event);
  if (reasons_.size() == kMaxReasons) reasons_.erase(reasons_.begin());
  reasons_[event.run] = body.reason;
  const std::string key =
      fmt::format("{}\n{}\n{}\n{}", event.client, to_unix_us(event.at), body.asked_by, body.reason);
  if (cancels_.empty() || cancels_.back().key != key)
    cancels_.push_back({key, event.client, body.reason, {}});
  cancels_.back().runs.push_back(event.run);
}

void FormerEvents::take_end(const EventView& event) {
  const RunEventBody body = body_of(event);
  std::string reason;
  if (const auto found = reasons_.find(event.run); found != reasons_.end()) {
    reason = std::move(found->second);
    reasons_.erase(found);
  }
  if (body.state == to_string(RunState::cancelled))
    ends_.push_back({event.client, event.run, one_cancelled(event.run, body.state, reason)});
  const bool good =
      body.state == to_string(RunState::succeeded) || body.state == to_string(RunState::warning);
  if (good && body.kind == kUpload) stored_.push_back({event.client, event.run});
}

std::vector<FormerEvents::Told> FormerEvents::tell() {
  std::vector<Told> told;
  for (const Cancel& cancel : std::exchange(cancels_, {}))
    if (cancel.runs.size() > 1)
      told.push_back({cancel.client, {}, several_cancelled(cancel.runs, cancel.reason)});
  for (Told& end : std::exchange(ends_, {}))
    told.push_back(std::move(end));
  return told;
}

std::vector<FormerEvents::Stored> FormerEvents::stored() {
  return std::exchange(stored_, {});
}

bool FormerEvents::states_changed() {
  return std::exchange(states_changed_, false);
}

}  // namespace dray::notifier
