// The settings as a table. Used by config.cc only; everybody else includes config.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "daemon/base/config.h"
#include "daemon/base/result.h"

namespace dray {

// Where a setting lives in a Config. The type says how it is written: uint32_t is a number,
// uint64_t a size ("64M"), seconds a duration ("10m").
using ConfigSlot = std::variant<std::string*, std::vector<std::string>*, uint32_t*, uint64_t*,
                                std::chrono::seconds*, LogLevel*, LogFormat*, ProcessHome*, bool*>;

// What a text, or each text of a list, must be: nothing, or "must be ...".
using TextCheck = std::string (*)(std::string_view text);

enum class Reload { no, yes };

struct ConfigRow {
  std::string_view section;
  std::string_view key;
  ConfigSlot (*slot)(Config& config);
  std::string_view default_toml;  // as it would stand in a file; {placeholders} are filled in
  uint64_t min = 0, max = 0;      // of a number, size in bytes or duration in seconds
  TextCheck check = nullptr;
  Reload reload = Reload::no;
  std::string_view about;  // one sentence for `dray config show`

  std::string name() const;  // "worker.slots"
};

// In the order of the file; a default refers only to settings above it.
std::span<const ConfigRow> config_rows();

// {data_dir}, {run_dir}, {broker_dir} and {host} in a default.
std::string fill_placeholders(std::string_view text, const Config& config);

// The value as TOML.
std::string format_config_value(const ConfigSlot& slot);
// "1 to 256", "1s to 1d"; "" where any value of the type is allowed.
std::string allowed_range(const ConfigRow& row);

// Problems between settings that are fine one by one.
std::vector<std::string> check_together(const Config& config);

}  // namespace dray
