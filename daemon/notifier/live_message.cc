#include "daemon/notifier/live_message.h"

#include "daemon/base/text.h"
#include "daemon/notifier/former_events.h"
#include "daemon/notifier/http_message.h"
#include "daemon/notifier/live_frames.h"
#include "schemas/json_fields.h"

namespace dray::notifier {
namespace {

constexpr std::string_view kFormerPing = R"({"type":"ping"})";

std::string progress_json(const RunProgress& progress) {
  JsonWriter json;
  json.begin_object();
  json.key("type");
  json.text("progress");
  json.key("run");
  json.unsigned_integer(progress.token.run.value);
  json.key("job");
  json.text(progress.job);
  json.key("client");
  json.text(progress.client);
  json.key("state");
  json.text(to_string(progress.state));
  json.key("progress");
  write_json(json, progress.progress);
  json.end_object();
  return json.take();
}

}  // namespace

std::string LiveMessage::render(LiveForm form, Deflater& deflater) const {
  if (form == LiveForm::former) return frame_of(Opcode::text, former_);
  if (form == LiveForm::socket) return frame_of(Opcode::text, json_);
  if (form == LiveForm::socket_deflated)
    return frame_of(Opcode::text, deflater.deflate(json_), true);
  std::string text = fmt::format("event: {}\n", type_);
  if (id_ > 0) text += fmt::format("id: {}\n", id_);
  return text + "data: " + json_ + "\n\n";  // JSON is one line
}

const Bytes& LiveMessage::bytes(LiveForm form, Deflater& deflater) const {
  if (form == LiveForm::socket_deflated && json_.size() < kDeflateFromBytes)
    form = LiveForm::socket;
  Bytes& made = bytes_[static_cast<size_t>(form)];
  const std::string& said = form == LiveForm::former ? former_ : json_;
  if (!made && !said.empty()) made = std::make_shared<const std::string>(render(form, deflater));
  return made;
}

LiveMessagePtr event_message(const EventView& event) {
  return std::make_shared<LiveMessage>(
      "event", event.sequence, fmt::format(R"({{"type":"event","event":{}}})", to_json(event)));
}

LiveMessagePtr progress_message(const RunProgress& progress) {
  return std::make_shared<LiveMessage>("progress", 0, progress_json(progress),
                                       former_progress(progress));
}

LiveMessagePtr snapshot_message(uint64_t sequence, std::string_view status) {
  return std::make_shared<LiveMessage>(
      "snapshot", sequence,
      fmt::format(R"({{"type":"snapshot","sequence":{}{}{}}})", sequence,
                  status.empty() ? "" : ",\"status\":", status));
}

LiveMessagePtr heartbeat_message(uint64_t sequence) {
  return std::make_shared<LiveMessage>(
      "heartbeat", sequence, fmt::format(R"({{"type":"heartbeat","sequence":{}}})", sequence),
      std::string(kFormerPing));
}

LiveMessagePtr resync_message(uint64_t sequence) {
  return std::make_shared<LiveMessage>(
      "resync", sequence, fmt::format(R"({{"type":"resync","sequence":{}}})", sequence));
}

LiveMessagePtr error_message(unsigned status, std::string_view code, std::string_view detail) {
  return std::make_shared<LiveMessage>(
      "error", 0,
      fmt::format(
          R"({{"type":"error","problem":{{"type":"about:blank","title":{},"status":{},"detail":{},"code":"{}"}}}})",
          json_quote(reason_phrase(status)), status, json_quote(detail), code));
}

LiveMessagePtr pong_message() {
  return std::make_shared<LiveMessage>("pong", 0, R"({"type":"pong"})", R"({"type":"pong"})");
}

LiveMessagePtr former_message(std::string json) {
  return std::make_shared<LiveMessage>("", 0, "", std::move(json));
}

}  // namespace dray::notifier
