#include "workers/service.h"

#include <utility>

#include "daemon/base/log.h"

namespace dray::worker {

WorkerService::WorkerService(EventLoop& loop, const Clock& clock, Bus& bus, Executor& executor,
                             ResultSpool& spool, CoreOptions options,
                             std::vector<AttemptResult> spooled,
                             std::function<void(const std::string&)> on_exit)
    : loop_(loop),
      clock_(clock),
      bus_(bus),
      executor_(executor),
      spool_(spool),
      core_(std::move(options), std::move(spooled)),
      on_exit_(std::move(on_exit)),
      timer_(loop) {
  executor_.listen(
      {.running = [this](const Token& token) { step(AttemptRunning{token}); },
       .progress =
           [this](const Token& token, const Progress& progress) {
             RunProgress picture;
             picture.token = token;
             picture.sequence = ++progress_sequence_;
             picture.progress = progress;
             bus_.publish_progress(picture);
             step(AttemptProgress{token, progress});
           },
       .bandwidth =
           [this](const Token& token, bool live, uint64_t bytes_per_second) {
             step(BandwidthInForce{token, live, bytes_per_second});
           },
       .upload_state = [this](const UploadState& state, uint64_t id) { bus_.send(state, id); },
       .ended = [this](AttemptResult result) { step(AttemptEnded{std::move(result)}); }});
  bus_.on_message([this](const Incoming& incoming) { on_message(incoming); });
  const auto on_link = [this](const LinkState& link) {
    if (link == link_) return;
    if (link.scheduler_up != link_.scheduler_up || !link.broker_up)
      log_at(link.problem.empty() ? LogLevel::info : LogLevel::warn,
             {"worker.link", {{"scheduler_up", link.scheduler_up}}}, "{}{}{}",
             link.scheduler_up ? "the scheduler is there" : "the scheduler is out of reach",
             link.problem.empty() ? "" : ": ", link.problem);
    link_ = link;
    // Before HELLO, which may make the scheduler give an account to somebody else.
    if (link.scheduler_up && logins_ != nullptr) logins_->send_all();
    step(LinkChanged{link.scheduler_up});
  };
  bus_.on_link(on_link);
  on_link(bus_.link());
}

WorkerService::~WorkerService() {
  bus_.on_message({});
  bus_.on_link({});
}

void WorkerService::drain(Duration patience) {
  step(Drain{patience});
}

// ── In ──────────────────────────────────────────────────────────────────────────────────────────

template <class Message>
void WorkerService::take(const Incoming& incoming) {
  Result<Message> message = incoming.envelope.decode<Message>();
  if (!message) {
    log_warn({"worker.bad_message", {{"type", incoming.envelope.type()}}}, "refused: {}",
             message.error().message);
    bus_.send(Nack{to_wire_code(message.error().code), message.error().message},
              incoming.envelope.id());
    return;
  }
  step(Event{std::move(*message)});
}

void WorkerService::on_message(const Incoming& incoming) {
  using Take = void (WorkerService::*)(const Incoming&);
  struct Row {
    MessageType type;
    Take take;
  };
  static constexpr Row kRows[] = {
      {MessageType::welcome, &WorkerService::take<Welcome>},
      {MessageType::goodbye, &WorkerService::take<Goodbye>},
      {MessageType::renewed, &WorkerService::take<Renewed>},
      {MessageType::assign, &WorkerService::take<Assign>},
      {MessageType::start, &WorkerService::take<Start>},
      {MessageType::withdraw, &WorkerService::take<Withdraw>},
      {MessageType::stop_attempt, &WorkerService::take<StopAttempt>},
      {MessageType::set_bandwidth, &WorkerService::take<SetBandwidth>},
      {MessageType::result_ack, &WorkerService::take<ResultAck>},
      {MessageType::stale, &WorkerService::take<Stale>},
      {MessageType::probe, &WorkerService::probe},
      {MessageType::log_read, &WorkerService::log_read},
      {MessageType::worker_query, &WorkerService::query},
      {MessageType::remote_refreshed_ack, &WorkerService::login_stored},
      {MessageType::upload_chunk, &WorkerService::upload_chunk},
  };
  for (const Row& row : kRows) {
    if (row.type == incoming.envelope.type()) return (this->*row.take)(incoming);
  }
  if (incoming.envelope.type() == MessageType::nack) {
    const Result<Nack> nack = incoming.envelope.decode<Nack>();
    log_warn("worker.refused", "a message of ours was refused: {}",
             nack ? nack->message : nack.error().message);
    return;
  }
  bus_.send(Nack{to_wire_code(ErrorCode::invalid), "a worker does not take this message"},
            incoming.envelope.id());
}

void WorkerService::probe(const Incoming& incoming) {
  const Result<Probe> question = incoming.envelope.decode<Probe>();
  const uint64_t id = incoming.envelope.id();
  if (!question) {
    bus_.send(Nack{to_wire_code(question.error().code), question.error().message}, id);
    return;
  }
  executor_.probe(*question, [this, id, alive = std::weak_ptr<bool>(alive_)](ProbeResult result) {
    if (!alive.expired()) bus_.send(result, id);
  });
}

void WorkerService::log_read(const Incoming& incoming) {
  const Result<LogRead> question = incoming.envelope.decode<LogRead>();
  const uint64_t id = incoming.envelope.id();
  if (!question) {
    bus_.send(Nack{to_wire_code(question.error().code), question.error().message}, id);
    return;
  }
  bus_.send(executor_.read_log(*question), id);
}

void WorkerService::query(const Incoming& incoming) {
  Result<WorkerQuery> question = incoming.envelope.decode<WorkerQuery>();
  const uint64_t id = incoming.envelope.id();
  if (question && queries_ == nullptr)
    question = fail(ErrorCode::unavailable, "this worker answers no questions");
  if (!question) {
    bus_.send(Nack{to_wire_code(question.error().code), question.error().message}, id);
    return;
  }
  queries_->start(std::move(*question),
                  [this, id, alive = std::weak_ptr<bool>(alive_)](const WorkerAnswer& answer) {
                    if (!alive.expired()) bus_.send(answer, id);
                  });
}

void WorkerService::keep_logins(LoginKeeper& logins) {
  logins_ = &logins;
  logins.connect(
      [this, alive = std::weak_ptr<bool>(alive_)](const RemoteRefreshed& message, uint64_t id) {
        if (!alive.expired()) bus_.send(message, id);
      });
}

void WorkerService::login_stored(const Incoming& incoming) {
  const Result<RemoteRefreshedAck> ack = incoming.envelope.decode<RemoteRefreshedAck>();
  if (!ack) return log_warn("worker.bad_message", "refused: {}", ack.error().message);
  if (logins_ != nullptr) logins_->acknowledged(*ack, incoming.envelope.id());
}

void WorkerService::upload_chunk(const Incoming& incoming) {
  Result<UploadChunk> chunk = incoming.envelope.decode<UploadChunk>();
  if (chunk) return executor_.upload(std::move(*chunk), incoming.envelope.id());
  log_warn("worker.bad_message", "refused a part of a file: {}", chunk.error().message);
}

// ── The core ────────────────────────────────────────────────────────────────────────────────────

void WorkerService::step(const Event& event) {
  std::vector<Action> actions;
  core_.step(event, clock_.now(), actions);
  for (Action& action : actions)
    std::visit([this](auto& a) { carry_out(a); }, action);
  end_turn_later();
}

void WorkerService::end_turn_later() {
  if (turn_end_pending_) return;
  turn_end_pending_ = true;
  loop_.at_end_of_turn([this, alive = std::weak_ptr<bool>(alive_)] {
    if (!alive.expired()) end_turn();
  });
}

void WorkerService::end_turn() {
  turn_end_pending_ = false;
  spool_results();
  arm_timer();
}

namespace {

void log_end(const AttemptResult& result) {
  log_info({"run.ended",
            {{"run", result.token.run},
             {"attempt", result.token.attempt},
             {"outcome", result.outcome},
             {"class", result.error_class},
             {"duration_ms", result.duration_ms}}},
           "run {} ended: {}{}{}", result.token.run, to_string(result.outcome),
           result.hint.empty() ? "" : ", ", result.hint);
}

}  // namespace

void WorkerService::spool_results() {
  if (to_spool_.empty()) return;
  const std::vector<AttemptResult> batch = std::exchange(to_spool_, {});
  const Status stored = spool_.put(batch);
  if (!stored && !spool_failing_)
    log_error("spool.failed", "results cannot be stored and are only in memory: {}",
              stored.error().message);
  spool_failing_ = !stored;
  for (const AttemptResult& result : batch)
    step(ResultSpooled{result.token, stored.has_value()});
  bus_.flush();
  // Nobody waits for the log.
  for (const AttemptResult& result : batch)
    log_end(result);
}

void WorkerService::arm_timer() {
  const std::optional<Instant> at = core_.next_deadline();
  if (at == timer_at_) return;
  timer_at_ = at;
  if (!at) return timer_.cancel();
  timer_.start_once(*at - clock_.now().mono, [this] {
    timer_at_.reset();
    step(Tick{});
  });
}

// ── Out ─────────────────────────────────────────────────────────────────────────────────────────

void WorkerService::carry_out(Send<Hello>& action) {
  bus_.send(action.message);
}
void WorkerService::carry_out(Send<Renew>& action) {
  bus_.send(action.message);
}
void WorkerService::carry_out(Send<Accept>& action) {
  bus_.send(action.message);
}
void WorkerService::carry_out(Send<AttemptResult>& action) {
  bus_.send(action.message);
}

void WorkerService::carry_out(Send<Reject>& action) {
  log_info({"run.rejected", {{"run", action.message.token.run}}}, "run {} not taken: {}",
           action.message.token.run, action.message.why);
  bus_.send(action.message);
}

void WorkerService::carry_out(StartAttempt& action) {
  executor_.start(action);
  log_info({"run.starting",
            {{"run", action.token.run},
             {"attempt", action.token.attempt},
             {"job", action.spec.job},
             {"client", action.spec.client}}},
           "starting run {} of job {}", action.token.run, action.spec.job);
}

void WorkerService::carry_out(ExtendLease& action) {
  executor_.extend(action.token, action.kill_at);
}
void WorkerService::carry_out(EndAttempt& action) {
  executor_.stop(action.token, action.reason, action.detail);
}

void WorkerService::carry_out(ApplyBandwidth& action) {
  executor_.set_bandwidth(action.token, action.bytes_per_second);
}

void WorkerService::carry_out(SpoolResult& action) {
  to_spool_.push_back(std::move(action.result));
}

void WorkerService::carry_out(UnspoolResult& action) {
  spool_.remove(action.token);
}

void WorkerService::carry_out(Exit& action) {
  bus_.flush();
  on_exit_(action.why);
}

}  // namespace dray::worker
