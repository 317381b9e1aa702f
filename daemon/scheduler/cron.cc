#include "daemon/scheduler/cron.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>

#include "daemon/base/quote.h"
#include "schemas/weekdays.h"

namespace dray {
namespace {

// Longer than any expression that lists every value of every field (under 400 bytes).
constexpr size_t kMaxLength = 512;
constexpr size_t kFieldCount = 5;

std::optional<int> parse_month(std::string_view name) {
  constexpr std::string_view kMonths[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                          "jul", "aug", "sep", "oct", "nov", "dec"};
  std::string lower;
  for (const char c : name)
    lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const auto found = std::ranges::find(kMonths, lower);
  if (found == std::end(kMonths)) return std::nullopt;
  return static_cast<int>(found - std::begin(kMonths)) + 1;
}

// Monday is 1 and Sunday 7, so that fri-sun is a range that runs forwards.
std::optional<int> parse_cron_weekday(std::string_view name) {
  const std::optional<int> day = parse_weekday(name);
  return day ? std::optional(*day + 1) : std::nullopt;
}

struct FieldRow {
  std::string_view name;
  int min;
  int max;
  std::string_view allowed;
  std::optional<int> (*by_name)(std::string_view);
};
constexpr FieldRow kFields[kFieldCount] = {
    {"minute", 0, 59, "0-59", nullptr},
    {"hour", 0, 23, "0-23", nullptr},
    {"day-of-month", 1, 31, "1-31", nullptr},
    {"month", 1, 12, "1-12 or jan-dec", parse_month},
    {"weekday", 0, 7, "0-7 (0 and 7 are Sunday) or mon-sun", parse_cron_weekday},
};
constexpr size_t kWeekdayField = 4;

struct Macro {
  std::string_view name;
  std::string_view meaning;
};
constexpr Macro kMacros[] = {{"@hourly", "0 * * * *"},   {"@daily", "0 0 * * *"},
                             {"@midnight", "0 0 * * *"}, {"@weekly", "0 0 * * 0"},
                             {"@monthly", "0 0 1 * *"},  {"@yearly", "0 0 1 1 *"},
                             {"@annually", "0 0 1 1 *"}};

std::optional<int> parse_number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_digit = !text.empty() && text.front() >= '0' && text.front() <= '9';
  if (!is_digit || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// `item` is what the message shows.
Result<int> parse_value(const FieldRow& field, std::string_view text, std::string_view item) {
  std::optional<int> value = parse_number(text);
  if (!value && field.by_name != nullptr) value = field.by_name(text);
  if (!value || *value < field.min || *value > field.max)
    return fail(ErrorCode::invalid, "{} field {}: must be {}", field.name, quoted(item),
                field.allowed);
  return *value;
}

Result<int> parse_step(const FieldRow& field, std::string_view text, bool has_range) {
  if (!has_range)
    return fail(ErrorCode::invalid, "{} field: a step needs '*' or a range before it, like {}-{}/5",
                field.name, field.min, field.max);
  const std::optional<int> step = parse_number(text);
  if (!step || *step < 1 || *step > field.max)
    return fail(ErrorCode::invalid, "{} field: step {} must be 1-{}", field.name, quoted(text),
                field.max);
  return *step;
}

// Adds what one item of a list ("*", "5", "1-5", "*/15", "8-18/2") stands for, one bit a value.
Status add_item(const FieldRow& field, std::string_view item, uint64_t& bits) {
  const size_t slash = item.find('/');
  const std::string_view range = item.substr(0, slash);
  const size_t dash = range.find('-');
  const bool has_dash = dash != std::string_view::npos;
  int first = field.min;
  int last = field.max;
  if (range != "*") {
    DRAY_TRY_ASSIGN(first, parse_value(field, range.substr(0, dash), range));
    last = first;
    if (has_dash) {
      DRAY_TRY_ASSIGN(last, parse_value(field, range.substr(dash + 1), range));
      // sun-tue: Sunday also begins a week.
      if (&field == &kFields[kWeekdayField] && first == 7 && last < 7) first = 0;
    }
  }
  if (first > last)
    return fail(ErrorCode::invalid, "{} field {}: the range runs backwards; write a list instead",
                field.name, quoted(range));
  int step = 1;
  if (slash != std::string_view::npos) {
    DRAY_TRY_ASSIGN(step, parse_step(field, item.substr(slash + 1), range == "*" || has_dash));
  }
  for (int value = first; value <= last; value += step)
    bits |= uint64_t{1} << value;
  return {};
}

Result<uint64_t> parse_field(const FieldRow& field, std::string_view text) {
  uint64_t bits = 0;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    if (end == begin)
      return fail(ErrorCode::invalid, "{} field {}: has an empty item in its list", field.name,
                  quoted(text));
    DRAY_TRY(add_item(field, text.substr(begin, end - begin), bits));
    begin = end + 1;
  }
  return bits;
}

struct SplitFields {
  std::array<std::string_view, kFieldCount> fields;
  size_t count = 0;  // may be above kFieldCount
};

SplitFields split(std::string_view text) {
  constexpr std::string_view kBlanks = " \t";
  SplitFields split;
  for (size_t begin = text.find_first_not_of(kBlanks); begin < text.size();) {
    const size_t end = std::min(text.find_first_of(kBlanks, begin), text.size());
    if (split.count < kFieldCount) split.fields[split.count] = text.substr(begin, end - begin);
    ++split.count;
    begin = text.find_first_not_of(kBlanks, end);
  }
  return split;
}

Result<std::string_view> expand_macro(std::string_view text) {
  std::string allowed;
  for (const Macro& macro : kMacros) {
    if (macro.name == text) return macro.meaning;
    allowed += allowed.empty() ? "" : ", ";
    allowed += macro.name;
  }
  return fail(ErrorCode::invalid, "{} is not known; allowed: {}", quoted(text), allowed);
}

// Sunday is 0 and 7 in cron and the last bit in a WeekdaySet.
WeekdaySet to_weekday_set(uint64_t bits) {
  const uint64_t sunday = (bits | bits >> 7) & 1;
  return static_cast<WeekdaySet>((bits >> 1 & 0x3f) | sunday << 6);
}

Status check_possible(const WallPattern& pattern) {
  using namespace std::chrono_literals;
  constexpr std::chrono::local_days kAnyLeapYear{2000y / 1 / 1};
  if (pattern.first_from(kAnyLeapYear)) return {};
  return fail(ErrorCode::invalid, "never matches: no month in the month field has such a day");
}

}  // namespace

Result<WallPattern> parse_cron(std::string_view text) {
  if (text.size() > kMaxLength)
    return fail(ErrorCode::invalid, "is {} bytes long; at most {} are allowed", text.size(),
                kMaxLength);
  SplitFields split_text = split(text);
  if (split_text.count == 1 && split_text.fields[0].starts_with('@')) {
    DRAY_TRY_ASSIGN(const std::string_view meaning, expand_macro(split_text.fields[0]));
    split_text = split(meaning);
  }
  if (split_text.count != kFieldCount)
    return fail(ErrorCode::invalid,
                "{} has {} fields; it needs five: minute hour day-of-month month weekday",
                quoted(text), split_text.count);
  std::array<uint64_t, kFieldCount> bits{};
  for (size_t i = 0; i < kFieldCount; ++i) {
    DRAY_TRY_ASSIGN(bits[i], parse_field(kFields[i], split_text.fields[i]));
  }
  const bool days_restricted = !split_text.fields[2].starts_with('*');
  const bool weekdays_restricted = !split_text.fields[kWeekdayField].starts_with('*');
  const WallPattern pattern{.minutes = bits[0],
                            .hours = static_cast<uint32_t>(bits[1]),
                            .days = static_cast<uint32_t>(bits[2]),
                            .months = static_cast<uint16_t>(bits[3]),
                            .weekdays = to_weekday_set(bits[kWeekdayField]),
                            .either_day = days_restricted && weekdays_restricted};
  DRAY_TRY(check_possible(pattern));
  return pattern;
}

}  // namespace dray
