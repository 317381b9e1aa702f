// Rows as comma-separated values (RFC 4180) that a spreadsheet opens without running them: a text
// that looks like a formula gets an apostrophe in front. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "schemas/json_text.h"

namespace dray::notifier {

// One value, quoted where it must be.
std::string csv_cell(std::string_view text);
// The named members of a JSON object as a line; what is no plain value stands there as JSON.
std::string csv_line(const JsonValue& object, const std::vector<std::string_view>& columns);
std::string csv_head(const std::vector<std::string_view>& columns);

}  // namespace dray::notifier
