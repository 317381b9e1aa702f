// One request on its way through its handler, and the tools that handlers share.
//
// Thread: the loop's. Lives as long as the request.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/config.h"
#include "daemon/base/event_loop.h"
#include "daemon/base/time.h"
#include "daemon/notifier/access.h"
#include "daemon/notifier/connection_tally.h"
#include "daemon/notifier/database.h"
#include "daemon/notifier/gate.h"
#include "daemon/notifier/problem.h"
#include "daemon/notifier/router.h"
#include "daemon/notifier/uploads.h"
#include "daemon/notifier/verb_client.h"

namespace dray::notifier {

class LiveHub;
class Metrics;
class StaticFiles;

// What handlers may use; owned by the service.
struct Api {
  const Config& config;
  EventLoop& loop;
  Clock& clock;
  Bus& bus;
  Database& database;
  VerbClient& verbs;
  Access& access;
  const Gate& gate;
  const Router& router;
  Metrics& metrics;
  StaticFiles& files;
  std::shared_ptr<Uploads> uploads;
  std::function<Task<Result<std::string>>(const Identity& who)> metrics_text;
  // The open connections that this person may see.
  std::function<std::vector<ConnectionTally>(const Identity& who)> connections;
  std::shared_ptr<LiveHub> live;
};

struct Call {
  Api& api;
  const HttpRequest& request;
  const Route& route;
  std::vector<PathParameter> path;
  Identity who;

  const std::string& parameter(std::string_view name) const;
};

// A parameter of the query as a number within bounds. invalid: it is none.
Result<uint64_t> number_parameter(const Call& call, std::string_view name, uint64_t otherwise,
                                  uint64_t min, uint64_t max);
Result<std::optional<WallTime>> time_parameter(const Call& call, std::string_view name);
std::string text_parameter(const Call& call, std::string_view name);
// limit and cursor of lists whose cursor is a number.
struct PageArgs {
  uint64_t limit = 50;
  uint64_t cursor = 0;
};
Result<PageArgs> page_arguments(const Call& call);

// The body as JSON; {} where it was left out. invalid: it is none.
Result<JsonDocument> json_of(const Call& call);
// The same as a struct, strictly.
template <class Args>
Result<Args> body_of(const Call& call) {
  DRAY_TRY_ASSIGN(const JsonDocument document, json_of(call));
  Args args;
  DRAY_TRY(read_json(document.root(), args));
  return args;
}

HttpReply problem(const Call& call, const Error& error);
// The answer of a verb, or its problem.
HttpReply answer(const Call& call, Result<std::string> json);
template <class Answer>
HttpReply answer_as(const Call& call, const Result<Answer>& value) {
  if (!value) return problem(call, value.error());
  return json_reply(to_json(*value), call.route.status);
}

// What the headers say: Idempotency-Key, and If-Match where the thing's GET gives an ETag.
AskTerms terms_of(const Call& call);

// The handler of rows that have a VerbSpec.
Task<HttpReply> by_verb(Call& call);
// The same in two steps, for handlers that put something into the body in between.
Result<std::string> verb_body(const Call& call);
Task<HttpReply> ask_verb(Call& call, std::string body);

}  // namespace dray::notifier
