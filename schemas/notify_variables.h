// What templates of notifications may name (docs/EMAIL_TEMPLATES.md). Pure.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dray {

enum class VariableKind : unsigned char { text, list };

struct NotifyVariable {
  std::string_view name;
  std::string_view meaning;
  VariableKind kind = VariableKind::text;
};

// In the order of the manual.
std::span<const NotifyVariable> notify_variables();
// Inside {{#each NAME}}: what each item has.
std::span<const NotifyVariable> notify_item_variables(std::string_view list);

// Their values. A text that is not there is empty, and false for {{#if}}.
struct Variables {
  std::map<std::string, std::string, std::less<>> texts;
  std::map<std::string, std::vector<Variables>, std::less<>> lists;
};

}  // namespace dray
