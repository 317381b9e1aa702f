#include "schemas/rclone_conf.h"

#include "daemon/base/text.h"

namespace dray {
namespace {

constexpr std::string_view kEncryptedMark = "RCLONE_ENCRYPT_V";

std::string_view strip_quotes(std::string_view text) {
  for (const std::string_view quote : {"\"\"\"", "`"})
    if (text.size() >= 2 * quote.size() && text.starts_with(quote) && text.ends_with(quote))
      return text.substr(quote.size(), text.size() - 2 * quote.size());
  return text;
}

std::string_view key_text(std::string_view text) {
  text = trim(text);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
    return text.substr(1, text.size() - 2);
  return strip_quotes(text);
}

std::unexpected<Error> wrong_line(std::string_view file, int line, std::string_view what) {
  return fail(ErrorCode::invalid, "{}:{}: {}", file, line, what);
}

ConfSection& section_named(std::vector<ConfSection>& sections, std::string_view name, int line) {
  for (ConfSection& section : sections)
    if (section.name == name) return section;
  return sections.emplace_back(ConfSection{std::string(name), line, {}});
}

// The next line without its end.
std::string_view take_line(std::string_view& rest) {
  const size_t end = rest.find('\n');
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return trim(line);
}

}  // namespace

Result<std::vector<ConfSection>> parse_rclone_conf(std::string_view text,
                                                   std::string_view file_name) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  std::vector<ConfSection> sections;
  ConfSection* current = nullptr;
  int number = 0;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    ++number;
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.starts_with(kEncryptedMark))
      return fail(ErrorCode::invalid,
                  "{} is encrypted with a password. Let rclone open it: `rclone config show "
                  "--config {} | dray remote import -` (nothing is written to disk)",
                  file_name, file_name);
    if (line.front() == '[') {
      const std::string_view name = trim(line.substr(1, line.size() - 2));
      if (line.back() != ']' || line.size() < 3 || name.empty())
        return wrong_line(file_name, number, "a section must look like [name]");
      current = &section_named(sections, name, number);
      continue;
    }
    const size_t sign = line.find_first_of("=:");
    if (sign == std::string_view::npos || sign == 0)
      return wrong_line(file_name, number, "neither a [section] nor `key = value`");
    if (current == nullptr)
      return wrong_line(file_name, number, "a setting before the first [section]");
    current->settings[std::string(key_text(line.substr(0, sign)))] =
        std::string(strip_quotes(trim(line.substr(sign + 1))));
  }
  return sections;
}

}  // namespace dray
