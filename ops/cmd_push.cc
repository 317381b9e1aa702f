// dray push, dray receipts
#include "daemon/base/quote.h"
#include "daemon/base/random.h"
#include "daemon/base/text.h"
#include "ops/commands.h"
#include "ops/context.h"
#include "ops/format.h"
#include "ops/job_key.h"
#include "ops/push_session.h"
#include "ops/run_id.h"
#include "ops/views.h"
#include "ops/watch.h"
#include "schemas/answers_uploads.h"
#include "schemas/codec.h"
#include "schemas/file_name.h"
#include "schemas/run_task.h"

namespace dray::ops {
namespace {

constexpr int64_t kDefaultLimit = 25;
// For the worker to remove what had arrived, before we say that we could not wait.
constexpr Duration kCancelTime = seconds{60};

Result<std::string> upload_job(Context& context, const Args& args) {
  Json body = Json::object();
  if (args.has("--client")) body["client"] = args.text("--client");
  if (args.has("--job")) {
    body["job"] = args.text("--job");
    // A job knows its client.
    if (!args.has("--client")) {
      DRAY_TRY_ASSIGN(const JobShowAnswer shown,
                      context.ask_as<JobShowAnswer>("job.show", {{"name", args.text("--job")}}));
      body["client"] = shown.job.spec.client;
    }
  }
  DRAY_TRY_ASSIGN(UploadJobAnswer answer, context.ask_as<UploadJobAnswer>("upload.prepare", body));
  if (answer.needs_key) {
    DRAY_TRY_ASSIGN(body["crypt_key"], new_crypt_key(context, answer.job));
    DRAY_TRY_ASSIGN(answer, context.ask_as<UploadJobAnswer>("upload.prepare", body));
  }
  return answer.job;
}

std::string hash_of(const std::string& ticket) {
  Digest digest(DigestKind::sha256);
  digest.update(ticket);
  return digest.finish_hex();
}

Result<RunId> enqueue(Context& context, const std::string& job, const UploadTask& upload) {
  RunTask task;
  task.upload = upload;
  Enqueue question;
  question.job = job;
  question.task = to_json(task);
  DRAY_TRY_ASSIGN(Backend * daemon, context.backend());
  DRAY_TRY_ASSIGN(const Enqueued answer, daemon->enqueue(question));
  if (answer.code != 0) return std::unexpected(Error{from_wire_code(answer.code), answer.message});
  return answer.run;
}

// The run must not wait for somebody who has gone.
Result<WatchEnd> give_up(Context& context, PushSession& session, RunId run, std::string reason) {
  session.go_on();
  session.abort();
  CancelRequest question;
  question.runs = {run};
  question.reason = std::move(reason);
  DRAY_TRY(session.cancel(question));
  WatchOptions options;
  options.silent = true;
  options.timeout = kCancelTime;
  return watch_run(context, session, run, options);
}

Result<ReceiptView> receipt_of(Context& context, RunId run) {
  DRAY_TRY_ASSIGN(ReceiptListAnswer answer,
                  context.ask_as<ReceiptListAnswer>("receipt.list", {{"run", run.value}}));
  if (answer.receipts.empty())
    return fail(ErrorCode::corrupt, "run {} ended well, but there is no receipt of it", run);
  return std::move(answer.receipts.front());
}

Fields receipt_fields(const ReceiptView& receipt) {
  Fields fields;
  fields.add("file", receipt.name, Tint::bold);
  fields.add("stored at", receipt.path);
  fields.add("size", fmt::format("{} ({} bytes)", human_bytes(receipt.size), receipt.size));
  fields.add("sha-256", receipt.sha256);
  fields.add("crc-32", receipt.crc32);
  fields.add("received", time_text(receipt.at));
  fields.add("run",
             fmt::format("{} of {} (client {})", receipt.run.value, receipt.job, receipt.client));
  return fields;
}

Result<Exit> push(Context& context, const Args& args) {
  DRAY_TRY_ASSIGN(FileToSend file, FileToSend::open(args.text("FILE")));
  UploadTask upload;
  upload.size = file.size;
  if (args.has("--name")) {
    upload.name = args.text("--name");
  } else {
    DRAY_TRY_ASSIGN(upload.name, file_name_of(args.text("FILE")));
  }
  DRAY_TRY(check_file_name(upload.name));
  const std::string ticket = random_token();
  upload.ticket_hash = hash_of(ticket);
  DRAY_TRY_ASSIGN(const std::string job, upload_job(context, args));
  DRAY_TRY_ASSIGN(const RunId run, enqueue(context, job, upload));
  DRAY_TRY_ASSIGN(Backend * daemon, context.backend());
  PushSession session(*daemon, std::move(file), run, ticket);
  WatchOptions options;
  options.silent = context.json;
  options.say_end = false;
  DRAY_TRY_ASSIGN(WatchEnd end, watch_run(context, session, run, options));
  if (end.interrupted) {
    DRAY_TRY_ASSIGN(end, give_up(context, session, run, "the sender pressed Ctrl-C"));
  }
  if (session.failure()) return std::unexpected(*session.failure());
  const RunView& last = end.last.run;
  const bool good = last.state == RunState::succeeded || last.state == RunState::warning;
  if (!good) {
    if (context.json) context.printed_json(end.last_json);
    context.out.error_line(fmt::format("run {} {}{}{}", run.value, outcome_text(last),
                                       last.hint.empty() ? "" : ": ", clean_name(last.hint)));
    return exit_of(end);
  }
  DRAY_TRY_ASSIGN(const ReceiptView receipt, receipt_of(context, run));
  if (receipt.sha256 != session.sha256())
    return fail(ErrorCode::corrupt,
                "what was stored (SHA-256 {}) is not what was read here: did the file change while "
                "it was sent? Push it again",
                receipt.sha256);
  if (context.printed_json(to_json(receipt))) return exit_of(end);
  context.out.write(receipt_fields(receipt).text(context.out.width(), context.out.colour()));
  return exit_of(end);
}

Result<Exit> receipts(Context& context, const Args& args) {
  DRAY_TRY_ASSIGN(const int64_t limit, args.number("--limit", kDefaultLimit, 1, 500));
  Json body{{"limit", limit}};
  for (const std::string_view key : {"--job", "--client"})
    if (args.has(key)) body[std::string(key.substr(2))] = args.text(key);
  if (args.has("NAME")) body["name"] = args.text("NAME");
  for (const std::string_view key : {"--run", "--before"}) {
    if (!args.has(key)) continue;
    DRAY_TRY_ASSIGN(const RunId run, parse_run(args.text(key)));
    body[std::string(key.substr(2))] = run.value;
  }
  DRAY_TRY_ASSIGN(const std::string text, context.ask("receipt.list", body));
  if (context.printed_json(text)) return Exit::ok;
  DRAY_TRY_ASSIGN(const ReceiptListAnswer answer,
                  read_answer<ReceiptListAnswer>("receipt.list", text));
  if (answer.receipts.empty()) {
    context.out.line("No receipts. `dray push FILE` hands a file in.");
    return Exit::ok;
  }
  Table table({{.title = "RUN", .align = Column::Align::right, .shrink = 0},
               {.title = "RECEIVED", .shrink = 0},
               {.title = "CLIENT", .shrink = 3},
               {.title = "NAME", .shrink = 2, .keep_ends = true},
               {.title = "SIZE", .align = Column::Align::right, .shrink = 0},
               {.title = "CRC-32", .shrink = 0},
               {.title = "SHA-256", .shrink = 1}});
  for (const ReceiptView& receipt : answer.receipts)
    table.row({std::to_string(receipt.run.value), time_text(receipt.at), receipt.client,
               receipt.name, human_bytes(receipt.size), receipt.crc32, receipt.sha256});
  context.out.write(table.text(context.out.width(), context.out.colour()));
  if (answer.receipts.size() == static_cast<size_t>(limit))
    context.out.line(fmt::format("Older ones: --before {}", answer.receipts.back().run.value));
  return Exit::ok;
}

}  // namespace

std::vector<Command> upload_commands() {
  return {
      {"push",
       "Hand in a file: it is stored where the client's uploads go.",
       {{"FILE", "", "a file of any size", Use::required, {}, "file"},
        {"--client", "NAME", "whose file it is (default: default)", Use::optional, {}, "client"},
        {"--job",
         "NAME",
         "the job that takes it; needed when the client has several",
         Use::optional,
         {},
         "job"},
        {"--name", "NAME", "its name there, with directories if wanted (default: its own)"}},
       "dray push dump.sql.gz --client acme\n"
       "dray push /var/backups/db.tar --client acme --name 2026/11/db.tar",
       push,
       "The file is sent to the worker, which encrypts it and stores it as it arrives; nothing is "
       "kept in between. A connection that breaks is taken up again. Ctrl-C cancels the run, and "
       "what had arrived is removed. The receipt that is printed at the end is kept: `dray "
       "receipts`."},
      {"receipts",
       "List the files that were handed in, newest first.",
       {{"NAME", "", "only files of this name"},
        {"--client", "NAME", "only of this client", Use::optional, {}, "client"},
        {"--job", "NAME", "only of this job", Use::optional, {}, "job"},
        {"--run", "RUN", "only of this run"},
        {"--limit", "N", "this many at most (default 25)"},
        {"--before", "RUN", "only runs with a smaller number"}},
       "dray receipts --client acme",
       receipts},
  };
}

}  // namespace dray::ops
