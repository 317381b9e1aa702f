#include "daemon/scheduler/cron.h"

#include <random>
#include <string>

#include "tests/support/catch.h"

namespace dray {
namespace {

std::string error_of(std::string_view text) {
  const Result<WallPattern> parsed = parse_cron(text);
  return parsed ? "accepted" : parsed.error().message;
}

template <class Bits>
std::string bits_text(Bits bits) {
  std::string text;
  for (int i = 0; i < 64; ++i)
    if ((uint64_t{bits} >> i & 1) != 0) text += (text.empty() ? "" : ",") + std::to_string(i);
  return text;
}

TEST_CASE("cron fields mean the values they list") {
  struct Row {
    const char* text;
    const char* minutes;
    const char* hours;
    const char* days;      // "" = every day
    const char* months;    // "" = every month
    const char* weekdays;  // 0 = Monday; "" = every weekday
    bool either_day;
  };
  const Row rows[] = {
      {"0 2 * * *", "0", "2", "", "", "", false},
      {"  0\t2  * * *  ", "0", "2", "", "", "", false},
      {"*/20 0-3 1,15 * *", "0,20,40", "0,1,2,3", "1,15", "", "", false},
      {"5-59/25 8-18/5 * jan,MAR-may *", "5,30,55", "8,13,18", "", "1,3,4,5", "", false},
      {"0 0 * 12 0", "0", "0", "", "12", "6", false},
      {"0 0 * * 7", "0", "0", "", "", "6", false},
      {"0 0 * * 1-5", "0", "0", "", "", "0,1,2,3,4", false},
      {"0 0 * * fri-sun", "0", "0", "", "", "4,5,6", false},
      {"0 0 * * sun-tue", "0", "0", "", "", "0,1,6", false},
      {"0 0 * * 5-7", "0", "0", "", "", "4,5,6", false},
      {"0 0 * * Wednesday", "0", "0", "", "", "2", false},
      {"0 0 13 * fri", "0", "0", "13", "", "4", true},
      {"0 0 */2 * mon", "0", "0", "1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31", "", "0", false},
      {"0 0 1 */6 *", "0", "0", "1", "1,7", "", false},
      {"1,1,0 0 * * *", "0,1", "0", "", "", "", false},
      {"@daily", "0", "0", "", "", "", false},
      {"@midnight", "0", "0", "", "", "", false},
      {" @weekly ", "0", "0", "", "", "6", false},
      {"@monthly", "0", "0", "1", "", "", false},
      {"@yearly", "0", "0", "1", "1", "", false},
      {"@annually", "0", "0", "1", "1", "", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Result<WallPattern> parsed = parse_cron(row.text);
    REQUIRE(parsed);
    CHECK(bits_text(parsed->minutes) == row.minutes);
    CHECK(bits_text(parsed->hours) == row.hours);
    const auto or_all = [](std::string_view text, uint64_t all) {
      return text.empty() ? bits_text(all) : std::string(text);
    };
    CHECK(bits_text(parsed->days) == or_all(row.days, WallPattern::kAllDays));
    CHECK(bits_text(parsed->months) == or_all(row.months, WallPattern::kAllMonths));
    CHECK(bits_text(parsed->weekdays) == or_all(row.weekdays, 0x7f));
    CHECK(parsed->either_day == row.either_day);
    CHECK(parsed->second == 0);
  }
  CHECK(parse_cron("@hourly")->hours == WallPattern::kAllHours);
  CHECK(parse_cron("* * * * *")->minutes == WallPattern::kAllMinutes);
}

TEST_CASE("a wrong cron expression is refused with the field, the text and what is allowed") {
  struct Row {
    const char* text;
    const char* message;
  };
  const Row rows[] = {
      {"0 25 * * *", "hour field '25': must be 0-23"},
      {"60 * * * *", "minute field '60': must be 0-59"},
      {"-1 * * * *", "minute field '-1': must be 0-59"},
      {"+1 * * * *", "minute field '+1': must be 0-59"},
      {"99999999999999999999 * * * *", "minute field '99999999999999999999': must be 0-59"},
      {"0 0 0 * *", "day-of-month field '0': must be 1-31"},
      {"0 0 L * *", "day-of-month field 'L': must be 1-31"},
      {"0 0 * 13 *", "month field '13': must be 1-12 or jan-dec"},
      {"0 0 * foo *", "month field 'foo': must be 1-12 or jan-dec"},
      {"0 0 * * 8", "weekday field '8': must be 0-7 (0 and 7 are Sunday) or mon-sun"},
      {"0 mon * * *", "hour field 'mon': must be 0-23"},
      {"0 8-25 * * *", "hour field '8-25': must be 0-23"},
      {"0 18-8 * * *", "hour field '18-8': the range runs backwards; write a list instead"},
      {"0 1-2-3 * * *", "hour field '1-2-3': must be 0-23"},
      {"*/0 * * * *", "minute field: step '0' must be 1-59"},
      {"*/90 * * * *", "minute field: step '90' must be 1-59"},
      {"*/ * * * *", "minute field: step '' must be 1-59"},
      {"*/2/3 * * * *", "minute field: step '2/3' must be 1-59"},
      {"5/10 * * * *", "minute field: a step needs '*' or a range before it, like 0-59/5"},
      {"1,,2 * * * *", "minute field '1,,2': has an empty item in its list"},
      {", * * * *", "minute field ',': has an empty item in its list"},
      {"", "'' has 0 fields; it needs five: minute hour day-of-month month weekday"},
      {"0 2 * *", "'0 2 * *' has 4 fields; it needs five: minute hour day-of-month month weekday"},
      {"0 0 2 * * *",
       "'0 0 2 * * *' has 6 fields; it needs five: minute hour day-of-month month weekday"},
      {"@reboot",
       "'@reboot' is not known; allowed: @hourly, @daily, @midnight, @weekly, @monthly, @yearly, "
       "@annually"},
      {"0 0 30 2 *", "never matches: no month in the month field has such a day"},
      {"0 0 31 2,4,6,9,11 *", "never matches: no month in the month field has such a day"},
      {"0\n0 * * * *", "minute field '0\\n0': must be 0-59"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(error_of(row.text) == row.message);
  }
}

TEST_CASE("an over-long cron expression is refused before it is read") {
  CHECK(error_of(std::string(100'000, '*')) == "is 100000 bytes long; at most 512 are allowed");
}

TEST_CASE("29 February and a restricted weekday are possible dates") {
  CHECK(error_of("0 0 29 2 *") == "accepted");
  CHECK(error_of("0 0 30 2 mon") == "accepted");  // every Monday of February
  CHECK(error_of("0 0 29 2 */7") == "accepted");  // 29 February on a Sunday
}

TEST_CASE("random text is either refused in a sentence or fires at a matching time") {
  std::mt19937 random(20260329);
  const std::string alphabet = "0123456789**//--,,  \t@abdefhjmnorstuvy\n\x01\xff";
  const char* const words[] = {"*", "*/5", "0", "59", "23", "31", "12", "mon", "feb", "1-5", "2,4"};
  const auto noise = [&] { return std::string(1, alphabet[random() % alphabet.size()]); };
  using std::chrono::local_seconds;
  const local_seconds from{std::chrono::local_days{std::chrono::year{2026} / 1 / 1}};
  int accepted = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string text;
    const bool is_shaped = random() % 2 == 0;  // five words with rare noise, or anything
    const size_t pieces = is_shaped ? 5 : random() % 14;
    for (size_t piece = 0; piece < pieces; ++piece) {
      if (random() % (is_shaped ? 16 : 2) == 0) text += noise();
      text += words[random() % std::size(words)];
      if (is_shaped || random() % 2 == 0) text += ' ';
    }
    const Result<WallPattern> parsed = parse_cron(text);
    if (!parsed) {
      const std::string& message = parsed.error().message;
      if (message.empty() || message.find_first_of("\n\x01\xff") != std::string::npos) FAIL(text);
      continue;
    }
    ++accepted;
    const auto found = parsed->first_from(from);
    if (found && !parsed->matches(*found)) FAIL(text);
  }
  CHECK(accepted > 100);
}

}  // namespace
}  // namespace dray
