// Errors as RFC 9457 problem details: the one place that turns what went wrong into a status, a
// word for programs, a sentence for people and what to do about it. Pure.
#pragma once

#include <string>
#include <string_view>

#include "daemon/base/result.h"
#include "daemon/notifier/http_message.h"
#include "schemas/ids.h"

namespace dray::notifier {

// What HTTP itself refuses, beside the codes of result.h.
enum class Refusal : uint8_t {
  unauthenticated,
  denied,
  csrf,
  rate_limited,
  too_large,
  method_not_allowed,
  precondition_failed,
  unsupported_media_type,
  misdirected,
  header_too_large,
  uri_too_long,
  request_timeout,
  not_found,
  overloaded,
};

struct ProblemExtras {
  std::string field;  // of the body or query
  RunId run;          // in the way
};

// "options.transfers: must be ..." names its field itself. Text of the scheduler is for people; it
// holds no path, statement or name of another client.
HttpReply problem_reply(const Error& error, const HttpRequest& request);
HttpReply problem_reply(const Error& error, const HttpRequest& request,
                        const ProblemExtras& extras);
HttpReply refusal_reply(Refusal refusal, std::string_view detail, const HttpRequest& request);

// The word of the code: "not_found".
std::string_view problem_code(ErrorCode code);
unsigned problem_status(ErrorCode code);

}  // namespace dray::notifier
