// The one user of CLI11: turns a row of the command table into a parser.
#include <CLI/CLI.hpp>

#include "daemon/base/quote.h"
#include "daemon/base/text.h"
#include "ops/command.h"

namespace dray::ops {
namespace {

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const size_t space = text.find(' ');
    words.push_back(text.substr(0, space));
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
  }
  return words;
}

Status check_choice(const OptionSpec& spec, const std::string& value) {
  const auto choices = split_words(spec.choices);
  if (choices.empty() || std::find(choices.begin(), choices.end(), value) != choices.end())
    return {};
  const std::string_view near = closest_match(value, choices);
  return fail(ErrorCode::invalid, "{}: {} is not one of {}{}", spec.key(), dray::quoted(value),
              fmt::join(choices, ", "),
              near.empty() ? "" : fmt::format("; did you mean {}?", near));
}

// Every option name of the command that a mistyped one could have meant.
std::string unknown_option(const Command& command, const std::string& word) {
  std::vector<std::string_view> names;
  for (const OptionSpec& spec : command.options)
    if (!spec.positional()) names.push_back(spec.key());
  for (const OptionSpec& spec : common_options())
    names.push_back(spec.key());
  if (!word.starts_with('-'))
    return fmt::format("{} is one word too many; `dray {} --help` shows what it takes",
                       dray::quoted(word), command.path);
  const std::string_view near = closest_match(word.substr(0, word.find('=')), names);
  return fmt::format(
      "{} is not an option of `dray {}`{}", dray::quoted(word), command.path,
      near.empty() ? "; --help lists them" : fmt::format("; did you mean {}?", near));
}

struct Slot {
  const OptionSpec* spec;
  std::vector<std::string> values;
  bool set = false;
};

void declare(CLI::App& app, Slot& slot) {
  const std::string name(slot.spec->name);
  if (slot.spec->flag()) {
    app.add_flag(name, slot.set);
    return;
  }
  CLI::Option* option = app.add_option(name, slot.values);
  option->type_name(std::string(slot.spec->value));
  option->allow_extra_args(slot.spec->positional() && slot.spec->many());
  if (slot.spec->many()) {
    option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  } else {
    option->expected(1);
  }
}

}  // namespace

Result<Args> parse_args(const Command& command, std::vector<std::string> words) {
  CLI::App app;
  app.set_help_flag("");
  app.allow_windows_style_options(false);
  std::vector<Slot> slots;
  slots.reserve(command.options.size() + common_options().size());
  for (const OptionSpec& spec : command.options)
    slots.push_back({&spec, {}, false});
  for (const OptionSpec& spec : common_options())
    slots.push_back({&spec, {}, false});
  for (Slot& slot : slots)
    declare(app, slot);
  app.allow_extras();  // reported below, with a suggestion

  std::reverse(words.begin(), words.end());
  try {
    app.parse(words);
  } catch (const CLI::Error& error) {
    return fail(ErrorCode::invalid, "dray {}: {}", command.path, escape_for_display(error.what()));
  }
  Args args;
  for (Slot& slot : slots) {
    if (slot.set) args.add(slot.spec->key(), "");
    for (std::string& value : slot.values) {
      DRAY_TRY(annotate(check_choice(*slot.spec, value), fmt::format("dray {}", command.path)));
      args.add(slot.spec->key(), std::move(value));
    }
  }
  if (args.has("--help")) return args;
  if (const auto extra = app.remaining(); !extra.empty())
    return fail(ErrorCode::invalid, "{}", unknown_option(command, extra.front()));
  for (const Slot& slot : slots)
    if (slot.spec->needed() && !args.has(slot.spec->key()))
      return fail(ErrorCode::invalid, "dray {}: {} is missing; for example: {}", command.path,
                  slot.spec->key(), command.example.substr(0, command.example.find('\n')));
  return args;
}

}  // namespace dray::ops
