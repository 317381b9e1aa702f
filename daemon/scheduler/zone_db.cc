#include "daemon/scheduler/zone_db.h"

#include <date/tz.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "daemon/base/quote.h"
#include "daemon/base/text.h"
#include "daemon/scheduler/posix_rule.h"

namespace dray {
namespace {

using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::year;

// Where the date library looks as well.
constexpr std::string_view kDatabaseDir = "/usr/share/zoneinfo/";
// "America/Argentina/ComodRivadavia" has 32.
constexpr size_t kLongestName = 64;
// Entries of the directory that are no zones: what they mean differs between machines.
constexpr std::string_view kNotZones[] = {"localtime", "posixrules", "Factory"};

bool is_zone_name(std::string_view name) {
  return std::ranges::find(kNotZones, name) == std::end(kNotZones);
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// A zone that a person who typed `name` may have meant: few letters off in any case, or the bare
// city.
std::optional<std::string> closest_name(std::string_view name) {
  if (name.size() > kLongestName) return std::nullopt;
  std::vector<std::string> names;  // lower case
  std::vector<std::string_view> originals;
  for (const date::time_zone& zone : date::get_tzdb().zones) {
    if (!is_zone_name(zone.name())) continue;
    names.push_back(lower(zone.name()));
    originals.push_back(zone.name());
  }
  const std::vector<std::string_view> full(names.begin(), names.end());
  std::vector<std::string_view> cities;
  for (const std::string_view text : full)
    cities.push_back(text.substr(text.rfind('/') + 1));
  for (const std::vector<std::string_view>& candidates : {full, cities}) {
    const std::string_view match = closest_match(lower(name), candidates);
    const auto found = std::ranges::find(candidates, match);
    if (!match.empty())
      return std::string(originals[static_cast<size_t>(found - candidates.begin())]);
  }
  return std::nullopt;
}

// Collects segments and merges neighbours that say the same.
class TableBuilder {
 public:
  void add(sys_seconds begin, std::chrono::seconds offset, const std::string& abbreviation) {
    const auto found = std::ranges::find(abbreviations_, abbreviation);
    const auto index = static_cast<uint32_t>(found - abbreviations_.begin());
    if (found == abbreviations_.end()) abbreviations_.push_back(abbreviation);
    const auto offset_s = static_cast<int32_t>(offset.count());
    if (!segments_.empty() && segments_.back().offset_s == offset_s &&
        segments_.back().abbreviation == index)
      return;
    segments_.push_back({begin, offset_s, index});
  }

  std::unique_ptr<const Zone> build(std::string name) {
    return std::make_unique<const Zone>(std::move(name), std::move(segments_),
                                        std::move(abbreviations_));
  }

 private:
  std::vector<Zone::Segment> segments_;
  std::vector<std::string> abbreviations_;
};

// The last line of a version 2+ file. Nothing for an older file: its table is then all there is.
std::optional<PosixRule> read_rule(const std::string& name) {
  std::ifstream file(std::string(kDatabaseDir) + name, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (!bytes.ends_with('\n')) return std::nullopt;
  const size_t line = bytes.rfind('\n', bytes.size() - 2);
  if (line == std::string::npos) return std::nullopt;
  Result<PosixRule> rule =
      parse_posix_rule(std::string_view(bytes).substr(line + 1, bytes.size() - line - 2));
  return rule ? std::optional(*std::move(rule)) : std::nullopt;
}

std::unique_ptr<const Zone> load(const date::time_zone& source) {
  TableBuilder table;
  const sys_seconds end{sys_days{year{kLastZoneYear + 1} / 1 / 1}};
  sys_seconds last_begin{};
  for (sys_seconds at{}; at < end;) {
    const date::sys_info info = source.get_info(at);
    table.add(at, info.offset, info.abbrev);
    last_begin = std::max(info.begin, sys_seconds{});
    at = info.end;
  }
  if (const std::optional<PosixRule> rule = read_rule(source.name())) {
    for (const OffsetChange& change : changes_after(*rule, last_begin, year{kLastZoneYear}))
      table.add(change.at,
                std::chrono::seconds{change.to_daylight ? rule->daylight_offset_s
                                                        : rule->standard_offset_s},
                change.to_daylight ? rule->daylight_name : rule->standard_name);
  }
  return table.build(source.name());
}

Result<const date::time_zone*> locate(std::string_view name) {
  if (is_zone_name(name)) {
    const std::vector<date::time_zone>& zones = date::get_tzdb().zones;
    const auto found = std::ranges::lower_bound(
        zones, name, {},
        [](const date::time_zone& zone) -> std::string_view { return zone.name(); });
    if (found != zones.end() && found->name() == name) return &*found;
  }
  if (const std::optional<std::string> meant = closest_name(name))
    return fail(ErrorCode::invalid, "{} is not an IANA time zone; did you mean {}?", quoted(name),
                *meant);
  return fail(ErrorCode::invalid, "{} is not an IANA time zone, such as Europe/Berlin or UTC",
              quoted(name));
}

}  // namespace

Result<const Zone*> find_zone(std::string_view name) {
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<const Zone>, std::less<>> zones;
  const std::lock_guard lock(mutex);
  if (const auto known = zones.find(name); known != zones.end()) return known->second.get();
  try {
    DRAY_TRY_ASSIGN(const date::time_zone* source, locate(name));
    return zones.emplace(name, load(*source)).first->second.get();
  } catch (const std::exception& error) {
    return fail(ErrorCode::unavailable, "read the time zone database {}: {}; install tzdata",
                kDatabaseDir, error.what());
  }
}

}  // namespace dray
