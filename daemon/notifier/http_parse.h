// What stands between bytes from the network and a request: strict where parsers differ from each
// other, because every difference between a proxy's reading and ours lets somebody smuggle a
// request past it. Pure and safe on any input.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/notifier/http_message.h"

namespace dray::notifier {

inline constexpr size_t kMaxHeadBytes = 16 << 10;
inline constexpr size_t kMaxTargetBytes = 8 << 10;
inline constexpr size_t kMaxBodyBytes = 1 << 20;  // of JSON
inline constexpr size_t kMaxHeaders = 64;
inline constexpr size_t kMaxQueryFields = 32;

// Looks at a head as it came, up to and with its empty line: no bare line feeds or carriage
// returns, no NUL, no folded lines, no space before a colon, one Host, not both ways to say how
// long the body is, no length twice.
Status check_head(std::string_view head);

// "/a/b%20c?x=1" into path and query. invalid: a bad escape, a control character, "." or ".." as a
// component, an encoded slash, the same parameter twice.
Status parse_target(std::string_view target, HttpRequest& out);

// "%41+b" -> "A+b"; with `plus` a plus sign is a space, as in queries.
Result<std::string> percent_decode(std::string_view text, bool plus);
std::string percent_encode(std::string_view text);

}  // namespace dray::notifier
