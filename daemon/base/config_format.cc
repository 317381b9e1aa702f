// How values of settings look.
#include "daemon/base/config_table.h"
#include "daemon/base/text.h"

namespace dray {
namespace {

std::string toml_string(std::string_view text) {
  return json_quote(text);  // a JSON string is a TOML basic string
}

std::string toml_list(const std::vector<std::string>& items) {
  std::string out = "[";
  for (const std::string& item : items)
    out += fmt::format("{}{}", out.size() > 1 ? ", " : "", toml_string(item));
  return out + "]";
}

struct FormatValue {
  std::string operator()(const std::string* v) const { return toml_string(*v); }
  std::string operator()(const std::vector<std::string>* v) const { return toml_list(*v); }
  std::string operator()(const uint32_t* v) const { return fmt::format("{}", *v); }
  std::string operator()(const uint64_t* v) const { return toml_string(format_size(*v)); }
  std::string operator()(const std::chrono::seconds* v) const {
    return toml_string(format_duration(*v));
  }
  std::string operator()(const LogLevel* v) const { return toml_string(to_string(*v)); }
  std::string operator()(const LogFormat* v) const { return toml_string(to_string(*v)); }
  std::string operator()(const ProcessHome* v) const { return toml_string(to_string(*v)); }
  std::string operator()(const bool* v) const { return *v ? "true" : "false"; }
};

struct FormatRange {
  const ConfigRow& row;
  std::string operator()(const uint32_t*) const {
    return range([](uint64_t v) { return v; });
  }
  std::string operator()(const uint64_t*) const { return range(format_size); }
  std::string operator()(const std::chrono::seconds*) const {
    return range([](uint64_t v) { return format_duration(std::chrono::seconds{v}); });
  }
  std::string operator()(const LogLevel*) const { return allowed_values<LogLevel>(); }
  std::string operator()(const LogFormat*) const { return allowed_values<LogFormat>(); }
  std::string operator()(const ProcessHome*) const { return allowed_values<ProcessHome>(); }
  std::string operator()(const bool*) const { return "true or false"; }
  template <class T>
  std::string operator()(const T*) const {
    return {};
  }
  template <class F>
  std::string range(F show) const {
    return fmt::format("{} to {}", show(row.min), show(row.max));
  }
};

}  // namespace

std::string format_config_value(const ConfigSlot& slot) {
  return std::visit(FormatValue{}, slot);
}

std::string allowed_range(const ConfigRow& row) {
  Config config;
  return std::visit(FormatRange{row}, row.slot(config));
}

}  // namespace dray
