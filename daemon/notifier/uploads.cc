#include "daemon/notifier/uploads.h"

#include "daemon/base/digest.h"
#include "daemon/base/log.h"
#include "daemon/base/random.h"
#include "daemon/base/text.h"
#include "daemon/notifier/call.h"
#include "daemon/notifier/job_intake.h"
#include "daemon/notifier/multipart.h"
#include "daemon/notifier/run_requests.h"
#include "daemon/notifier/upload_stream.h"
#include "schemas/answers_uploads.h"
#include "schemas/codec.h"
#include "schemas/file_name.h"
#include "schemas/run_task.h"

namespace dray::notifier {
namespace {

constexpr size_t kReadBytes = 64 << 10;
constexpr Duration kLookEvery = seconds{2};
// A sender that is slower than this over a whole minute holds a worker's slot for nothing.
constexpr Duration kPace = seconds{60};
constexpr uint64_t kPaceBytes = 64 << 10;

struct UploadAccepted {
  RunId run;
  std::string job;
  std::string name;
  uint64_t bytes = 0;
  std::string sha256;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("run", self.run);
    visit("job", self.job);
    visit("name", self.name);
    visit("bytes", self.bytes);
    visit("sha256", self.sha256);
  }
};

// What the form says, and the bytes of its file until somebody takes them.
struct Form final : MultipartReader::Handler {
  std::string client;
  std::string job;
  std::string name;
  uint64_t size = UploadTask::kUnknownSize;
  bool file_began = false;
  bool file_ended = false;
  std::string bytes;

  Status on_field(std::string field, std::string value) override {
    if (field == "client")
      client = std::move(value);
    else if (field == "job")
      job = std::move(value);
    else if (field == "name")
      name = std::move(value);
    else if (field == "size") {
      DRAY_TRY_ASSIGN(const JsonDocument number, JsonDocument::parse(value));
      const auto whole = number.root().unsigned_integer();
      if (!whole) return fail(ErrorCode::invalid, "size: must be a number of bytes");
      size = *whole;
    } else {
      return fail(ErrorCode::invalid,
                  "the form has an unknown field; allowed: client, job, name, size, file");
    }
    return {};
  }
  Status on_file(std::string, std::string file_name) override {
    if (file_began) return fail(ErrorCode::invalid, "file: one at a time");
    file_began = true;
    if (!name.empty()) return check_file_name(name);
    DRAY_TRY_ASSIGN(name, file_name_of(file_name));
    return check_file_name(name);
  }
  Status on_bytes(std::string_view more) override {
    bytes += more;
    return {};
  }
  Status on_file_end() override {
    file_ended = true;
    return {};
  }
};

class UploadRequest {
 public:
  UploadRequest(Call& call, Exchange& exchange, MultipartReader reader)
      : call_(call), exchange_(exchange), reader_(std::move(reader)) {}

  Task<Result<UploadAccepted>> run();

 private:
  Task<Status> read_more();
  Task<Result<std::string>> find_job();
  Task<Status> open();
  Task<Status> pass_on();
  Task<Status> deliver();
  Task<Status> check_run();
  Task<void> give_up(std::string why);
  Status check_pace(Duration waited, size_t bytes);

