// JSON that is built or printed. What the scheduler answers is read through schemas/answers.h; this
// is for bodies of requests, for --json and for what has no fixed shape. Heavy: ops/*.cc only.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "daemon/base/result.h"

// Compiled once, in json.cc.
extern template class nlohmann::basic_json<nlohmann::ordered_map>;

namespace dray::ops {

using Json = nlohmann::ordered_json;  // keeps the order of keys

// corrupt: not JSON.
Result<Json> parse_json(std::string_view text);
// `indent` -1: one line. Bytes that are not UTF-8 become U+FFFD.
std::string dump_json(const Json& json, int indent = 2);
// A member as text for people: strings bare, everything else as JSON; "" when absent.
std::string member_text(const Json& json, std::string_view key);

}  // namespace dray::ops
