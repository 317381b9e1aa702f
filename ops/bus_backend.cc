#include "ops/bus_backend.h"

#include <pwd.h>
#include <unistd.h>

#include <csignal>
#include <deque>

#include "broker/bus.h"
#include "broker/curve.h"
#include "daemon/base/random.h"

namespace dray::ops {
namespace {

std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "localhost";
}

// Verbs that a worker or the disk answers slowly.
struct SlowVerb {
  std::string_view name;
  Duration timeout;
};
constexpr SlowVerb kSlowVerbs[] = {{"remote.test", seconds{180}},
                                   {"remote.about", seconds{180}},
                                   {"remote.browse", seconds{180}},
                                   {"remote.host_key", seconds{180}},
                                   {"system.backup", minutes{30}}};

// What to say and do about a link that is down.
Error unreachable(const LinkState& link, const std::string& endpoint) {
  if (link.broker_up)
    return {ErrorCode::unavailable,
            "dray-broker answers, but the scheduler (drayd) is not connected to it. Is it running? "
            "`systemctl status drayd`"};
  if (!link.problem.empty())
    return {ErrorCode::unavailable,
            fmt::format("{}: {}. The log of dray-broker says more: `journalctl -u dray-broker`",
                        endpoint, link.problem)};
  return {ErrorCode::unavailable,
          fmt::format("nothing answers at {}. Is dray-broker running? `systemctl status "
                      "dray-broker`, or start everything with `dray up`",
                      endpoint)};
}

class BusBackend final : public Backend {
 public:
  BusBackend(EventLoop& loop, BusBackendOptions options, std::string endpoint)
      : loop_(loop), options_(std::move(options)), endpoint_(std::move(endpoint)), timer_(loop) {}

  Status open(BusOptions bus) {
    DRAY_TRY_ASSIGN(bus_, Bus::open(loop_, std::move(bus)));
    bus_->on_link([this](const LinkState& link) { link_changed(link); });
    bus_->on_message([this](const Incoming& incoming) { receive(incoming); });
    return {};
  }

  Result<std::string> request(std::string_view verb, const std::string& body) override {
    const Request question{std::string(verb), body, options_.asked_by, random_token(16)};
    Duration timeout = options_.answer_timeout;
    for (const SlowVerb& slow : kSlowVerbs)
      if (slow.name == verb) timeout = slow.timeout;
    DRAY_TRY_ASSIGN(Response answer, ask(question, timeout));
    if (answer.code != 0)
      return std::unexpected(Error{from_wire_code(answer.code), answer.message});
    return std::move(answer.body);
  }

  Result<Enqueued> enqueue(Enqueue question) override {
    question.asked_by = options_.asked_by;
    question.idempotency_key = random_token(16);
    return ask(question, options_.answer_timeout);
  }

  // Asking twice for the same cancel does no harm: the first one stands.
  Result<CancelReply> cancel(CancelRequest question) override {
    question.asked_by = options_.asked_by;
    return ask(question, options_.answer_timeout);
  }

  void send_chunk(const UploadChunk& chunk, uint64_t id) override {
    upload_id_ = id;
    bus_->send(chunk, id);
    bus_->flush();
  }

  void follow_progress(RunId run) override {
    bus_->subscribe(run ? progress_topic(run) : std::string(kProgressTopic),
                    [this](std::string_view, const Envelope& envelope) {
                      if (auto progress = envelope.decode<RunProgress>()) {
                        News news{
                            .kind = News::Kind::progress, .progress = {}, .event = {}, .text = {}};
                        news.progress = std::move(*progress);
                        push(std::move(news));
                      }
                    });
  }

  void follow_events() override {
    bus_->subscribe(std::string(kEventTopic), [this](std::string_view, const Envelope& envelope) {
      if (auto event = envelope.decode<EventMessage>()) {
        News news{.kind = News::Kind::event, .progress = {}, .event = {}, .text = {}};
        news.event = std::move(*event);
        push(std::move(news));
      }
    });
  }

  void catch_interrupt() override {
    if (options_.own_signals) loop_.on_signal(SIGINT, [this] { interrupt(); });
  }

  void interrupt() override {
    interrupted_ = true;
    push({.kind = News::Kind::interrupted, .progress = {}, .event = {}, .text = {}});
  }

  void go_on() override { interrupted_ = false; }

  News wait(Duration up_to) override {
    watching_ = true;
    if (news_.empty()) turn_until(up_to, [this] { return !news_.empty(); });
    if (news_.empty()) return {};
    News news = std::move(news_.front());
    news_.pop_front();
    return news;
  }

  Now now() const override { return clock_.now(); }

