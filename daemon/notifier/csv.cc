#include "daemon/notifier/csv.h"

#include <algorithm>

namespace dray::notifier {
namespace {

bool is_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

std::string cell_of(const JsonValue& value) {
  if (value.is_null()) return "";
  if (const auto text = value.text()) return csv_cell(*text);
  return csv_cell(value.dump());
}

}  // namespace

std::string csv_cell(std::string_view text) {
  constexpr std::string_view kFormula = "=+-@\t\r";
  std::string cell;
  if (!text.empty() && kFormula.find(text.front()) != std::string_view::npos && !is_number(text))
    cell = "'";
  cell += text;
  if (cell.find_first_of(",\"\r\n'") == std::string::npos) return cell;
  std::string quoted = "\"";
  for (const char c : cell) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string csv_line(const JsonValue& object, const std::vector<std::string_view>& columns) {
  std::string line;
  for (const std::string_view column : columns) {
    if (!line.empty() || column != columns.front()) line += ',';
    if (const auto value = object.find(column)) line += cell_of(*value);
  }
  return line + "\r\n";
}

std::string csv_head(const std::vector<std::string_view>& columns) {
  std::string line;
  for (const std::string_view column : columns) {
    if (!line.empty()) line += ',';
    line += column;
  }
  return line + "\r\n";
}

}  // namespace dray::notifier
