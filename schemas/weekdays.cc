#include "schemas/weekdays.h"

#include <algorithm>
#include <cctype>

#include "daemon/base/quote.h"

namespace dray {
namespace {

constexpr std::string_view kNames[] = {"monday", "tuesday",  "wednesday", "thursday",
                                       "friday", "saturday", "sunday"};
constexpr size_t kShortLength = 3;

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == b;
  });
}

Result<int> weekday(std::string_view name) {
  if (const std::optional<int> day = parse_weekday(name)) return *day;
  return fail(ErrorCode::invalid, "{} is not a weekday; allowed: mon, tue, wed, thu, fri, sat, sun",
              quoted(name));
}

// One day, or a range that may run through the end of the week.
Status add_item(std::string_view item, WeekdaySet& set) {
  const size_t dash = item.find('-');
  DRAY_TRY_ASSIGN(const int first, weekday(item.substr(0, dash)));
  int last = first;
  if (dash != std::string_view::npos) {
    DRAY_TRY_ASSIGN(last, weekday(item.substr(dash + 1)));
  }
  for (int day = first;; day = (day + 1) % 7) {
    set = static_cast<WeekdaySet>(set | 1U << day);
    if (day == last) return {};
  }
}

}  // namespace

std::optional<int> parse_weekday(std::string_view name) {
  for (int day = 0; day < 7; ++day) {
    const std::string_view full = kNames[day];
    if (equals_ignoring_case(name, full.substr(0, kShortLength)) ||
        equals_ignoring_case(name, full))
      return day;
  }
  return std::nullopt;
}

Result<WeekdaySet> parse_weekdays(std::string_view text) {
  if (equals_ignoring_case(text, "daily")) return kAllWeekdays;
  WeekdaySet set = 0;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    DRAY_TRY(add_item(text.substr(begin, end - begin), set));
    begin = end + 1;
  }
  return set;
}

std::string weekdays_text(WeekdaySet set) {
  if ((set & kAllWeekdays) == kAllWeekdays) return "daily";
  std::string text;
  for (int day = 0; day < 7; ++day) {
    if ((set >> day & 1) == 0) continue;
    if (!text.empty()) text += ',';
    text += kNames[day].substr(0, kShortLength);
  }
  return text.empty() ? "none" : text;
}

}  // namespace dray
