#include "daemon/scheduler/verbs.h"

#include <algorithm>

#include "daemon/base/quote.h"
#include "daemon/base/text.h"
#include "daemon/scheduler/expectation.h"
#include "daemon/scheduler/reach.h"
#include "schemas/codec.h"

namespace dray::verbs {
namespace {

constexpr HandlerRow kHandlers[] = {
#define DRAY_ROW(name, function) {name, &function},
    DRAY_VERB_HANDLERS(DRAY_ROW)
#undef DRAY_ROW
};

constexpr size_t kMaxKeyBytes = 200;
constexpr size_t kMaxAddressBytes = 64;

// Kept, but no change that anybody would look for.
bool is_routine(std::string_view verb) {
  static constexpr std::string_view kRoutine[] = {"access.used", "notify.register", "notify.mark"};
  return std::ranges::find(kRoutine, verb) != std::end(kRoutine);
}

Response success(std::string body) {
  if (body.size() > limits::kMaxStringBytes)
    return refusal({ErrorCode::exhausted, "the answer is too long for one message"});
  return Response{0, "", std::move(body)};
}

std::string meaning_of(const Request& request) {
  return request.verb + " " + (request.meaning.empty() ? request.body : request.meaning);
}

// The stored answer of the same change, if it was asked for before.
Result<std::optional<Response>> earlier_answer(Context& context, const Request& request) {
  if (request.idempotency_key.empty()) return std::nullopt;
  if (request.idempotency_key.size() > kMaxKeyBytes)
    return fail(ErrorCode::invalid, "the idempotency key is {} bytes long; allowed: {}",
                request.idempotency_key.size(), kMaxKeyBytes);
  DRAY_TRY_ASSIGN(const auto stored, context.catalog.find_answer(request.idempotency_key));
  if (!stored) return std::nullopt;
  if (stored->request != meaning_of(request))
    return fail(ErrorCode::conflict, "this idempotency key was used for another request");
  return Response{stored->code, stored->message, stored->body};
}

Status write_down(Context& context, const Request& request, const Response& response) {
  if (is_routine(request.verb)) return {};
  AuditEntry entry;
  entry.at = context.now.wall;
  entry.asked_by = context.asked_by;
  entry.peer = context.peer;
  entry.address = shorten(escape_for_display(context.acting.address), kMaxAddressBytes);
  entry.verb = request.verb;
  entry.target = context.target;
  entry.before = context.before;
  entry.after = context.after;
  DRAY_TRY(context.catalog.add_audit(entry));
  if (request.idempotency_key.empty()) return {};
  return context.catalog.keep_answer(
      request.idempotency_key,
      {meaning_of(request), response.code, response.message, response.body}, context.now.wall);
}

Result<std::string> run_handler(Context& context, const Chosen& chosen, const Request& request) {
  Result<JsonDocument> body = JsonDocument::parse(request.body.empty() ? "{}" : request.body);
  if (!body) return std::unexpected(annotate(std::move(body.error()), "the request's body"));
  body = within_reach(context, *chosen.verb, std::move(*body));
  if (!body) return std::unexpected(std::move(body.error()));
  return chosen.handler(context, body->root());
}

Result<Response> change(Context& context, const Chosen& chosen, const Request& request) {
  DRAY_TRY_ASSIGN(const std::optional<Response> earlier, earlier_answer(context, request));
  if (earlier) return *earlier;
  if (!request.if_match.empty()) DRAY_TRY(check_unchanged(context, request));
  DRAY_TRY_ASSIGN(std::string body, run_handler(context, chosen, request));
  const Response response = success(std::move(body));
  DRAY_TRY(write_down(context, request, response));
  return response;
}

}  // namespace

std::span<const HandlerRow> handlers() {
  return kHandlers;
}

Response refusal(const Error& error) {
  return Response{to_wire_code(error.code), error.message, ""};
}

Result<Chosen> choose(const Request& request, Role role) {
  const Verb* verb = find_verb(request.verb);
  if (!verb)
    return fail(ErrorCode::invalid, "{} is not a request that this scheduler knows",
                quoted(request.verb));
  DRAY_TRY(check_scope(role, request.acting, *verb));
  for (const HandlerRow& row : kHandlers)
    if (row.verb == verb->name) return Chosen{verb, row.handler};
  return fail(ErrorCode::invalid, "{} cannot be answered by this scheduler", verb->name);
}

Response handle(Context& context, const Chosen& chosen, const Request& request) {
  if (!chosen.verb->changes) {
    Result<std::string> body = run_handler(context, chosen, request);
    return body ? success(std::move(*body)) : refusal(body.error());
  }
  if (const Status begun = context.store.savepoint(); !begun) return refusal(begun.error());
  const Result<Response> response = change(context, chosen, request);
  if (!response) {
    context.store.rollback_to_savepoint();
    context.events.clear();
    return refusal(response.error());
  }
  if (const Status released = context.store.release(); !released) {
    context.events.clear();
    return refusal(released.error());
  }
  return *response;
}

Result<store::JobRecord> require_job(Context& context, std::string_view name) {
  DRAY_TRY_ASSIGN(auto record, context.jobs.find(name));
  if (!record) return std::unexpected(no_job(name));
  return std::move(*record);
}

Result<RunView> require_run(Context& context, RunId run) {
  DRAY_TRY_ASSIGN(auto view, context.queries.run(run));
  if (!view) return std::unexpected(no_run(run));
  // What the core knows of an open run is newer by what has not been committed yet.
  if (const RunRow* row = context.core.find_run(run)) {
    std::optional<Progress> progress = std::move(view->progress);
    view = store::run_view(*row);
    view->progress = std::move(progress);
  }
  return std::move(*view);
}

}  // namespace dray::verbs
