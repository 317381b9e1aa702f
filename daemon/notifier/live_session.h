// One live connection: a WebSocket, a stream of Server-Sent Events, or a WebSocket of the former
// product. It has a place in the log and no queue; what is gone from the log it reads from the
// database, page by page, as fast as its reader takes it.
//
// Thread: the loop's. Lives in the coroutine of run(); the hub knows it as long as it runs.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>

#include "daemon/base/enum_names.h"
#include "daemon/notifier/exchange.h"
#include "daemon/notifier/live_filter.h"
#include "daemon/notifier/live_frames.h"
#include "daemon/notifier/live_output.h"

namespace dray::notifier {

class LiveHub;
struct LivePage;

// Why the server ends a connection.
enum class LiveEnd : uint8_t { slow, revoked, stopping, flooding };
inline constexpr size_t kLiveEnds = 4;
}  // namespace dray::notifier

template <>
struct dray::EnumNames<dray::notifier::LiveEnd> {
  using End = notifier::LiveEnd;
  static constexpr std::string_view kWhat = "reason to end a live connection";
  static constexpr EnumRow<End> kRows[] = {{End::slow, "slow"},
                                           {End::revoked, "revoked"},
                                           {End::stopping, "stopping"},
                                           {End::flooding, "flooding"}};
};

namespace dray::notifier {

class LiveSession {
 public:
  // Of what a client sends; it has little to say.
  static constexpr size_t kMaxMessageBytes = 16 << 10;
  // A reader that takes nothing for this long is let go.
  static constexpr Duration kSlow = seconds{30};
  // For the peer to close its side.
  static constexpr Duration kLinger = seconds{2};

  LiveSession(std::shared_ptr<LiveHub> hub, HttpStream& stream, LiveForm form, LiveFilter filter);
  ~LiveSession();
  LiveSession(const LiveSession&) = delete;
  LiveSession& operator=(const LiveSession&) = delete;

  // Until the connection is over. `early`: what the client sent right behind its request.
  Task<void> run(std::string early);

  // Goes out as it is, before anything else that has not.
  void put(std::string bytes);
  // From here on it is told what the log holds. First goes `greeting`, if there is one.
  void begin(uint64_t sequence, const Bytes& greeting);
  // Goes out before what the log has next.
  void say(const LiveMessagePtr& message);
  // Begins anew behind `sequence`: what was told before is no longer true.
  void resync(uint64_t sequence, const LiveMessagePtr& message);
  // Writes what there is, unless the reader is behind.
  void pump();
  void end(LiveEnd why);
  // Once a second or more often: lets go who is slow or does not close.
  void tick(Instant now);

  const LiveFilter& filter() const { return filter_; }
  LiveForm form() const { return form_; }
  bool is_open() const { return open_; }

 private:
  bool take(std::string_view bytes);
  void take_message(FrameReader::Message&& message);
  void take_text(std::string_view text);
  bool has_credit(Instant now);
  void close(CloseCode code, std::string_view reason);
  void shut_down();
  bool is_behind() const;
  void catch_up();
  void take_page(const LivePage& page);
  void more_room();

  // What a client may say: so many at once, and then one after each pause.
  static constexpr int kBurst = 20;
  static constexpr Duration kPause = milliseconds{200};

  std::shared_ptr<LiveHub> hub_;
  HttpStream& stream_;
  LiveForm form_;
  LiveFilter filter_;
  LiveOutput output_;
  FrameReader reader_;
  LivePlace place_;
  bool open_ = false;     // it has begun and has not ended
  bool closing_ = false;  // nothing more is said
  bool reading_ = false;  // a page of the database is on its way
  Instant busy_since_{};
  uint64_t busy_at_bytes_ = 0;
  Instant closing_since_{};
  Instant credit_from_{};
  std::optional<boost::asio::steady_timer> gone_;  // somebody waits for the output to end
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace dray::notifier
