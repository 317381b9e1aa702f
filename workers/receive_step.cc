#include "workers/receive_step.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <deque>
#include <optional>

#include "daemon/base/crc32.h"
#include "daemon/base/digest.h"
#include "daemon/base/text.h"
#include "schemas/codec.h"
#include "workers/process_runner.h"
#include "workers/remote_listing.h"

namespace dray::worker {
namespace {

// What a sender may have on its way: 40 MB/s over a distance of 100 ms.
constexpr uint64_t kWindow = 4 << 20;

class ReceiveStep final : public Step, ChunkTaker {
 public:
  explicit ReceiveStep(AttemptState& state)
      : state_(state), silence_(state.context.loop), file_(state.task.upload) {}
  ~ReceiveStep() override { state_.upload.taker = nullptr; }

  void begin() override;
  void extend(Instant kill_at) override {
    if (runner_) runner_->extend(kill_at);
  }
  void stop(StopReason reason) override {
    if (!failure_) refuse(ErrorCode::unavailable, "the run was stopped");
    if (runner_) runner_->stop(reason);
  }

 private:
  void take(UploadChunk chunk, uint64_t id) override;
  void keep(std::string data);
  void complete();
  void pump();
  void pass(size_t bytes);
  void answer(bool resend = false);
  void refuse(ErrorCode code, std::string_view why);
  void give_up(ErrorClass error_class, bool retry, std::string hint);
  void watch_silence();
  void show(bool always);
  void finish(const ProcessEnd& end);
  Instant now() const { return state_.context.clock.now().mono; }
  bool size_known() const { return file_.size != UploadTask::kUnknownSize; }
  std::string progress_text() const {
    return size_known() ? fmt::format("{} of {}", human_bytes(passed_), human_bytes(file_.size))
                        : human_bytes(passed_);
  }

