// Files that are handed in: the job that takes them, and receipts.
#include <algorithm>

#include "daemon/base/quote.h"
#include "daemon/scheduler/default_destination.h"
#include "daemon/scheduler/store_receipts.h"
#include "daemon/scheduler/verbs.h"
#include "schemas/answers_uploads.h"
#include "schemas/file_name.h"

namespace dray::verbs {
namespace {

// Uploads come when people send them: several at once are the rule.
constexpr uint32_t kUploadsAtOnce = 8;

struct PrepareArgs {
  std::string client = "default";
  std::string job;
  std::optional<SealedCryptKey> crypt_key;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("client", self.client);
    visit.optional("job", self.job);
    visit.optional("crypt_key", self.crypt_key);
  }
};

struct ListArgs {
  std::string client;
  std::string name;
  std::string job;
  RunId run;
  uint64_t limit = 50;
  RunId before;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("client", self.client);
    visit.optional("name", self.name);
    visit.optional("job", self.job);
    visit.optional("run", self.run);
    visit.optional("limit", self.limit);
    visit.optional("before", self.before);
  }
};

Result<std::vector<std::string>> upload_jobs(Context& context, const std::string& client) {
  std::vector<std::string> names;
  for (std::string after;;) {
    DRAY_TRY_ASSIGN(const auto page, context.jobs.list(client, after, limits::kMaxPageRows));
    for (const store::JobRecord& record : page)
      if (record.spec.kind == JobKind::upload) names.push_back(record.spec.name);
    if (page.size() < limits::kMaxPageRows) return names;
    after = page.back().spec.name;
  }
}

Result<std::string> named_job(Context& context, const PrepareArgs& args) {
  DRAY_TRY_ASSIGN(const store::JobRecord record, require_job(context, args.job));
  if (record.spec.kind != JobKind::upload)
    return fail(ErrorCode::invalid, "job {} takes no files: its kind is {}", quoted(args.job),
                to_string(record.spec.kind));
  if (record.spec.client != args.client)
    return fail(ErrorCode::invalid, "job {} belongs to client {}, not to {}", quoted(args.job),
                quoted(record.spec.client), quoted(args.client));
  return args.job;
}

// Into the operator's store. Without passwords the answer names the job that they are needed for.
Result<std::string> make_upload_job(Context& context, const PrepareArgs& args) {
  JobSpec spec;
  spec.name = upload_job_name(args.client);
  spec.client = args.client;
  spec.kind = JobKind::upload;
  use_upload_defaults(spec);
  DRAY_TRY_ASSIGN(const auto taken, context.jobs.find(spec.name));
  if (taken)
    return fail(ErrorCode::conflict,
                "client {} has no job that takes files, and the name {} is taken by another job; "
                "make one with another name by `dray job add NAME --kind upload`",
                quoted(args.client), quoted(spec.name));
  UploadJobAnswer answer;
  answer.job = spec.name;
  DRAY_TRY_ASSIGN(const auto key, context.keys.find(spec.name));
  answer.needs_key = !key && !args.crypt_key;
  if (answer.needs_key) return to_json(answer);
  answer.created = true;
  DRAY_TRY_ASSIGN(spec.destination,
                  scheduler::default_destination(context.around.default_destination, spec));
  DRAY_TRY(put_job(context, std::nullopt, spec, args.crypt_key ? &*args.crypt_key : nullptr));
  return to_json(answer);
}

}  // namespace

void use_upload_defaults(JobSpec& spec) {
  spec.overlap = OverlapPolicy::allow;
  spec.max_concurrent = kUploadsAtOnce;
  spec.policy.encryption = true;
}

Result<std::string> upload_prepare(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const PrepareArgs args, arguments<PrepareArgs>(body));
  DRAY_TRY_ASSIGN(const auto client, context.catalog.client(args.client));
  if (!client) return fail(ErrorCode::not_found, "there is no client {}", quoted(args.client));
  UploadJobAnswer answer;
  if (!args.job.empty()) {
    DRAY_TRY_ASSIGN(answer.job, named_job(context, args));
    return to_json(answer);
  }
  DRAY_TRY_ASSIGN(const std::vector<std::string> jobs, upload_jobs(context, args.client));
  if (jobs.size() == 1) {
    answer.job = jobs.front();
    return to_json(answer);
  }
  if (!jobs.empty())
    return fail(ErrorCode::conflict,
                "client {} has {} jobs that take files: {}; choose one with "
                "--job",
                quoted(args.client), jobs.size(), fmt::join(jobs, ", "));
  if (context.around.default_destination.remote.empty())
    return fail(ErrorCode::not_found,
                "client {0} has no job that takes files; make one: `dray job add {1} --kind upload "
                "--client {0} --to REMOTE:PATH`",
                args.client, upload_job_name(args.client));
  return make_upload_job(context, args);
}

Result<std::string> receipt_list(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const ListArgs args, arguments<ListArgs>(body));
  ReceiptListAnswer answer;
  DRAY_TRY_ASSIGN(answer.receipts,
                  store::receipts(context.store.db(), {args.client, args.name, args.job, args.run,
                                                       args.before, args.limit}));
  return fitting_json(answer, answer.receipts);
}

}  // namespace dray::verbs
