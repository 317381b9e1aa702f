// Jobs and their schedules.
#include "daemon/notifier/call.h"
#include "daemon/notifier/job_intake.h"
#include "daemon/notifier/route_tables.h"
#include "daemon/store/store_jobs.h"
#include "daemon/store/store_queries.h"

namespace dray::notifier {
namespace {

#define DRAY_JOB "/api/v1/jobs/{job}"

struct JobPage {
  std::vector<JobView> jobs;
  std::optional<std::string> next_cursor;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("jobs", self.jobs);
    visit("next_cursor", self.next_cursor);
  }
};

Task<HttpReply> list_jobs(Call& call) {
  const Result<uint64_t> limit = number_parameter(call, "limit", 50, 1, limits::kMaxPageRows);
  if (!limit) co_return problem(call, limit.error());
  store::JobFilter filter;
  filter.client = call.who.client.empty() ? text_parameter(call, "client") : call.who.client;
  filter.after = text_parameter(call, "cursor");
  filter.name_part = text_parameter(call, "name");
  filter.limit = *limit;
  const std::string asked = text_parameter(call, "client");
  if (!asked.empty() && !call.who.may_see(asked)) co_return json_reply(to_json(JobPage{}));
  const auto read = [filter](store::Db& db) -> Result<JobPage> {
    DRAY_TRY_ASSIGN(const auto records, store::Jobs(db).list(filter));
    store::Queries queries(db);
    JobPage rows;
    for (const store::JobRecord& record : records) {
      DRAY_TRY_ASSIGN(JobView view, store::job_view(queries, record));
      rows.jobs.push_back(std::move(view));
    }
    if (rows.jobs.size() == filter.limit) rows.next_cursor = rows.jobs.back().spec.name;
    return rows;
  };
  co_return answer_as(call, co_await call.api.database.ask(read));
}

constexpr Route kRoutes[] = {
    {.method = Method::get,
     .pattern = "/api/v1/jobs",
     .reply = list_jobs,
     .query = "limit cursor client name"},
    {.method = Method::post,
     .pattern = "/api/v1/jobs",
     .need = Need::operate,
     .reply = put_job,
     .takes_json = true,
     .status = 201,
     .verb = {.name = "job.put", .constants = "\"create\":true", .unwrap = "job"}},
    {.method = Method::get,
     .pattern = DRAY_JOB,
     .reply = by_verb,
     .etag = true,
     .verb = {.name = "job.show", .from_path = "name=job"}},
    {.method = Method::patch,
     .pattern = DRAY_JOB,
     .need = Need::operate,
     .reply = put_job,
     .takes_json = true,
     .verb = {.name = "job.put",
              .from_path = "name=job",
              .constants = "\"create\":false",
              .unwrap = "job"}},
    {.method = Method::remove,
     .pattern = DRAY_JOB,
     .need = Need::operate,
     .reply = by_verb,
     .status = 204,
     .verb = {.name = "job.remove", .from_path = "name=job"}},
    {.method = Method::post,
     .pattern = DRAY_JOB "/enable",
     .need = Need::operate,
     .reply = by_verb,
     .verb = {.name = "job.enable",
              .from_path = "name=job",
              .constants = "\"enabled\":true",
              .unwrap = "job"}},
    {.method = Method::post,
     .pattern = DRAY_JOB "/disable",
     .need = Need::operate,
     .reply = by_verb,
     .verb = {.name = "job.enable",
              .from_path = "name=job",
              .constants = "\"enabled\":false",
              .unwrap = "job"}},
    {.method = Method::post,
     .pattern = DRAY_JOB "/pause",
     .need = Need::operate,
     .reply = by_verb,
     .takes_json = true,
     .verb = {.name = "job.pause", .from_path = "name=job", .constants = "\"paused\":true"}},
    {.method = Method::post,
     .pattern = DRAY_JOB "/resume",
     .need = Need::operate,
     .reply = by_verb,
     .verb = {.name = "job.pause", .from_path = "name=job", .constants = "\"paused\":false"}},
    {.method = Method::get,
     .pattern = DRAY_JOB "/next",
     .reply = by_verb,
     .verb = {.name = "job.next", .from_path = "name=job", .from_query = "count# from"}},
    {.method = Method::get,
     .pattern = DRAY_JOB "/versions",
     .reply = by_verb,
     .verb = {.name = "version.list", .from_path = "job"}},
    {.method = Method::get,
     .pattern = DRAY_JOB "/files",
     .reply = by_verb,
     .verb = {.name = "version.find", .from_path = "job", .from_query = "pattern run#"}},
    {.method = Method::get,
     .pattern = DRAY_JOB "/retention",
     .reply = by_verb,
     .verb = {.name = "retention.preview", .from_path = "job"}},
    {.method = Method::post,
     .pattern = "/api/v1/schedules/preview",
     .reply = by_verb,
     .takes_json = true,
     .verb = {.name = "schedule.preview"}},
};

}  // namespace

std::span<const Route> job_routes() {
  return kRoutes;
}

}  // namespace dray::notifier
