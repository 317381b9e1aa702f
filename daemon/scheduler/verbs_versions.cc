// States that can be restored, and what retention makes of them.
#include <algorithm>

#include "daemon/base/quote.h"
#include "daemon/scheduler/retention.h"
#include "daemon/scheduler/verbs.h"
#include "daemon/store/store_versions.h"
#include "schemas/answers_versions.h"
#include "schemas/job_check.h"
#include "schemas/job_json.h"

namespace dray::verbs {
namespace {

struct JobArgs {
  std::string job;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("job", self.job);
  }
};

struct VersionArgs {
  RunId run;
  std::string reason;  // of a pin
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("run", self.run);
    visit.optional("reason", self.reason);
  }
};

struct FindArgs {
  std::string job;
  std::string pattern;
  RunId run;  // 0: in every state
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("job", self.job);
    visit("pattern", self.pattern);
    visit.optional("run", self.run);
  }
};

VersionView version_view(const VersionRow& row) {
  VersionView view;
  view.run = row.ref.run;
  view.job = row.job_name;
  view.client = row.client;
  view.at = row.ref.at;
  view.state = to_string(row.state);
  view.files = row.ref.files;
  view.bytes = row.ref.bytes;
  view.grade = row.ref.grade;
  view.good = row.good;
  view.pinned = row.pinned;
  view.prune_run = row.prune_run;
  view.destination = row.ref.destination;
  view.manifest = row.ref.manifest;
  view.versions_path = row.ref.versions_path;
  view.archive = row.ref.archive;
  return view;
}

// Newest first; none when the job keeps no states.
Result<std::vector<VersionRow>> versions_of(Context& context, const JobSpec& job) {
  const std::optional<store::VersionPlace> place = store::version_place(job);
  if (!place) return std::vector<VersionRow>{};
  return store::Versions(context.store.db()).at(*place);
}

Result<VersionRow> require_version(Context& context, RunId run) {
  DRAY_TRY_ASSIGN(auto row, store::Versions(context.store.db()).find(run));
  if (!row) return std::unexpected(no_version(run));
  return std::move(*row);
}

Result<std::string> set_pin(Context& context, const VersionArgs& args, const std::string& why) {
  DRAY_TRY_ASSIGN(VersionRow row, require_version(context, args.run));
  if (row.state != VersionState::kept)
    return fail(ErrorCode::conflict, "the state of run {} is {}: run {} removes it", args.run,
                to_string(row.state), row.prune_run);
  context.target = fmt::format("version {}", args.run);
  context.before.json = to_json(version_view(row));
  row.pinned = why;
  DRAY_TRY(store::Versions(context.store.db()).set_pinned(args.run, why));
  context.after.json = to_json(version_view(row));
  return to_json(VersionAnswer{version_view(row), {}});
}

// Only a worker can open it.
Status add_key(Context& context, const JobSpec& job, RunSpec& spec) {
  if (!job.policy.encryption) return {};
  DRAY_TRY_ASSIGN(auto key, context.keys.find(job.name));
  if (!key) return fail(ErrorCode::corrupt, "the passwords of job {} are gone", quoted(job.name));
  spec.job = job.name;
  spec.crypt_key = std::move(key->sealed);
  return {};
}

}  // namespace

Result<std::string> version_list(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const JobArgs args, arguments<JobArgs>(body));
  DRAY_TRY_ASSIGN(const store::JobRecord record, require_job(context, args.job));
  DRAY_TRY_ASSIGN(const std::vector<VersionRow> rows, versions_of(context, record.spec));
  VersionListAnswer answer;
  std::ranges::transform(rows, std::back_inserter(answer.versions), version_view);
  return fitting_json(answer, answer.versions);
}

Result<std::string> version_show(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const VersionArgs args, arguments<VersionArgs>(body));
  DRAY_TRY_ASSIGN(const VersionRow row, require_version(context, args.run));
  VersionAnswer answer;
  answer.version = version_view(row);
  DRAY_TRY_ASSIGN(answer.deletions,
                  store::Versions(context.store.db()).deletions(args.run, limits::kMaxPageRows));
  return fitting_json(answer, answer.deletions);
}

Result<std::string> version_pin(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const VersionArgs args, arguments<VersionArgs>(body));
  DRAY_TRY(annotate(check_reason(args.reason), "reason"));
  return set_pin(context, args, args.reason.empty() ? context.asked_by : args.reason);
}

Result<std::string> version_unpin(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const VersionArgs args, arguments<VersionArgs>(body));
  return set_pin(context, args, "");
}

Result<std::string> version_find(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const FindArgs args, arguments<FindArgs>(body));
  DRAY_TRY_ASSIGN(const store::JobRecord record, require_job(context, args.job));
  const JobSpec& job = record.spec;
  DRAY_TRY_ASSIGN(const std::vector<VersionRow> rows, versions_of(context, job));
  FindInManifests wanted;
  wanted.pattern = args.pattern;
  WorkerQuery query;
  for (const VersionRow& row : rows) {
    if (row.state != VersionState::kept || row.ref.manifest.empty()) continue;
    if (args.run && row.ref.run != args.run) continue;
    if (wanted.manifests.size() == FindInManifests::kMaxManifests) break;
    wanted.manifests.push_back({row.ref.run, row.ref.manifest, !row.ref.archive.empty()});
    const std::string& place =
        row.ref.versions_path.empty() ? row.ref.destination : row.ref.versions_path;
    DRAY_TRY_ASSIGN(query.spec.source, parse_endpoint(place));
  }
  if (wanted.manifests.empty())
    return fail(ErrorCode::not_found, "job {} keeps no state with a manifest to look into",
                quoted(args.job));
  query.kind = "versions.find";
  query.body = to_json(wanted);
  query.spec.client = job.client;
  DRAY_TRY(add_key(context, job, query.spec));
  DRAY_TRY_ASSIGN(query.spec.remotes,
                  context.catalog.remote_closure(job.client, query.spec.source.remote));
  DRAY_TRY_ASSIGN(const SessionId worker, any_worker(context.core));
  context.later = Relay{worker, std::move(query)};
  return "";
}

Result<std::string> retention_preview(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const JobArgs args, arguments<JobArgs>(body));
  DRAY_TRY_ASSIGN(const store::JobRecord record, require_job(context, args.job));
  DRAY_TRY_ASSIGN(const std::vector<VersionRow> rows, versions_of(context, record.spec));
  RetentionPreviewAnswer answer;
  for (const scheduler::RetentionChoice& choice :
       scheduler::choose_versions(record.spec.policy.retention, rows, context.now.wall)) {
    const auto row =
        std::ranges::find(rows, choice.run, [](const VersionRow& one) { return one.ref.run; });
    answer.versions.push_back(
        {choice.run, row->ref.at, choice.keep, choice.why, row->ref.files, row->ref.bytes});
  }
  return fitting_json(answer, answer.versions);
}

}  // namespace dray::verbs
