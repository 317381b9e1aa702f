#include "ops/command.h"

#include <algorithm>
#include <charconv>

#include "daemon/base/quote.h"
#include "daemon/base/text.h"

namespace dray::ops {
namespace {

struct NounAlias {
  std::string_view alias;
  std::string_view noun;
};
constexpr NounAlias kAliases[] = {
    {"jobs", "job"},   {"remotes", "remote"}, {"clients", "client"},   {"tokens", "token"},
    {"users", "user"}, {"worker", "workers"}, {"setting", "settings"}, {"log", "logs"},
};

constexpr OptionSpec kCommon[] = {
    {"--json", "", "print JSON instead of text", Use::optional, {}, {}},
    {"--config",
     "FILE",
     "configuration file (default: $DRAY_CONFIG, /etc/dray/dray.toml)",
     Use::optional,
     {},
     "file"},
    {"-h,--help", "", "show this help", Use::optional, {}, {}},
};

const std::string kEmpty;
const std::vector<std::string> kNone;

const Command* by_path(std::string_view path) {
  for (const Command& command : all_commands())
    if (command.path == path) return &command;
  return nullptr;
}

}  // namespace

bool Args::has(std::string_view key) const {
  return values_.find(key) != values_.end();
}

const std::string& Args::text(std::string_view key) const {
  const auto it = values_.find(key);
  return it == values_.end() || it->second.empty() ? kEmpty : it->second.back();
}

const std::vector<std::string>& Args::all(std::string_view key) const {
  const auto it = values_.find(key);
  return it == values_.end() ? kNone : it->second;
}

Result<int64_t> Args::number(std::string_view key, int64_t otherwise, int64_t least,
                             int64_t most) const {
  if (!has(key)) return otherwise;
  const std::string& value = text(key);
  int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc{} || end != value.data() + value.size() || number < least || number > most)
    return fail(ErrorCode::invalid, "{}: {} is not a whole number from {} to {}", key,
                dray::quoted(value), least, most);
  return number;
}

void Args::add(std::string_view key, std::string value) {
  values_[std::string(key)].push_back(std::move(value));
}

std::span<const OptionSpec> common_options() {
  return kCommon;
}

std::string_view canonical_noun(std::string_view word) {
  for (const NounAlias& row : kAliases)
    if (row.alias == word) return row.noun;
  return word;
}

Result<const Command*> find_command(std::span<const std::string> words, size_t& used) {
  used = 0;
  if (words.empty()) return by_path("help");
  const std::string noun(canonical_noun(words[0]));
  if (words.size() > 1) {
    if (const Command* command = by_path(noun + " " + words[1])) {
      used = 2;
      return command;
    }
  }
  std::vector<std::string_view> verbs;
  for (const Command& command : all_commands())
    if (command.path.starts_with(noun + " ")) verbs.push_back(command.path.substr(noun.size() + 1));
  const bool bare = words.size() == 1 || words[1].starts_with('-');
  if (const Command* command = by_path(noun); command && (verbs.empty() || bare)) {
    used = 1;
    return command;
  }
  if (!verbs.empty()) {
    used = 1;
    if (bare) {
      if (const Command* list = by_path(noun + " list")) return list;
      return fail(ErrorCode::invalid, "dray {}: say what to do: {}", noun, fmt::join(verbs, ", "));
    }
    const std::string_view near = closest_match(words[1], verbs);
    return fail(ErrorCode::invalid, "dray {}: {} is not one of {}{}", noun, dray::quoted(words[1]),
                fmt::join(verbs, ", "),
                near.empty() ? "" : fmt::format("; did you mean {}?", near));
  }
  std::vector<std::string_view> nouns;
  for (const Command& command : all_commands())
    nouns.push_back(command.path.substr(0, command.path.find(' ')));
  const std::string_view near = closest_match(noun, nouns);
  return fail(ErrorCode::invalid, "{} is not a dray command{}; `dray help` lists them",
              dray::quoted(words[0]), near.empty() ? "" : fmt::format(" (did you mean {}?)", near));
}

}  // namespace dray::ops
