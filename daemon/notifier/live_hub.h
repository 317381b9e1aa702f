// Where what the broker publishes meets those who watch: follows the journal without a gap, keeps
// what is to be told (live_log.h), and wakes the connections.
//
// The publication of an event is only the fast way: what is missing between two of them is read
// from the database, where the event was committed before it was published.
//
// Thread: the loop's. Shared by the service and its connections; remove() works to the last.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "daemon/notifier/call.h"
#include "daemon/notifier/former_feed.h"
#include "daemon/notifier/live_log.h"
#include "daemon/notifier/live_session.h"
#include "daemon/notifier/live_snapshots.h"
#include "schemas/messages.h"

namespace dray::notifier {

// Of the journal, as it is stored.
struct LivePage {
  std::vector<EventView> events;
  uint64_t first_sequence = 0;  // of the oldest event that is still there
  uint64_t last_sequence = 0;   // of the newest, read before the events
  uint64_t through = 0;         // everything up to here is in this page, or is not for the reader
};

class LiveHub : public std::enable_shared_from_this<LiveHub> {
 public:
  explicit LiveHub(Api& api);
  ~LiveHub();
  LiveHub(const LiveHub&) = delete;
  LiveHub& operator=(const LiveHub&) = delete;

  void start();
  // No further connections; the ones there are told.
  void stop();

  // ── What the broker says ──────────────────────────────────────────────────────────────────────
  void on_event(const EventMessage& message);
  void on_progress(const RunProgress& progress);
  void on_link_back();

  // ── What connections ask ──────────────────────────────────────────────────────────────────────
  // Waits for the journal, which is read when the process starts. unavailable: it cannot be read;
  // exhausted: too many of that address.
  Task<Status> admit(std::string address);
  void add(LiveSession& session);
  void remove(LiveSession& session);
  // Events behind `since` that the filter's query finds; at most one page. `done` is called later.
  void read_events(uint64_t since, const LiveFilter& filter,
                   std::function<void(Result<LivePage>)> done);
  // Of the last event that is stored, which may be ahead of the log.
  Task<Result<uint64_t>> journal_end();
  void send_former_status(LiveSession& session);
  void tell_former(LiveSubject subject, LiveMessagePtr message);
  void count_end(LiveEnd why);
  const std::vector<LiveSession*>& sessions() const { return sessions_; }

  const LiveLog& log() const { return log_; }
  Deflater& deflater() { return deflater_; }
  LiveSnapshots& snapshots() { return snapshots_; }
  FormerFeed& former() { return former_; }
  std::vector<LiveLog::Piece>& scratch() { return scratch_; }
  Instant now() const { return api_.clock.now().mono; }

  struct Counters {
    std::array<size_t, kLiveForms> open{};
    std::array<uint64_t, kLiveEnds> ended{};
  };
  const Counters& counters() const { return counters_; }

 private:
  static Task<void> follow(std::shared_ptr<LiveHub> self);
  Task<Status> read_new();
  Task<Status> load();
  Task<Status> read_on();
  bool is_of_another_journal(const LivePage& page);
  void take_page(const LivePage& page);
  void begin_anew(uint64_t sequence);
  void append(const EventView& event);
  void fetch();
  void wake();
  void pass();
  void tick();
  void beat();
  void check_identities();

  static constexpr size_t kPageEvents = 500;   // of the journal that is followed
  static constexpr size_t kReaderEvents = 64;  // of one for a reader that is behind
  static constexpr uint64_t kPreloaded = 1000;
  static constexpr size_t kSlice = 512;  // connections, until others have their turn
  static constexpr Duration kTick = milliseconds{500};
  static constexpr Duration kHeartbeat = seconds{10};
  static constexpr Duration kPictureAge = minutes{10};
  // Passes leave the loop half of its time; what comes meanwhile goes out together.
  static constexpr Duration kMaxPause = milliseconds{20};

  Api& api_;
  LiveLog log_;
  Deflater deflater_;
  LiveSnapshots snapshots_;
  FormerFeed former_;
  std::vector<LiveLog::Piece> scratch_;
  std::vector<LiveSession*> sessions_;
  std::unordered_map<std::string, size_t> by_address_;
  Counters counters_;
  bool ready_ = false;  // the end of the journal is known
  bool stopping_ = false;
  bool fetching_ = false;
  bool fetch_again_ = false;
  bool passing_ = false;  // a pass is under way or asked for
  bool pass_again_ = false;
  size_t next_ = 0;       // of the pass under way
  Duration worked_{};     // by it
  FileIdentity journal_;  // the file that is followed
  uint64_t access_revision_ = 0;
  Instant beat_at_{};
  boost::asio::steady_timer followed_;  // its waits end when follow() does
  Timer tick_timer_;
  Timer pass_timer_;
};

}  // namespace dray::notifier
