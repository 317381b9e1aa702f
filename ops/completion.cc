// Shell completions from the command table. Names of jobs, remotes and the like are asked from the
// daemon by `dray complete KIND`, which prints nothing when it cannot be reached.
#include <algorithm>
#include <map>

#include "ops/help.h"

namespace dray::ops {
namespace {

std::string quoted_for_shell(std::string_view text) {
  std::string out = "'";
  for (const char c : text)
    out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string_view first_word(std::string_view path) {
  return path.substr(0, path.find(' '));
}

std::vector<std::string> nouns() {
  std::vector<std::string> list;
  for (const Command& command : all_commands())
    if (const std::string noun(first_word(command.path));
        std::find(list.begin(), list.end(), noun) == list.end())
      list.push_back(noun);
  return list;
}

std::string verbs_of(std::string_view noun) {
  std::string list;
  for (const Command& command : all_commands())
    if (command.path.starts_with(noun) && command.path.size() > noun.size() &&
        command.path[noun.size()] == ' ')
      list += fmt::format("{}{}", list.empty() ? "" : " ", command.path.substr(noun.size() + 1));
  return list;
}

std::string options_of(const Command& command) {
  std::string list = "--json --config --help";
  for (const OptionSpec& spec : command.options)
    if (!spec.positional()) list += fmt::format(" {}", spec.key());
  return list;
}

// What completes the positionals of a command: a kind for `dray complete`, or fixed words.
std::string positional_of(const Command& command) {
  for (const OptionSpec& spec : command.options)
    if (spec.positional())
      return spec.choices.empty() ? fmt::format("@{}", spec.completes) : std::string(spec.choices);
  return "";
}

// "job add:--kind" -> "sync copy" or "@remote".
std::map<std::string, std::string> values_by_option() {
  std::map<std::string, std::string> table;
  for (const Command& command : all_commands())
    for (const OptionSpec& spec : command.options)
      if (!spec.positional() && (!spec.choices.empty() || !spec.completes.empty()))
        table[fmt::format("{}:{}", command.path, spec.key())] =
            spec.choices.empty() ? fmt::format("@{}", spec.completes) : std::string(spec.choices);
  return table;
}

std::string bash_cases() {
  std::string out = "  case \"$path\" in\n";
  for (const Command& command : all_commands())
    out += fmt::format("    {}) options={}; words={} ;;\n", quoted_for_shell(command.path),
                       quoted_for_shell(options_of(command)),
                       quoted_for_shell(positional_of(command)));
  out += "  esac\n  case \"$path:$previous\" in\n";
  for (const auto& [key, value] : values_by_option())
    out += fmt::format("    {}) words={}; options= ;;\n", quoted_for_shell(key),
                       quoted_for_shell(value));
  return out + "    *:--config) words=@file; options= ;;\n  esac\n";
}

std::string bash_script() {
  std::string out =
      "# bash completion for dray; made by `dray completion bash`\n_dray() {\n"
      "  local current=\"${COMP_WORDS[COMP_CWORD]}\" previous=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
      "  local noun=\"${COMP_WORDS[1]}\" path=\"${COMP_WORDS[1]}\" options= words= verbs=\n"
      "  COMPREPLY=()\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n    COMPREPLY=($(compgen -W " +
      quoted_for_shell(fmt::format("{}", fmt::join(nouns(), " "))) +
      " -- \"$current\"))\n    return\n  fi\n  case \"$noun\" in\n";
  for (const std::string& noun : nouns())
    if (const std::string verbs = verbs_of(noun); !verbs.empty())
      out += fmt::format("    {}) verbs={} ;;\n", noun, quoted_for_shell(verbs));
  out +=
      "  esac\n"
      "  if [ -n \"$verbs\" ]; then\n"
      "    if [ \"$COMP_CWORD\" -eq 2 ]; then\n"
      "      COMPREPLY=($(compgen -W \"$verbs\" -- \"$current\"))\n      return\n    fi\n"
      "    path=\"$noun ${COMP_WORDS[2]}\"\n  fi\n";
  out += bash_cases();
  out +=
      "  case \"$words\" in\n"
      "    @file) COMPREPLY=($(compgen -f -- \"$current\")); return ;;\n"
      "    @?*) words=\"$(dray complete \"${words#@}\" 2>/dev/null)\" ;;\n"
      "    @) words= ;;\n  esac\n"
      "  case \"$current\" in -*) words=\"$options\" ;; esac\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n}\n"
      "complete -F _dray dray\n";
  return out;
}

std::string zsh_script() {
  return "#compdef dray\n# zsh completion for dray; made by `dray completion zsh`\n"
         "autoload -U +X bashcompinit && bashcompinit\n" +
         bash_script();
}

std::string fish_line(const std::string& condition, const std::string& rest) {
  return fmt::format("complete -c dray -n '{}' {}\n", condition, rest);
}

std::string fish_values(const std::string& value) {
  if (value == "@file") return "-F";
  if (value.starts_with("@"))
    return fmt::format("-f -a '(dray complete {} 2>/dev/null)'", value.substr(1));
  return fmt::format("-f -a {}", quoted_for_shell(value));
}

std::string fish_script() {
  std::string out =
      "# fish completion for dray; made by `dray completion fish`\ncomplete -c dray -f\n";
  out +=
      fish_line("__fish_use_subcommand",
                fmt::format("-a {}", quoted_for_shell(fmt::format("{}", fmt::join(nouns(), " ")))));
  for (const std::string& noun : nouns())
    if (const std::string verbs = verbs_of(noun); !verbs.empty())
      out += fish_line(fmt::format("__fish_seen_subcommand_from {0}; and not "
                                   "__fish_seen_subcommand_from {1}",
                                   noun, verbs),
                       fmt::format("-a {}", quoted_for_shell(verbs)));
  const auto values = values_by_option();
  for (const Command& command : all_commands()) {
    std::string condition;
    for (std::string_view rest = command.path; !rest.empty();) {
      condition += fmt::format("{}__fish_seen_subcommand_from {}",
                               condition.empty() ? "" : "; and ", first_word(rest));
      rest.remove_prefix(std::min(rest.size(), first_word(rest).size() + 1));
    }
    for (const OptionSpec& spec : command.options) {
      if (spec.positional()) continue;
      const auto value = values.find(fmt::format("{}:{}", command.path, spec.key()));
      out += fish_line(
          condition, fmt::format("-l {} -d {}{}", spec.key().substr(2), quoted_for_shell(spec.help),
                                 spec.flag()             ? ""
                                 : value == values.end() ? std::string(" -x")
                                                         : " -r " + fish_values(value->second)));
    }
    if (const std::string words = positional_of(command); words.size() > 1)
      out += fish_line(condition, fish_values(words));
  }
  return out;
}

}  // namespace

std::optional<std::string> completion_script(std::string_view shell) {
  if (shell == "bash") return bash_script();
  if (shell == "zsh") return zsh_script();
  if (shell == "fish") return fish_script();
  return std::nullopt;
}

}  // namespace dray::ops
