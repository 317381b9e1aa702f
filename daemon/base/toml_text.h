// The way to toml++: text in, a table or what is wrong with it out. Pure.
//
// The library asserts what it takes for granted, and hostile text can break that: here such text is
// a mistake in the text like any other.
#pragma once

#include <expected>
#include <stdexcept>
#include <string>
#include <string_view>

namespace dray {
[[noreturn]] inline void toml_assertion_failed() {
  throw std::runtime_error("this is not TOML");
}
}  // namespace dray

#define TOML_ASSERT(condition) ((condition) ? void() : ::dray::toml_assertion_failed())
#include <toml++/toml.h>

namespace dray {

struct TomlProblem {
  uint32_t line = 0;  // 0: of no line
  std::string text;   // may hold what the text holds: escape it before it is shown
};

inline std::expected<toml::table, TomlProblem> parse_toml(std::string_view text) {
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    return std::unexpected(
        TomlProblem{error.source().begin.line, std::string(error.description())});
  } catch (const std::runtime_error& error) {
    return std::unexpected(TomlProblem{0, error.what()});
  }
}

}  // namespace dray
