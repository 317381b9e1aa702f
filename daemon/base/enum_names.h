// Names of enumerators, once. An enum that appears in files, on the wire or on a screen specialises
// EnumNames with a table of (value, name) rows; to_string, parse_enum and the lists of allowed
// values in error messages all come from it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "daemon/base/result.h"

namespace dray {

template <class E>
struct EnumRow {
  E value;
  std::string_view name;
};

// Specialise with:  static constexpr std::string_view kWhat = "overlap policy";
//                   static constexpr EnumRow<E> kRows[] = {{E::a, "a"}, ...};
template <class E>
struct EnumNames;

template <class E>
concept NamedEnum = requires {
  EnumNames<E>::kRows;
};

template <NamedEnum E>
constexpr std::string_view to_string(E value) {
  for (const EnumRow<E>& row : EnumNames<E>::kRows)
    if (row.value == value) return row.name;
  return "unknown";
}

template <NamedEnum E>
std::string allowed_values() {
  std::string list;
  for (const EnumRow<E>& row : EnumNames<E>::kRows) {
    if (!list.empty()) list += ", ";
    list += row.name;
  }
  return list;
}

template <NamedEnum E>
Result<E> parse_enum(std::string_view text) {
  for (const EnumRow<E>& row : EnumNames<E>::kRows)
    if (row.name == text) return row.value;
  return fail(ErrorCode::invalid, "'{}' is not a {}; allowed: {}", text, EnumNames<E>::kWhat,
              allowed_values<E>());
}

// From the wire or the database: is this number one of ours?
template <NamedEnum E>
constexpr bool is_known(E value) {
  for (const EnumRow<E>& row : EnumNames<E>::kRows)
    if (row.value == value) return true;
  return false;
}

}  // namespace dray