  Call& call_;
  Exchange& exchange_;
  MultipartReader reader_;
  Form form_;
  std::string buffer_ = std::string(kReadBytes, '\0');
  bool body_ended_ = false;
  std::string job_;
  RunId run_;
  std::unique_ptr<UploadStream> stream_;
  Duration waited_{};
  uint64_t arrived_ = 0;
};

Status UploadRequest::check_pace(Duration waited, size_t bytes) {
  waited_ += waited;
  arrived_ += bytes;
  if (waited_ < kPace) return {};
  const bool slow = arrived_ < kPaceBytes;
  waited_ = Duration::zero();
  arrived_ = 0;
  return slow ? fail(ErrorCode::timeout, "the file comes too slowly") : Status{};
}

Task<Status> UploadRequest::read_more() {
  const Instant began = call_.api.clock.now().mono;
  const Result<size_t> count = co_await exchange_.read(std::span(buffer_.data(), buffer_.size()));
  if (!count) co_return std::unexpected(count.error());
  body_ended_ = *count == 0;
  if (body_ended_) co_return reader_.finish();
  const Status pace = check_pace(call_.api.clock.now().mono - began, *count);
  if (!pace) co_return pace;
  co_return reader_.feed(std::string_view(buffer_.data(), *count), form_);
}

Task<Result<std::string>> UploadRequest::find_job() {
  VerbClient& verbs = call_.api.verbs;
  std::string client = call_.who.client.empty() ? form_.client : call_.who.client;
  if (!form_.job.empty() && client.empty()) {
    const auto shown = co_await verbs.ask_as<JobShowAnswer>(
        call_.who, "job.show", fmt::format(R"({{"name":{}}})", json_quote(form_.job)));
    if (!shown) co_return std::unexpected(annotate(shown.error(), "job"));
    client = shown->job.spec.client;
  }
  std::string body = "{";
  if (!client.empty()) body += fmt::format(R"("client":{})", json_quote(client));
  if (!form_.job.empty())
    body += fmt::format(R"({}"job":{})", body.size() > 1 ? "," : "", json_quote(form_.job));
  auto prepared = co_await verbs.ask_as<UploadJobAnswer>(call_.who, "upload.prepare", body + "}");
  if (prepared && prepared->needs_key) {
    const Result<std::string> key = co_await new_crypt_key(call_, prepared->job);
    if (!key) co_return std::unexpected(key.error());
    body += fmt::format(R"({}"crypt_key":{})", body.size() > 1 ? "," : "", *key);
    prepared = co_await verbs.ask_as<UploadJobAnswer>(call_.who, "upload.prepare", body + "}");
  }
  if (!prepared) co_return std::unexpected(prepared.error());
  co_return prepared->job;
}

// Makes the run that takes the file.
Task<Status> UploadRequest::open() {
  Result<std::string> job = co_await find_job();
  if (!job) co_return std::unexpected(job.error());
  job_ = std::move(*job);
  const std::string ticket = random_token();
  RunTask task;
  task.upload = {form_.name, form_.size, to_hex(sha256(ticket))};
  Enqueue question;
  question.job = job_;
  question.task = to_json(task);
  const auto queued = co_await call_.api.verbs.enqueue(call_.who, std::move(question),
                                                       call_.request.header("idempotency-key"));
  if (!queued) co_return std::unexpected(queued.error());
  if (queued->code != 0)
    co_return std::unexpected(Error{from_wire_code(queued->code), queued->message});
  run_ = queued->run;
  stream_ = std::make_unique<UploadStream>(call_.api.loop, call_.api.clock, call_.api.bus,
                                           call_.api.uploads, run_, ticket);
  co_return Status{};
}

// The run may have ended without us: cancelled, refused by the destination.
Task<Status> UploadRequest::check_run() {
  const auto read = [run = run_](store::Db& db) { return store::Queries(db).run(run); };
  const auto run = co_await call_.api.database.ask(read);
  if (!run || !*run || !is_terminal((*run)->state)) co_return Status{};
  const RunView& view = **run;
  if (view.state == RunState::succeeded || view.state == RunState::warning) co_return Status{};
  co_return fail(ErrorCode::conflict, "run {} {}{}{}", run_, to_string(view.state),
                 view.hint.empty() ? "" : ": ", view.hint);
}

// What has arrived here goes to the worker; waits while that has enough.
Task<Status> UploadRequest::pass_on() {
  if (!form_.bytes.empty()) stream_->append(std::exchange(form_.bytes, {}));
  if (form_.file_ended && !body_ended_) co_return Status{};
  while (!stream_->has_room()) {
    const uint64_t before = stream_->acknowledged();
    co_await stream_->wait(kLookEvery);
    if (stream_->failure()) co_return std::unexpected(*stream_->failure());
    if (stream_->acknowledged() > before) continue;
    if (const Status alive = co_await check_run(); !alive) co_return alive;
  }
  if (stream_->size() > call_.api.config.notifier.upload_max_size)
    co_return fail(ErrorCode::exhausted, "file: is larger than notifier.upload_max_size");
  co_return Status{};
}

Task<Status> UploadRequest::deliver() {
  stream_->end();
  while (!stream_->delivered()) {
    co_await stream_->wait(kLookEvery);
    if (stream_->failure()) co_return std::unexpected(*stream_->failure());
    if (stream_->delivered()) break;
    if (const Status alive = co_await check_run(); !alive) co_return alive;
  }
  co_return Status{};
}

// The run must not wait for somebody who has gone.
Task<void> UploadRequest::give_up(std::string why) {
  if (!run_) co_return;
  CancelRequest question;
  question.runs = {run_};
  question.reason = std::move(why);
  const auto cancelled = co_await call_.api.verbs.cancel(call_.who, std::move(question));
  // The scheduler stops the worker; while it is away, the worker learns it from us.
  if (!cancelled && stream_) stream_->abort();
}

Task<Result<UploadAccepted>> UploadRequest::run() {
  Status good;
  while (good && !body_ended_) {
    good = co_await read_more();
    if (good && form_.file_began && !stream_) good = co_await open();
    if (good && stream_) good = co_await pass_on();
    if (good && stream_ && stream_->failure()) good = std::unexpected(*stream_->failure());
  }
  if (good && !stream_) good = fail(ErrorCode::invalid, "file: is missing");
  if (good) good = co_await deliver();
  if (!good) {
    co_await give_up("the upload was not completed: " + good.error().message);
    co_return std::unexpected(good.error());
  }
  co_return UploadAccepted{run_, job_, form_.name, stream_->size(), stream_->sha256()};
}

Task<HttpReply> take_upload(Call& call, Exchange& exchange) {
  const Config::Notifier& config = call.api.config.notifier;
  if (call.api.uploads->count() >= config.uploads)
    co_return refusal_reply(Refusal::overloaded, "too many files are handed in at this moment",
                            call.request);
  if (call.request.body_bytes > config.upload_max_size)
    co_return refusal_reply(Refusal::too_large, "the file is larger than notifier.upload_max_size",
                            call.request);
  const Result<std::string> boundary = multipart_boundary(call.request.header("content-type"));
  if (!boundary)
    co_return refusal_reply(Refusal::unsupported_media_type, boundary.error().message,
                            call.request);
  UploadRequest upload(call, exchange, MultipartReader(*boundary));
  const Result<UploadAccepted> accepted = co_await upload.run();
  co_return answer_as(call, accepted);
}

}  // namespace

void Uploads::on_message(const Incoming& incoming) {
  const auto found = listeners_.find(incoming.envelope.id());
  if (found == listeners_.end()) return;
  if (incoming.envelope.type() == MessageType::nack) return found->second->on_refused();
  if (incoming.envelope.type() != MessageType::upload_state) return;
  const Result<UploadState> state = incoming.envelope.decode<UploadState>();
  if (state) found->second->on_state(*state);
}

void Uploads::on_link_back() {
  for (const auto& [id, listener] : listeners_)
    listener->on_link_back();
}

uint64_t Uploads::add(UploadListener& listener) {
  const uint64_t id = random_u64() % (Bus::kFirstAskId - 1) + 1;
  listeners_[id] = &listener;
  return id;
}

void Uploads::remove(uint64_t id) {
  listeners_.erase(id);
}

Task<void> serve_upload(Call& call, Exchange& exchange) {
  HttpReply reply = co_await take_upload(call, exchange);
  co_await exchange.reply(std::move(reply));
}

}  // namespace dray::notifier