 private:
  void receive(const Incoming& incoming) {
    const Envelope& envelope = incoming.envelope;
    if (envelope.id() != upload_id_ || upload_id_ == 0) return;
    News news;
    if (envelope.type() == MessageType::upload_state) {
      auto state = envelope.decode<UploadState>();
      if (!state) return;
      news.kind = News::Kind::upload;
      news.upload = std::move(*state);
    } else if (envelope.type() == MessageType::nack) {
      const auto nack = envelope.decode<Nack>();
      news.kind = News::Kind::upload_refused;
      news.text = nack ? nack->message : "";
    } else {
      return;
    }
    push(std::move(news));
  }

  // Pictures of a run that nobody looked at yet are replaced, so a slow terminal lags behind never.
  void push(News news) {
    if (news.kind == News::Kind::progress) {
      for (News& waiting : news_) {
        if (waiting.kind == News::Kind::progress && waiting.progress.token == news.progress.token) {
          waiting = std::move(news);
          return;
        }
      }
    }
    news_.push_back(std::move(news));
  }

  void link_changed(const LinkState& link) {
    const bool up = link.broker_up && link.scheduler_up;
    if (watching_ && up != was_up_) {
      push({.kind = up ? News::Kind::link_back : News::Kind::link_lost,
            .progress = {},
            .event = {},
            .text = link.broker_up ? "the scheduler" : "the broker"});
    }
    was_up_ = up;
  }

  template <class Done>
  bool turn_until(Duration up_to, const Done& done) {
    bool expired = false;
    timer_.start_once(up_to, [&expired] { expired = true; });
    while (!done() && !expired && !interrupted_ && !loop_.stopped())
      loop_.run_turn();
    timer_.cancel();
    return done();
  }

  bool link_up() const { return bus_->link().broker_up && bus_->link().scheduler_up; }

  template <class Question>
  Result<typename AnswerOf<Question>::type> ask(const Question& question, Duration timeout) {
    const Instant give_up = clock_.now().mono + options_.reconnect_timeout;
    while (true) {
      if (!turn_until(connected_once_ ? give_up - clock_.now().mono : options_.connect_timeout,
                      [this] { return link_up(); })) {
        if (interrupted_) return fail(ErrorCode::unavailable, "interrupted");
        return std::unexpected(unreachable(bus_->link(), endpoint_));
      }
      connected_once_ = true;
      auto answer = ask_once(question, timeout);
      // Unknown whether it arrived: the same question with the same key cannot be done twice.
      const bool lost = !answer && answer.error().code == ErrorCode::unavailable && !link_up();
      if (!lost || clock_.now().mono >= give_up) return answer;
    }
  }

  template <class Question>
  Result<typename AnswerOf<Question>::type> ask_once(const Question& question, Duration timeout) {
    using Answer = typename AnswerOf<Question>::type;
    // Shared: after a time-out here the answer may still come.
    auto slot = std::make_shared<std::optional<Result<Answer>>>();
    bus_->ask(question, timeout, [slot](Result<Answer> answer) { *slot = std::move(answer); });
    bus_->flush();
    if (turn_until(timeout + seconds{1}, [&] { return slot->has_value(); }))
      return std::move(**slot);
    if (interrupted_) return fail(ErrorCode::unavailable, "interrupted");
    return fail(ErrorCode::timeout, "the scheduler did not answer within {} s",
                to_ms(timeout) / 1000);
  }

  EventLoop& loop_;
  BusBackendOptions options_;
  std::string endpoint_;
  Timer timer_;
  SystemClock clock_;
  std::unique_ptr<Bus> bus_;
  std::deque<News> news_;
  uint64_t upload_id_ = 0;
  bool watching_ = false;
  bool was_up_ = true;
  bool interrupted_ = false;
  bool connected_once_ = false;
};

}  // namespace

std::string this_person() {
  const passwd* entry = getpwuid(geteuid());
  return fmt::format("{}@{}", entry != nullptr ? entry->pw_name : std::to_string(geteuid()),
                     host_name());
}

Result<std::unique_ptr<Backend>> open_bus_backend(EventLoop& loop, const Config& config,
                                                  BusBackendOptions options) {
  BusOptions bus;
  bus.role = Role::ops;
  bus.name = "dray@" + host_name();
  bus.version = DRAY_VERSION;
  bus.endpoint = config.cli.broker;
  bus.events_endpoint = config.cli.events;
  bus.connect_timeout = options.connect_timeout;
  if (config.cli.broker.starts_with("tcp://")) {
    DRAY_TRY_ASSIGN(bus.curve,
                    load_curve_client(config.cli.secret_key_file, config.cli.server_key));
  }
  auto backend = std::make_unique<BusBackend>(loop, std::move(options), config.cli.broker);
  DRAY_TRY(backend->open(std::move(bus)));
  return backend;
}

}  // namespace dray::ops
