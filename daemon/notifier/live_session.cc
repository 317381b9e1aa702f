#include "daemon/notifier/live_session.h"

#include <netinet/tcp.h>

#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "daemon/notifier/live_hub.h"
#include "schemas/json_fields.h"

namespace dray::notifier {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr size_t kReadBytes = 512;
constexpr size_t kMaxWaiting = 32;  // answers to what a client says
// What the kernel may hold for one that does not read, and how long for one that is gone.
constexpr int kSendBufferBytes = 64 << 10;
constexpr unsigned kGoneMs = 60'000;

struct EndRow {
  LiveEnd why;
  CloseCode code;
  unsigned status;  // 0: said by the close alone
  std::string_view problem;
  std::string_view detail;
};
constexpr EndRow kEnds[] = {
    {LiveEnd::slow, CloseCode::try_again_later, 0, "", "what is sent is not read"},
    {LiveEnd::revoked, CloseCode::policy, 401, "unauthenticated",
     "the login or token is no longer valid"},
    {LiveEnd::stopping, CloseCode::going_away, 0, "", "the server stops"},
    {LiveEnd::flooding, CloseCode::policy, 429, "rate_limited", "too many messages"},
};

struct ClientMessage {
  std::string type;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("type", self.type);
  }
};

void prepare(HttpStream& stream) {
  stream.expires_never();
  error_code ec;  // a connection that is gone says so with the first write
  auto& socket = stream.lowest().socket();
  socket.set_option(asio::socket_base::send_buffer_size(kSendBufferBytes), ec);
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &kGoneMs, sizeof kGoneMs);
}

}  // namespace

LiveSession::LiveSession(std::shared_ptr<LiveHub> hub, HttpStream& stream, LiveForm form,
                         LiveFilter filter)
    : hub_(std::move(hub)),
      stream_(stream),
      form_(form),
      filter_(std::move(filter)),
      output_(stream, [this] { more_room(); }),
      reader_(kMaxMessageBytes, form == LiveForm::socket_deflated) {
  prepare(stream);
  hub_->add(*this);
}

LiveSession::~LiveSession() {
  hub_->remove(*this);
}

Task<void> LiveSession::run(std::string early) {
  std::array<char, kReadBytes> chunk;
  bool open = early.empty() || take(early);
  while (open) {
    error_code ec;
    const size_t count = co_await stream_.async_read_some(
        asio::buffer(chunk), asio::redirect_error(asio::use_awaitable, ec));
    open = !ec && take({chunk.data(), count});
  }
  open_ = false;
  closing_ = true;
  alive_.reset();
  stream_.close();
  // What is under way holds on to the stream.
  gone_.emplace(stream_.get_executor(), asio::steady_timer::time_point::max());
  while (output_.busy()) {
    error_code ec;
    co_await gone_->async_wait(asio::redirect_error(asio::use_awaitable, ec));
  }
}

// ── Out ─────────────────────────────────────────────────────────────────────────────────────────

void LiveSession::put(std::string bytes) {
  output_.put(std::make_shared<const std::string>(std::move(bytes)));
  pump();
}

void LiveSession::begin(uint64_t sequence, const Bytes& greeting) {
  // Pictures are wanted from the first on; the former product's status holds them.
  place_ = {form_ == LiveForm::former ? hub_->log().last_tick() : 0, sequence};
  open_ = true;
  if (greeting) output_.put(greeting);
  pump();
}

void LiveSession::say(const LiveMessagePtr& message) {
  const Bytes& bytes = message->bytes(form_, hub_->deflater());
  if (!open_ || closing_ || !bytes || output_.waiting() >= kMaxWaiting) return;
  output_.put(bytes);
  pump();
}

void LiveSession::resync(uint64_t sequence, const LiveMessagePtr& message) {
  place_.sequence = sequence;
  say(message);
}

bool LiveSession::is_behind() const {
  // The former product knows no resumption.
  return form_ != LiveForm::former && place_.sequence < hub_->log().complete_after();
}

void LiveSession::pump() {
  std::vector<LiveLog::Piece>& pieces = hub_->scratch();
  while (!output_.busy() && !output_.failed()) {
    pieces.clear();
    LivePlace behind = place_;
    if (open_ && !closing_ && !is_behind() && output_.waiting() < LiveOutput::kMaxPieces)
      behind = hub_->log().read(place_, filter_, form_,
                                {LiveOutput::kMaxPieces - output_.waiting(), LiveOutput::kMaxBytes},
                                hub_->deflater(), pieces);
    if (pieces.empty() && output_.waiting() == 0) {
      place_ = behind;
      break;
    }
    const size_t taken = output_.write(pieces);
    if (taken == pieces.size())
      place_ = behind;
    else if (taken > 0)
      place_ = pieces[taken - 1].after;
  }
  if (output_.failed()) return stream_.close();
  if (!output_.idle()) return;
  if (closing_) return shut_down();
  if (open_ && is_behind()) catch_up();
}

