#include "daemon/scheduler/settings.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "daemon/base/quote.h"
#include "daemon/base/text.h"
#include "daemon/scheduler/week_table.h"
#include "schemas/job_check.h"
#include "schemas/json_fields.h"
#include "schemas/json_text.h"

namespace dray {
namespace {

constexpr std::string_view kMaxJobs = "global_max_concurrent_jobs";
constexpr std::string_view kMaxBandwidth = "global_max_bandwidth_kbps";
constexpr std::string_view kBandwidthTable = "global_bandwidth_table";
constexpr std::string_view kPaused = "queue_paused";
constexpr std::string_view kPausedStops = "queue_paused_stops";
constexpr std::string_view kPausedReason = "queue_paused_reason";

constexpr SettingRow kSettings[] = {
    {kMaxJobs, SettingType::number, "0", 0, 100'000,
     "Runs at the same time, over all clients; 0: no cap"},
    {kMaxBandwidth, SettingType::number, "0", 0, 1'000'000'000,
     "Kilobytes (1000 B) per second, over all runs; 0: no cap"},
    {kBandwidthTable, SettingType::bandwidth_table, "{}", 0, 0,
     "Caps by day and time instead of global_max_bandwidth_kbps (dray bandwidth schedule)"},
    {kPaused, SettingType::boolean, "false", 0, 0, "No run starts; what runs goes on"},
    {kPausedReason, SettingType::text, "\"\"", 0, 0, "Why the queue is paused; shown to everybody"},
    {kPausedStops, SettingType::boolean, "false", 0, 0,
     "While the queue is paused, what runs is stopped; it goes on afterwards"},
    {"history_keep_days", SettingType::number, "400", 1, 36'500,
     "Ended runs and events are deleted after this many days"},
};

constexpr std::string_view kClientSettings[] = {"max_concurrent_jobs", "max_bandwidth_kbps",
                                                "weight"};

Result<std::string> check_number(const SettingRow& row, const JsonValue& value) {
  std::optional<uint64_t> number = value.unsigned_integer();
  if (const auto text = value.text()) {
    uint64_t parsed = 0;
    const auto end = std::from_chars(text->data(), text->data() + text->size(), parsed);
    if (end.ec == std::errc() && end.ptr == text->data() + text->size()) number = parsed;
  }
  if (number && *number >= row.min && *number <= row.max) return fmt::format("{}", *number);
  return fail(ErrorCode::invalid, "{}: must be a whole number from {} to {}", row.name, row.min,
              row.max);
}

Result<std::string> check_boolean(const SettingRow& row, const JsonValue& value) {
  std::optional<bool> flag = value.boolean();
  if (value.text() == "true") flag = true;
  if (value.text() == "false") flag = false;
  if (flag) return std::string(*flag ? "true" : "false");
  return fail(ErrorCode::invalid, "{}: must be true or false", row.name);
}

Result<std::string> check_text(const SettingRow& row, const JsonValue& value) {
  const auto text = value.text();
  if (!text) return fail(ErrorCode::invalid, "{}: must be a text", row.name);
  if (Status status = check_reason(*text); !status)
    return std::unexpected(annotate(status.error(), row.name));
  return json_quote(*text);
}

Result<std::string> check_table(const SettingRow& row, const JsonValue& value) {
  // A command line gives it as text.
  if (const auto text = value.text()) {
    DRAY_TRY_ASSIGN(const JsonDocument document, JsonDocument::parse(*text));
    return check_table(row, document.root());
  }
  BandwidthTable table;
  if (Status read = read_json(value, table); !read)
    return std::unexpected(annotate(read.error(), row.name));
  if (!table.rows.empty())
    if (auto compiled = WeekTable::compile(table); !compiled)
      return std::unexpected(annotate(compiled.error(), row.name));
  return table.rows.empty() ? std::string("{}") : to_json(table);
}

// What is stored, or the default.
std::string_view stored_or_default(const std::map<std::string, std::string>& stored,
                                   std::string_view name) {
  const auto found = stored.find(std::string(name));
  if (found != stored.end() && check_setting(name, found->second)) return found->second;
  return find_setting(name)->default_json;
}

}  // namespace

std::span<const SettingRow> setting_rows() {
  return kSettings;
}

const SettingRow* find_setting(std::string_view name) {
  const auto found = std::ranges::find(kSettings, name, &SettingRow::name);
  return found == std::end(kSettings) ? nullptr : found;
}

bool is_client_setting(std::string_view name) {
  return std::ranges::find(kClientSettings, name) != std::end(kClientSettings);
}

Result<std::string> check_setting(std::string_view name, std::string_view json) {
  const SettingRow* row = find_setting(name);
  if (!row) {
    std::vector<std::string_view> names;
    for (const SettingRow& known : kSettings)
      names.push_back(known.name);
    const std::string_view near = closest_match(name, names);
    return fail(ErrorCode::invalid, "{} is not a setting; allowed: {}{}", quoted(name),
                fmt::join(names, ", "),
                near.empty() ? std::string() : fmt::format("; did you mean '{}'?", near));
  }
  DRAY_TRY_ASSIGN(const JsonDocument document, JsonDocument::parse(json));
  switch (row->type) {
    case SettingType::number:
      return check_number(*row, document.root());
    case SettingType::boolean:
      return check_boolean(*row, document.root());
    case SettingType::text:
      return check_text(*row, document.root());
    case SettingType::bandwidth_table:
      return check_table(*row, document.root());
  }
  return fail(ErrorCode::invalid, "{} cannot be set", quoted(name));
}

uint64_t setting_number(const std::map<std::string, std::string>& stored, std::string_view name) {
  const std::string_view text = stored_or_default(stored, name);
  uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

LiveSettings settings_from(const std::map<std::string, std::string>& stored) {
  LiveSettings settings;
  settings.global_max_concurrent_jobs = static_cast<uint32_t>(setting_number(stored, kMaxJobs));
  settings.global_max_bandwidth_kbps = setting_number(stored, kMaxBandwidth);
  if (auto table = from_json<BandwidthTable>(stored_or_default(stored, kBandwidthTable)))
    settings.global_bandwidth_table = std::move(*table);
  settings.queue_paused = stored_or_default(stored, kPaused) == "true";
  settings.queue_paused_stops = stored_or_default(stored, kPausedStops) == "true";
  const auto reason = JsonDocument::parse(stored_or_default(stored, kPausedReason));
  if (reason) settings.queue_paused_reason = reason->root().text().value_or("");
  return settings;
}

}  // namespace dray
