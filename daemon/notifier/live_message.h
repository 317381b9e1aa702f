// What live connections are told, written once however many get it: the JSON with the message, the
// bytes of each way with the first connection that asks for them. Pure; one thread.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "daemon/base/enum_names.h"
#include "daemon/notifier/live_deflate.h"
#include "schemas/answers_runs.h"
#include "schemas/messages.h"

namespace dray::notifier {

// How a connection is spoken to.
enum class LiveForm : uint8_t {
  socket,           // WebSocket
  socket_deflated,  // the same with long messages compressed
  events,           // Server-Sent Events
  former,           // the WebSocket of the former product, with its messages
};
inline constexpr size_t kLiveForms = 4;
}  // namespace dray::notifier

template <>
struct dray::EnumNames<dray::notifier::LiveForm> {
  using Form = notifier::LiveForm;
  static constexpr std::string_view kWhat = "form of a live connection";
  static constexpr EnumRow<Form> kRows[] = {{Form::socket, "websocket"},
                                            {Form::socket_deflated, "websocket_deflate"},
                                            {Form::events, "sse"},
                                            {Form::former, "former"}};
};

namespace dray::notifier {

using Bytes = std::shared_ptr<const std::string>;

class LiveMessage {
 public:
  // `json` of the API, `former` of the former product; "": says nothing there. `id`: for
  // Last-Event-ID, the event behind which a stream resumes; 0: none.
  LiveMessage(std::string_view type, uint64_t id, std::string json, std::string former = "")
      : type_(type), id_(id), json_(std::move(json)), former_(std::move(former)) {}
  LiveMessage(const LiveMessage&) = delete;
  LiveMessage& operator=(const LiveMessage&) = delete;

  // Null: there is nothing to say in this form.
  const Bytes& bytes(LiveForm form, Deflater& deflater) const;
  const std::string& json() const { return json_; }
  size_t size() const { return json_.size() + former_.size(); }

 private:
  std::string render(LiveForm form, Deflater& deflater) const;

  std::string_view type_;
  uint64_t id_;
  std::string json_;
  std::string former_;
  mutable std::array<Bytes, kLiveForms> bytes_;
};

using LiveMessagePtr = std::shared_ptr<const LiveMessage>;

LiveMessagePtr event_message(const EventView& event);
LiveMessagePtr progress_message(const RunProgress& progress);
// `status`: JSON; "": the scheduler is away. Events behind `sequence` follow.
LiveMessagePtr snapshot_message(uint64_t sequence, std::string_view status);
LiveMessagePtr heartbeat_message(uint64_t sequence);
LiveMessagePtr resync_message(uint64_t sequence);
// `status` as of HTTP.
LiveMessagePtr error_message(unsigned status, std::string_view code, std::string_view detail);
LiveMessagePtr pong_message();
LiveMessagePtr former_message(std::string json);

}  // namespace dray::notifier