void LiveSession::more_room() {
  if (gone_) {
    gone_->cancel();
    return;
  }
  pump();
}

void LiveSession::catch_up() {
  if (reading_) return;
  reading_ = true;
  hub_->read_events(place_.sequence, filter_,
                    [this, weak = std::weak_ptr(alive_)](Result<LivePage> page) {
                      if (weak.expired()) return;
                      reading_ = false;
                      if (page) take_page(*page);  // else the next tick tries again
                    });
}

void LiveSession::take_page(const LivePage& page) {
  if (page.first_sequence > place_.sequence + 1) {
    // What is gone from the journal cannot be told any more.
    const uint64_t sequence = hub_->log().last_sequence();
    return resync(sequence, resync_message(sequence));
  }
  for (const EventView& event : page.events)
    if (filter_.wants(event.kind))
      output_.put(event_message(event)->bytes(form_, hub_->deflater()));
  place_.sequence = std::max(place_.sequence, page.through);
  pump();
}

// ── The end ─────────────────────────────────────────────────────────────────────────────────────

void LiveSession::end(LiveEnd why) {
  if (closing_) return;
  hub_->count_end(why);
  const auto row = std::ranges::find(kEnds, why, &EndRow::why);
  if (row->status > 0) say(error_message(row->status, row->problem, row->detail));
  close(row->code, row->detail);
}

void LiveSession::close(CloseCode code, std::string_view reason) {
  if (closing_) return;
  closing_ = true;
  closing_since_ = hub_->now();
  if (form_ != LiveForm::events)
    output_.put(std::make_shared<const std::string>(close_frame(code, reason)));
  pump();
}

// The peer reads to the end and closes; tick() does not wait for long.
void LiveSession::shut_down() {
  error_code ec;
  if (!stream_.is_tls())
    stream_.lowest().socket().shutdown(asio::ip::tcp::socket::shutdown_send, ec);
}

void LiveSession::tick(Instant now) {
  if (closing_ && now - closing_since_ > kLinger) return stream_.close();
  if (!output_.busy() || output_.bytes_written() != busy_at_bytes_) {
    busy_at_bytes_ = output_.bytes_written();
    busy_since_ = now;
  }
  if (now - busy_since_ > kSlow) {
    end(LiveEnd::slow);
    return stream_.close();
  }
  pump();
}

// ── In ──────────────────────────────────────────────────────────────────────────────────────────

bool LiveSession::take(std::string_view bytes) {
  if (closing_) return true;  // until it closes
  if (form_ == LiveForm::events) return false;
  const auto broken = reader_.feed(
      bytes, [this](FrameReader::Message&& message) { take_message(std::move(message)); });
  if (broken) close(*broken, "the message is not as it must be");
  return true;
}

// A message costs a pause; some may come at once.
bool LiveSession::has_credit(Instant now) {
  credit_from_ = std::max(credit_from_, now - kBurst * kPause) + kPause;
  return credit_from_ <= now;
}

void LiveSession::take_message(FrameReader::Message&& message) {
  if (closing_) return;
  if (!has_credit(hub_->now())) return end(LiveEnd::flooding);
  switch (message.opcode) {
    case Opcode::close:
      return close(CloseCode::normal, "");
    case Opcode::ping:
      return put(frame_of(Opcode::pong, message.payload));
    case Opcode::text:
      break;
    case Opcode::pong:
      return;
    default:
      return close(CloseCode::unsupported, "messages are texts");
  }
  if (!message.deflated) return take_text(message.payload);
  const Result<std::string> text = inflate(message.payload, kMaxMessageBytes);
  if (text) return take_text(*text);
  const bool long_one = text.error().code == ErrorCode::exhausted;
  close(long_one ? CloseCode::too_big : CloseCode::invalid_data, text.error().message);
}

void LiveSession::take_text(std::string_view text) {
  const auto message = from_json<ClientMessage>(text, JsonReadOptions{.unknown_keys = true});
  if (message && message->type == "ping") return say(pong_message());
  if (message && message->type == "pong") return;
  if (form_ == LiveForm::former) {
    if (message && message->type == "request_status") hub_->send_former_status(*this);
    return;
  }
  say(error_message(400, "invalid", R"(a message is {"type":"ping"})"));
}

}  // namespace dray::notifier
