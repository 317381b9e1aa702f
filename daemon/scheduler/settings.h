// Settings that are kept in the database and changed live (`dray settings set`). One table names
// them all. Pure.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "daemon/base/result.h"
#include "daemon/base/time.h"
#include "daemon/scheduler/rows.h"

namespace dray {

enum class SettingType : uint8_t { number, boolean, text, bandwidth_table };

struct SettingRow {
  std::string_view name;
  SettingType type;
  std::string_view default_json;
  uint64_t min;
  uint64_t max;
  std::string_view description;
};
std::span<const SettingRow> setting_rows();
const SettingRow* find_setting(std::string_view name);

// The same names at a client mean the client's own; they live in its row.
bool is_client_setting(std::string_view name);

// `json` as it is stored. Also understands numbers and booleans given as text ("5", "true"), as a
// command line gives them. invalid: "history_keep_days: must be a whole number from 1 to 36500".
Result<std::string> check_setting(std::string_view name, std::string_view json);

// Of what is stored, the rest being defaults. What cannot be read counts as not set.
LiveSettings settings_from(const std::map<std::string, std::string>& stored);
uint64_t setting_number(const std::map<std::string, std::string>& stored, std::string_view name);

}  // namespace dray