  AttemptState& state_;
  Timer silence_;
  const UploadTask& file_;
  std::unique_ptr<ProcessRunner> runner_;
  std::unique_ptr<EventLoop::Watch> writable_;
  std::deque<std::string> waiting_;  // taken and not passed on
  size_t front_done_ = 0;            // of waiting_.front()
  uint64_t taken_ = 0;
  uint64_t passed_ = 0;
  bool started_ = false;
  bool complete_ = false;  // everything was taken
  bool ended_input_ = false;
  bool closed_ = false;             // rclone reads no more
  std::optional<uint64_t> sender_;  // the id of its chunks
  Instant last_heard_{};
  Instant first_byte_{};
  std::optional<StepEnd> failure_;
  Crc32 crc32_;
  Digest sha256_{DigestKind::sha256};
  const bool comparable_ = !state_.policy.encryption;  // crypt knows no hash to compare with
  Digest sha1_{DigestKind::sha1};
  Digest md5_{DigestKind::md5};
};

void ReceiveStep::begin() {
  const RunContext& context = state_.context;
  const std::string place = below_place(state_.config.destination, incoming_file(state_.token.run));
  ProcessPlan plan;
  plan.label = fmt::format("run-{}-{}", state_.token.run, state_.token.attempt);
  plan.argv = step_argv(context.rclone, "rcat", {&place, 1}, state_.paths, {});
  plan.environment = rclone_environment(state_.paths);
  plan.verb = RcloneVerb::stream;
  plan.stall = seconds{state_.spec.options.stall_seconds};
  plan.feed_input = true;
  plan.on_started = [this] {
    started_ = true;
    fcntl(runner_->input(), F_SETFL, O_NONBLOCK);
    show(true);
    pump();
    answer();
  };
  state_.upload.begun = true;
  state_.upload.taker = this;
  last_heard_ = now();
  watch_silence();
  runner_ = std::make_unique<ProcessRunner>(state_, std::move(plan),
                                            [this](const ProcessEnd& end) { finish(end); });
  runner_->begin();
}

// ── In ──────────────────────────────────────────────────────────────────────────────────────────

void ReceiveStep::take(UploadChunk chunk, uint64_t id) {
  sender_ = id;
  last_heard_ = now();
  if (failure_) return refuse(ErrorCode::unavailable, failure_->hint);
  if (chunk.abort)
    return give_up(ErrorClass::none, false,
                   fmt::format("The sender gave up after {}.", progress_text()));
  if (chunk.offset > taken_) return answer(true);
  const uint64_t known = taken_ - chunk.offset;
  if (known < chunk.data.size()) {
    if (known > 0) chunk.data.erase(0, known);
    if (taken_ - passed_ + chunk.data.size() > kWindow) return answer(true);
    keep(std::move(chunk.data));
  }
  if (chunk.last && !complete_ && !failure_) complete();
  pump();
  answer();
}

void ReceiveStep::keep(std::string data) {
  if (complete_ || (size_known() && data.size() > file_.size - taken_))
    return give_up(ErrorClass::source_changed, false,
                   "More arrived than the sender had announced: the file grew while it was sent.");
  crc32_.update(data);
  sha256_.update(data);
  if (comparable_) {
    sha1_.update(data);
    md5_.update(data);
  }
  taken_ += data.size();
  waiting_.push_back(std::move(data));
}

void ReceiveStep::complete() {
  if (size_known() && taken_ != file_.size)
    return give_up(ErrorClass::source_changed, false,
                   fmt::format("Only {} of {} bytes arrived: the file shrank while it was sent.",
                               taken_, file_.size));
  complete_ = true;
  UploadWork& upload = state_.upload;
  upload.size = taken_;
  upload.crc32 = crc32_.value();
  upload.sha256 = sha256_.finish_hex();
  upload.sha1 = sha1_.finish_hex();
  upload.md5 = md5_.finish_hex();
}

// A sender that has nothing to say asks from time to time: one that says nothing is gone. After the
// last byte it may go.
void ReceiveStep::watch_silence() {
  const Duration patience = state_.context.upload_patience;
  silence_.start_once(last_heard_ + patience - now(), [this, patience] {
    if (complete_ || failure_) return;
    if (now() - last_heard_ < patience) return watch_silence();
    give_up(ErrorClass::network, false,
            fmt::format("Nothing was heard of the sender for {}; {} had arrived.",
                        human_duration(patience), progress_text()));
  });
}

// ── Through ─────────────────────────────────────────────────────────────────────────────────────

void ReceiveStep::pump() {
  if (!started_ || closed_ || failure_ || writable_) return;
  while (!waiting_.empty()) {
    const std::string& front = waiting_.front();
    const ssize_t wrote =
        write(runner_->input(), front.data() + front_done_, front.size() - front_done_);
    if (wrote > 0) {
      pass(static_cast<size_t>(wrote));
    } else if (wrote < 0 && errno == EINTR) {
      continue;
    } else if (wrote < 0 && errno == EAGAIN) {
      writable_ = state_.context.loop.watch_writable(runner_->input(), [this] {
        writable_.reset();
        const uint64_t before = passed_;
        pump();
        if (passed_ > before) answer();
      });
      return;
    } else {
      closed_ = true;  // it has ended, and says why
      return;
    }
  }
  if (complete_ && !ended_input_) {
    ended_input_ = true;
    runner_->end_input();
  }
}

void ReceiveStep::pass(size_t bytes) {
  if (passed_ == 0) first_byte_ = now();
  passed_ += bytes;
  front_done_ += bytes;
  if (front_done_ == waiting_.front().size()) {
    waiting_.pop_front();
    front_done_ = 0;
  }
  runner_->moved(now());
  show(false);
}

// ── Out ─────────────────────────────────────────────────────────────────────────────────────────

void ReceiveStep::answer(bool resend) {
  if (!sender_ || failure_) return;
  UploadState answer;
  answer.token = state_.token;
  answer.received = passed_;
  answer.window = started_ ? kWindow : 0;
  answer.resend = resend;
  state_.host.upload_state(answer, *sender_);
}

void ReceiveStep::refuse(ErrorCode code, std::string_view why) {
  if (!sender_) return;
  UploadState answer;
  answer.token = state_.token;
  answer.code = to_wire_code(code);
  answer.message = why;
  answer.received = passed_;
  state_.host.upload_state(answer, *sender_);
}

// rclone is killed with its input open: the end of it would make a file of what arrived.
void ReceiveStep::give_up(ErrorClass error_class, bool retry, std::string hint) {
  StepEnd end;
  end.outcome = Outcome::failed;
  end.error_class = error_class;
  end.retry = retry;
  end.hint = std::move(hint);
  failure_ = std::move(end);
  waiting_.clear();
  refuse(ErrorCode::unavailable, failure_->hint);
  runner_->stop(StopReason::stale);
}

void ReceiveStep::show(bool always) {
  Progress progress;
  progress.phase = Phase::transferring;
  progress.bytes_done = static_cast<int64_t>(passed_);
  progress.files_total = 1;
  progress.totals_are_lower_bounds = !size_known();
  progress.bytes_total = static_cast<int64_t>(size_known() ? file_.size : passed_);
  const int64_t lasted = passed_ > 0 ? to_ms(now() - first_byte_) : 0;
  if (lasted > 0) progress.bytes_per_second = progress.bytes_done * 1000 / lasted;
  if (size_known() && file_.size > 0)
    progress.percent = 100.0 * static_cast<double>(passed_) / static_cast<double>(file_.size);
  if (size_known() && progress.bytes_per_second > 0)
    progress.eta_seconds = (progress.bytes_total - progress.bytes_done) / progress.bytes_per_second;
  progress.files.push_back({.name = file_.name,
                            .bytes = progress.bytes_done,
                            .size = size_known() ? progress.bytes_total : -1,
                            .percent = static_cast<int>(progress.percent)});
  state_.host.show(progress, always);
}

void ReceiveStep::finish(const ProcessEnd& how) {
  silence_.cancel();
  writable_.reset();
  state_.upload.taker = nullptr;
  if (failure_) return state_.host.ended(*failure_);
  StepEnd end = judge_process(how);
  const bool whole = complete_ && passed_ == taken_;
  if (is_good(end.outcome) && !whole) {
    end = StepEnd{};
    end.outcome = Outcome::failed;
    end.error_class = ErrorClass::integrity;
    end.retry = true;
    end.hint = fmt::format("rclone ended before it had read everything: {}.", progress_text());
  }
  if (is_good(end.outcome)) {
    end = StepEnd{};
    state_.bytes = passed_;
    state_.files = 1;
  } else {
    refuse(ErrorCode::unavailable, end.hint);
  }
  show(true);
  state_.host.ended(std::move(end));
}

}  // namespace

std::unique_ptr<Step> make_receive_step(AttemptState& state) {
  return std::make_unique<ReceiveStep>(state);
}

}  // namespace dray::worker
