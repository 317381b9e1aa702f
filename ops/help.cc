#include "ops/help.h"

#include <algorithm>

#include "ops/text_width.h"

namespace dray::ops {
namespace {

constexpr int kDefaultWidth = 100;

// "JOB", "[RUN...]", "--from REMOTE:PATH".
std::string usage_of(const OptionSpec& spec) {
  std::string text(spec.key());
  if (!spec.positional()) text += " " + std::string(spec.value);
  if (spec.many()) text += "...";
  return spec.needed() ? text : "[" + text + "]";
}

std::string usage_line(const Command& command) {
  std::string line = fmt::format("dray {}", command.path);
  bool others = false;
  for (const OptionSpec& spec : command.options) {
    if (spec.positional() || spec.needed()) {
      line += " " + usage_of(spec);
    } else {
      others = true;
    }
  }
  return others ? line + " [options]" : line;
}

std::string left_of(const OptionSpec& spec) {
  std::string text(spec.name);
  for (size_t at = 0; (at = text.find(',', at)) != std::string::npos; at += 2)
    text.replace(at, 1, ", ");
  if (!spec.flag() && !spec.positional()) text += " " + std::string(spec.value);
  return text;
}

std::string right_of(const OptionSpec& spec) {
  std::string text(spec.help);
  if (!spec.choices.empty()) text += fmt::format(" ({})", spec.choices);
  if (spec.many() && !spec.positional()) text += "; may be given several times";
  return text;
}

// Two columns, the right one wrapped.
void definition(std::string& out, std::string_view left, std::string_view right, int left_width,
                int width) {
  std::string text = wrap(right, std::max(30, width - left_width - 4));
  std::string head = "  " + pad_right(left, left_width) + "  ";
  for (size_t start = 0; start <= text.size();) {
    const size_t end = std::min(text.find('\n', start), text.size());
    out += head + text.substr(start, end - start) + "\n";
    head.assign(static_cast<size_t>(left_width) + 4, ' ');
    start = end + 1;
  }
}

template <class Options>
void option_block(std::string& out, std::string_view title, const Options& options, bool positional,
                  int width) {
  int left_width = 0;
  for (const OptionSpec& spec : options)
    if (spec.positional() == positional)
      left_width = std::max(left_width, display_width(left_of(spec)));
  if (left_width == 0) return;
  out += fmt::format("\n{}:\n", title);
  for (const OptionSpec& spec : options)
    if (spec.positional() == positional)
      definition(out, left_of(spec), right_of(spec), std::min(left_width, 28), width);
}

std::string indented(std::string_view lines) {
  std::string out;
  while (!lines.empty()) {
    const size_t end = lines.find('\n');
    out += fmt::format("  {}\n", lines.substr(0, end));
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
  }
  return out;
}

}  // namespace

std::string command_help(const Command& command, int width) {
  if (width <= 0) width = kDefaultWidth;
  std::string out = wrap(command.summary, width) + "\n\nUsage:\n  " + usage_line(command) + "\n";
  option_block(out, "Arguments", command.options, true, width);
  option_block(out, "Options", command.options, false, width);
  option_block(out, "Everywhere", common_options(), false, width);
  if (!command.notes.empty()) {
    out += "\n";
    for (std::string_view rest = command.notes; !rest.empty();) {
      const size_t end = rest.find('\n');
      out += wrap(rest.substr(0, end), width) + "\n";
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
  }
  return out + "\nExample:\n" + indented(command.example);
}

std::string overview_help(int width) {
  if (width <= 0) width = kDefaultWidth;
  std::string out =
      "dray: scheduled backups from one cloud to another\n\nUsage:\n  dray COMMAND [options]\n\n"
      "Commands:\n";
  int left_width = 0;
  for (const Command& command : all_commands())
    left_width = std::max(left_width, display_width(command.path));
  for (const Command& command : all_commands())
    definition(out, command.path, command.summary, left_width, width);
  out +=
      "\n`dray COMMAND --help` explains one with an example. `dray help exit-codes` lists how it "
      "ends.\nEvery command takes --json.\n";
  return out;
}

std::string exit_code_help() {
  std::string out = "Exit codes:\n";
  for (const ExitRow& row : kExitTable)
    definition(out, std::to_string(static_cast<int>(row.code)), row.meaning, 2, kDefaultWidth);
  return out;
}

}  // namespace dray::ops
