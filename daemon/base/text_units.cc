// Sizes, durations and rates: the second half of text.h.
#include <charconv>
#include <limits>

#include "daemon/base/text.h"

namespace dray {
namespace {

struct Amount {
  uint64_t number = 0;
  std::string_view unit;
};

// "64M" -> 64, "M". False without digits or when the number passes 64 bits.
bool split_amount(std::string_view text, Amount& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out.number);
  if (error != std::errc{}) return false;
  out.unit = text.substr(static_cast<size_t>(end - text.data()));
  return true;
}

struct SizeUnit {
  std::string_view letter;  // as written in settings
  std::string_view human;
  uint64_t bytes;
};
// Largest first, so that the first that divides a value gives its shortest form.
constexpr SizeUnit kSizeUnits[] = {
    {"P", "PiB", uint64_t{1} << 50}, {"T", "TiB", uint64_t{1} << 40},
    {"G", "GiB", uint64_t{1} << 30}, {"M", "MiB", uint64_t{1} << 20},
    {"K", "KiB", uint64_t{1} << 10}, {"", "B", 1},
};

struct TimeUnit {
  std::string_view name;
  Duration length;
};
constexpr TimeUnit kTimeUnits[] = {
    {"d", hours{24}},  {"h", hours{1}},         {"m", minutes{1}},
    {"s", seconds{1}}, {"ms", milliseconds{1}},
};

}  // namespace

Result<uint64_t> parse_size(std::string_view text) {
  Amount amount;
  if (split_amount(text, amount)) {
    for (const SizeUnit& unit : kSizeUnits) {
      if (amount.unit != unit.letter && amount.unit != unit.human) continue;
      if (amount.number > std::numeric_limits<uint64_t>::max() / unit.bytes) break;
      return amount.number * unit.bytes;
    }
  }
  return fail(ErrorCode::invalid, "'{}' is not a size; write it like 500, 64K, 64M, 1G or 2T",
              shorten(escape_for_display(text), 40));
}

std::string format_size(uint64_t bytes) {
  if (bytes == 0) return "0";
  for (const SizeUnit& unit : kSizeUnits)
    if (bytes % unit.bytes == 0) return fmt::format("{}{}", bytes / unit.bytes, unit.letter);
  return fmt::format("{}", bytes);
}

Result<Duration> parse_duration(std::string_view text) {
  Amount amount;
  if (split_amount(text, amount)) {
    for (const TimeUnit& unit : kTimeUnits) {
      if (amount.unit != unit.name) continue;
      if (amount.number > static_cast<uint64_t>(Duration::max() / unit.length)) break;
      return static_cast<int64_t>(amount.number) * unit.length;
    }
  }
  return fail(ErrorCode::invalid, "'{}' is not a duration; write it like 500ms, 90s, 10m, 2h or 1d",
              shorten(escape_for_display(text), 40));
}

std::string format_duration(Duration duration) {
  if (duration == Duration{0}) return "0s";
  for (const TimeUnit& unit : kTimeUnits)
    if (duration % unit.length == Duration{0})
      return fmt::format("{}{}", duration / unit.length, unit.name);
  return fmt::format("{}ms", to_ms(duration));
}

Result<uint64_t> parse_rate(std::string_view text) {
  if (text == "off") return 0;
  if (auto rate = parse_size(text); rate && *rate > 0) return *rate;
  return fail(ErrorCode::invalid,
              "'{}' is not a rate in bytes per second; write it like 500K, 8M, 1G or off",
              shorten(escape_for_display(text), 40));
}

std::string format_rate(uint64_t bytes_per_second) {
  return bytes_per_second == 0 ? "off" : format_size(bytes_per_second);
}

std::string human_bytes(uint64_t bytes) {
  for (const SizeUnit& unit : kSizeUnits) {
    if (bytes < unit.bytes || unit.bytes == 1) continue;
    const double value = static_cast<double>(bytes) / static_cast<double>(unit.bytes);
    const int decimals = value < 10 ? 2 : value < 100 ? 1 : 0;
    return fmt::format("{:.{}f} {}", value, decimals, unit.human);
  }
  return fmt::format("{} B", bytes);
}

std::string human_rate(uint64_t bytes_per_second) {
  return human_bytes(bytes_per_second) + "/s";
}

std::string human_duration(Duration duration) {
  if (duration < Duration{0}) return "-" + human_duration(-duration);
  const int64_t total = duration / seconds{1};
  const int64_t d = total / 86'400, h = total / 3600 % 24, m = total / 60 % 60, s = total % 60;
  if (d > 0) return fmt::format("{}d {}h", d, h);
  if (h > 0) return fmt::format("{}h {:02}m", h, m);
  if (m > 0) return fmt::format("{}m {:02}s", m, s);
  if (s >= 10 || duration == Duration{0}) return fmt::format("{}s", s);
  return fmt::format("{}.{}s", s, to_ms(duration) % 1000 / 100);
}

}  // namespace dray
