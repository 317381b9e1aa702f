#include "schemas/file_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "daemon/base/quote.h"
#include "daemon/base/text.h"

namespace dray {
namespace {

constexpr size_t kTicketHashDigits = 64;
constexpr std::string_view kOurPrefix = ".dray-";

struct Range {
  char32_t first;
  char32_t last;
  std::string_view what;
};
constexpr Range kRefused[] = {
    {0x00, 0x1f, "a control character"},
    {'\\', '\\', "a backslash, which separates directories elsewhere"},
    {0x7f, 0x9f, "a control character"},
    {0xad, 0xad, "an invisible character"},
    {0x61c, 0x61c, "a character that turns the direction of writing around"},
    {0x200b, 0x200d, "an invisible character"},
    {0x200e, 0x200f, "a character that turns the direction of writing around"},
    {0x2028, 0x2029, "a line break"},
    {0x202a, 0x202e, "a character that turns the direction of writing around"},
    {0x2060, 0x2064, "an invisible character"},
    {0x2066, 0x206f, "a character that turns the direction of writing around"},
    {0xd800, 0xdfff, "half a character"},
    {0xfeff, 0xfeff, "an invisible character"},
    {0xfff9, 0xfffb, "an invisible character"},
    {0xfffe, 0xffff, "a character that does not exist"},
};

// The next character of UTF-8; nullopt: damaged, too long a form, or beyond Unicode.
std::optional<char32_t> take_character(std::string_view& text) {
  const auto first = static_cast<uint8_t>(text.front());
  const size_t size = first < 0x80 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : 4;
  if (first >= 0xf8 || (first >= 0x80 && first < 0xc0) || text.size() < size) return std::nullopt;
  char32_t value = size == 1 ? first : first & (0x7f >> size);
  for (size_t i = 1; i < size; ++i) {
    const auto next = static_cast<uint8_t>(text[i]);
    if (next >> 6 != 2) return std::nullopt;
    value = value << 6 | (next & 0x3f);
  }
  constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < kLeast[size] || value > 0x10ffff) return std::nullopt;
  text.remove_prefix(size);
  return value;
}

// "con", "COM1.txt": what Windows takes for a device, whatever follows the first dot.
bool is_device_name(std::string_view component) {
  std::string stem(trim(component.substr(0, component.find('.'))));
  std::ranges::transform(stem, stem.begin(), [](unsigned char c) { return std::tolower(c); });
  if (stem == "con" || stem == "prn" || stem == "aux" || stem == "nul") return true;
  return stem.size() == 4 && (stem.starts_with("com") || stem.starts_with("lpt")) &&
         stem[3] >= '1' && stem[3] <= '9';
}

// What is wrong with the component; "" when nothing is.
std::string problem_of(std::string_view component) {
  if (component.empty()) return "has an empty part between two '/', or at an end";
  if (component == "." || component == "..") return fmt::format("holds '{}'", component);
  if (component.size() > kMaxFileComponent)
    return fmt::format("has a part of {} bytes; allowed: {}", component.size(), kMaxFileComponent);
  for (std::string_view rest = component; !rest.empty();) {
    const std::optional<char32_t> c = take_character(rest);
    if (!c) return "is not UTF-8";
    for (const Range& range : kRefused)
      if (*c >= range.first && *c <= range.last) return fmt::format("holds {}", range.what);
  }
  if (component.front() == ' ' || component.back() == ' ')
    return "has a part that begins or ends with a space";
  if (component.back() == '.') return "has a part that ends with a dot";
  if (is_device_name(component))
    return fmt::format("has the part {}, a device on Windows", quoted(component));
  if (component.starts_with(kOurPrefix))
    return fmt::format("has a part that begins with '{}', which Drayage uses itself", kOurPrefix);
  return "";
}

}  // namespace

Status check_file_name(std::string_view name) {
  std::string problem;
  if (name.empty()) {
    problem = "is empty";
  } else if (name.size() > kMaxUploadNameBytes) {
    problem = fmt::format("is {} bytes long; allowed: {}", name.size(), kMaxUploadNameBytes);
  }
  for (size_t begin = 0; problem.empty() && begin <= name.size();) {
    const size_t end = std::min(name.find('/', begin), name.size());
    problem = problem_of(name.substr(begin, end - begin));
    begin = end + 1;
  }
  if (problem.empty()) return {};
  return fail(ErrorCode::invalid, "the file name {} {}; give another one with --name", quoted(name),
              problem);
}

Result<std::string> file_name_of(std::string_view path) {
  const size_t slash = path.rfind('/');
  std::string name(slash == std::string_view::npos ? path : path.substr(slash + 1));
  DRAY_TRY(check_file_name(name));
  return name;
}

std::string upload_job_name(std::string_view client) {
  return fmt::format("{}-uploads", client);
}

Status check_upload(const UploadTask& upload) {
  DRAY_TRY(check_file_name(upload.name));
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (upload.ticket_hash.size() != kTicketHashDigits ||
      !std::ranges::all_of(upload.ticket_hash, is_digit))
    return fail(ErrorCode::invalid, "ticket_hash: must be {} lower-case hexadecimal digits",
                kTicketHashDigits);
  return {};
}

}  // namespace dray
