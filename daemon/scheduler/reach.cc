#include "daemon/scheduler/reach.h"

#include "daemon/base/quote.h"
#include "daemon/store/store_versions.h"

namespace dray::verbs {
namespace {

std::unexpected<Error> no_client(std::string_view name) {
  return fail(ErrorCode::not_found, "there is no client {}", quoted(name));
}

std::string text_of(const JsonValue& body, std::string_view field) {
  const std::optional<JsonValue> value = body.find(field);
  return value ? std::string(value->text().value_or("")) : std::string();
}

RunId run_of(const JsonValue& value) {
  return RunId{value.unsigned_integer().value_or(0)};
}

// A job that is there and another's looks like one that is not there.
Status own_job(Context& context, const std::string& name) {
  DRAY_TRY_ASSIGN(const store::JobRecord record, require_job(context, name));
  if (record.spec.client == context.acting.client) return {};
  return std::unexpected(no_job(name));
}

Status own_run(Context& context, RunId run) {
  DRAY_TRY_ASSIGN(const RunView view, require_run(context, run));
  if (view.client == context.acting.client) return {};
  return std::unexpected(no_run(run));
}

Status own_runs(Context& context, const JsonValue& body) {
  const std::optional<JsonValue> runs = body.find("runs");
  for (size_t i = 0; runs && i < runs->size(); ++i)
    DRAY_TRY(own_run(context, run_of(runs->at(i))));
  return {};
}

Status own_version(Context& context, RunId run) {
  DRAY_TRY_ASSIGN(const auto row, store::Versions(context.store.db()).find(run));
  if (row && row->client == context.acting.client) return {};
  return std::unexpected(no_version(run));
}

Status own_client(Context& context, const std::string& name) {
  if (name.empty() || name == context.acting.client) return {};
  return no_client(name);
}

Result<JsonDocument> with_client(const JsonValue& body, const std::string& client) {
  JsonWriter writer;
  writer.begin_object();
  writer.key("client");
  writer.text(client);
  for (const std::string_view key : body.keys()) {
    if (key == "client") continue;
    writer.key(key);
    writer.raw(body.find(key)->dump());
  }
  writer.end_object();
  return JsonDocument::parse(writer.take());
}

Status check_named(Context& context, Reach reach, const JsonValue& body) {
  switch (reach) {
    case Reach::everyone:
    case Reach::filtered:
    case Reach::notifier:
      return {};
    case Reach::operators:
      return fail(ErrorCode::denied,
                  "this is for operators of the whole installation; yours is "
                  "client {}",
                  quoted(context.acting.client));
    case Reach::client:
      return own_client(context, text_of(body, "client"));
    case Reach::client_and_job:
      DRAY_TRY(own_client(context, text_of(body, "client")));
      if (const std::string job = text_of(body, "job"); !job.empty()) return own_job(context, job);
      return {};
    case Reach::client_name:
      return text_of(body, "name") == context.acting.client ? Status{}
                                                            : no_client(text_of(body, "name"));
    case Reach::job_name:
      return own_job(context, text_of(body, "name"));
    case Reach::job:
      return own_job(context, text_of(body, "job"));
    case Reach::new_job: {
      DRAY_TRY(own_client(context, text_of(body, "client")));
      DRAY_TRY_ASSIGN(const auto record, context.jobs.find(text_of(body, "name")));
      if (!record || record->spec.client == context.acting.client) return {};
      if (const auto create = body.find("create"); create && create->boolean() == false)
        return std::unexpected(no_job(record->spec.name));
      return fail(ErrorCode::conflict, "the name {} is taken; choose another",
                  quoted(record->spec.name));
    }
    case Reach::run:
      return own_run(context, run_of(body.find("run").value_or(body)));
    case Reach::runs:
      return own_runs(context, body);
    case Reach::version:
      return own_version(context, run_of(body.find("run").value_or(body)));
  }
  return fail(ErrorCode::denied, "this verb is for nobody");
}

bool takes_client(Reach reach) {
  return reach == Reach::client || reach == Reach::client_and_job || reach == Reach::new_job;
}

bool may_ask(Role role) {
  return role == Role::ops || role == Role::notifier;
}

bool acts_for_itself(Role role, const Acting& acting) {
  return role == Role::ops && acting.scope == 0;
}

}  // namespace

Status check_scope(Role role, const Acting& acting, Scope needed, std::string_view what) {
  if (acts_for_itself(role, acting)) return {};
  if (acting.scope == 0 || !may_ask(role))
    return fail(ErrorCode::denied, "{}: a {} does not do that for itself", what, to_string(role));
  if (acting.scope >= static_cast<uint8_t>(needed)) return {};
  return fail(ErrorCode::denied, "{} needs the scope {}", what, to_string(needed));
}

Status check_scope(Role role, const Acting& acting, const Verb& verb) {
  if (verb.reach != Reach::notifier) return check_scope(role, acting, verb.scope, verb.name);
  if (acting.scope == 0 && may_ask(role)) return {};
  return fail(ErrorCode::denied, "{} is asked on nobody's behalf", verb.name);
}

Result<JsonDocument> within_reach(Context& context, const Verb& verb, JsonDocument body) {
  if (context.acting.client.empty()) return body;
  if (!body.root().is_object()) return fail(ErrorCode::invalid, "must be an object");
  DRAY_TRY(check_named(context, verb.reach, body.root()));
  if (!takes_client(verb.reach)) return body;
  return with_client(body.root(), context.acting.client);
}

Status within_reach(Context& context, const Enqueue& request) {
  if (context.acting.client.empty()) return {};
  if (request.rerun_of) return own_run(context, request.rerun_of);
  return own_job(context, request.job);
}

Status within_reach(Context& context, CancelRequest& request) {
  const std::string& mine = context.acting.client;
  if (mine.empty()) return {};
  for (const RunId run : request.runs)
    DRAY_TRY(own_run(context, run));
  if (!request.job.empty()) DRAY_TRY(own_job(context, request.job));
  DRAY_TRY(own_client(context, request.client));
  if (request.all) {
    request.all = false;
    request.client = mine;
  }
  return {};
}

}  // namespace dray::verbs
