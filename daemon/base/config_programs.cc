#include "daemon/base/config_programs.h"

#include <algorithm>
#include <regex>

#include "daemon/base/config_checks.h"
#include "daemon/base/text.h"

namespace dray {
namespace {

using Programs = std::map<std::string, AllowedProgram>;
using Problem = std::function<void(uint32_t, std::string)>;

constexpr std::chrono::seconds kLongestTimeout = std::chrono::hours{24};
constexpr size_t kMaxPattern = 500;

struct SectionRow {
  std::string_view name;
  Programs Config::Worker::*slot;
  bool takes_settings;
  std::string_view example;
};
constexpr SectionRow kSections[] = {
    {"hooks", &Config::Worker::hooks, false,
     "# Programs that jobs may run before and after their runs, one section each.\n"
     "# [hooks.snapshot]\n"
     "# program = \"/usr/local/bin/snapshot\"\n"
     "# arguments = [\"--quick\"]\n"
     "# timeout = \"60s\"\n"
     "# description = \"Takes a snapshot of the file server\"\n"},
    {"commands", &Config::Worker::commands, true,
     "# Programs that jobs of kind command run; {placeholders} are settings of the job, checked\n"
     "# against their pattern (a regular expression that has to match all of the value).\n"
     "# [commands.mailbox]\n"
     "# program = \"/usr/local/bin/mailbox-backup\"\n"
     "# arguments = [\"--user\", \"{user}\"]\n"
     "# description = \"Saves one mailbox\"\n"
     "# [commands.mailbox.settings]\n"
     "# user = \"[a-z0-9.]{1,40}\"\n"},
};

class Reader {
 public:
  Reader(std::string where, const Problem& problem) : where_(std::move(where)), problem_(problem) {}

  AllowedProgram read(const toml::table& table, bool takes_settings) {
    AllowedProgram out;
    for (const auto& [key, node] : table) {
      const auto row = std::ranges::find_if(kKeys, [&](const KeyRow& one) {
        return one.name == key.str() && is_allowed(one, takes_settings);
      });
      if (row != std::end(kKeys)) {
        (this->*row->read)(node, out);
      } else {
        problem_(key.source().begin.line,
                 fmt::format("unknown key {} in {}; allowed: {}", escape_for_display(key.str()),
                             where_, allowed_keys(takes_settings)));
      }
    }
    if (out.program.empty()) complain(table, "program is missing");
    check_placeholders(table, out, takes_settings);
    return out;
  }

 private:
  enum class Of : uint8_t { both, hooks, commands };
  struct KeyRow {
    std::string_view name;
    Of of;
    void (Reader::*read)(const toml::node& node, AllowedProgram& out);
  };
  static const KeyRow kKeys[8];

  static bool is_allowed(const KeyRow& row, bool takes_settings) {
    return row.of == Of::both || (row.of == Of::commands) == takes_settings;
  }
  static std::string allowed_keys(bool takes_settings) {
    std::string names;
    for (const KeyRow& row : kKeys)
      if (is_allowed(row, takes_settings))
        names += fmt::format("{}{}", names.empty() ? "" : ", ", row.name);
    return names;
  }

  void program(const toml::node& node, AllowedProgram& out) {
    text(node, "program", out.program);
    check_path(node, "program", out.program);
  }
  void description(const toml::node& node, AllowedProgram& out) {
    text(node, "description", out.description);
  }
  void arguments(const toml::node& node, AllowedProgram& out) {
    texts(node, "arguments", out.arguments);
  }
  void sandbox(const toml::node& node, AllowedProgram& out) {
    const auto* value = node.as_boolean();
    if (value == nullptr) return complain(node, "sandbox must be true or false");
    out.sandbox = value->get();
  }
  void readable(const toml::node& node, AllowedProgram& out) {
    paths(node, "readable", out.readable);
  }
  void writable(const toml::node& node, AllowedProgram& out) {
    paths(node, "writable", out.writable);
  }
  void complain(const toml::node& node, std::string_view text) {
    problem_(node.source().begin.line, fmt::format("{}: {}", where_, text));
  }
  void text(const toml::node& node, std::string_view key, std::string& out) {
    const auto* value = node.as_string();
    if (value == nullptr || !is_plain_text(value->get()))
      return complain(node, fmt::format("{} must be a text in quotes, on one line", key));
    out = value->get();
  }
  void texts(const toml::node& node, std::string_view key, std::vector<std::string>& out) {
    const auto* list = node.as_array();
    if (list == nullptr)
      return complain(node, fmt::format("{} must be a list like [\"a\", \"b\"]", key));
    for (const toml::node& item : *list) {
      std::string one;
      text(item, fmt::format("each of {}", key), one);
      out.push_back(std::move(one));
    }
  }
  void paths(const toml::node& node, std::string_view key, std::vector<std::string>& out) {
    texts(node, key, out);
    for (const std::string& path : out)
      check_path(node, fmt::format("each of {}", key), path);
  }
  void check_path(const toml::node& node, std::string_view key, const std::string& path) {
    if (const std::string bad = config_checks::path(path); !bad.empty())
      complain(node, fmt::format("{} {}", key, bad));
  }
  void timeout(const toml::node& node, AllowedProgram& out) {
    const auto* value = node.as_string();
    const Result<Duration> time =
        value ? parse_duration(value->get()) : fail(ErrorCode::invalid, "");
    if (!time || *time < seconds{1} || *time > Duration{kLongestTimeout})
      return complain(node, "timeout must be a duration from 1s to 24h, like \"60s\"");
    out.timeout = std::chrono::duration_cast<std::chrono::seconds>(*time);
  }
  void settings(const toml::node& node, AllowedProgram& out) {
    const auto* table = node.as_table();
    if (table == nullptr) return complain(node, "settings must be a section");
    for (const auto& [key, value] : *table) {
      const auto* pattern = value.as_string();
      if (!config_checks::peer_name(key.str()).empty())
        complain(value, fmt::format("{} is no name for a setting", escape_for_display(key.str())));
      else if (pattern == nullptr || !is_pattern(pattern->get()))
        complain(value, fmt::format("{} must be a regular expression in quotes", key.str()));
      else
        out.settings.emplace(key.str(), pattern->get());
    }
  }
  static bool is_pattern(const std::string& text) {
    if (text.size() > kMaxPattern) return false;
    try {
      const std::regex compiled(text);
      return true;
    } catch (const std::regex_error&) {
      return false;
    }
  }
  void check_placeholders(const toml::table& table, const AllowedProgram& program,
                          bool takes_settings) {
    for (const std::string& argument : program.arguments) {
      for (const std::string& name : placeholders(argument)) {
        if (program.settings.contains(name)) continue;
        complain(table, takes_settings ? fmt::format("{{{}}} has no pattern in settings", name)
                                       : fmt::format("{{{}}}: hooks take no settings", name));
      }
    }
  }

  const std::string where_;
  const Problem& problem_;
};

constexpr Reader::KeyRow Reader::kKeys[] = {
    {"program", Of::both, &Reader::program},         {"arguments", Of::both, &Reader::arguments},
    {"timeout", Of::hooks, &Reader::timeout},        {"settings", Of::commands, &Reader::settings},
    {"description", Of::both, &Reader::description}, {"sandbox", Of::both, &Reader::sandbox},
    {"readable", Of::both, &Reader::readable},       {"writable", Of::both, &Reader::writable},
};

std::string toml_text(std::string_view text) {
  return json_quote(text);  // the basic strings of both are the same for plain text
}

std::string toml_list(std::string_view key, const std::vector<std::string>& texts) {
  std::string out = fmt::format("{} = [", key);
  for (size_t i = 0; i < texts.size(); ++i)
    out += (i == 0 ? "" : ", ") + toml_text(texts[i]);
  return out + "]\n";
}

std::string show_program(std::string_view section, const std::string& name,
                         const AllowedProgram& program) {
  std::string out = fmt::format("\n[{}.{}]\nprogram = {}\n", section, toml_text(name),
                                toml_text(program.program));
  out += toml_list("arguments", program.arguments);
  if (section == "hooks")
    out += fmt::format("timeout = \"{}\"\n", format_duration(program.timeout));
  out += fmt::format("description = {}\n", toml_text(program.description));
  if (!program.sandbox) out += "sandbox = false\n";
  if (!program.readable.empty()) out += toml_list("readable", program.readable);
  if (!program.writable.empty()) out += toml_list("writable", program.writable);
  if (!program.settings.empty()) out += fmt::format("[{}.{}.settings]\n", section, toml_text(name));
  for (const auto& [key, pattern] : program.settings)
    out += fmt::format("{} = {}\n", toml_text(key), toml_text(pattern));
  return out;
}

}  // namespace

std::vector<std::string> placeholders(std::string_view argument) {
  std::vector<std::string> names;
  for (size_t at = 0; (at = argument.find('{', at)) != std::string_view::npos;) {
    const size_t end = argument.find('}', at);
    if (end == std::string_view::npos) break;
    names.emplace_back(argument.substr(at + 1, end - at - 1));
    at = end;
  }
  return names;
}

bool is_program_section(std::string_view name) {
  return std::ranges::find(kSections, name, &SectionRow::name) != std::end(kSections);
}

void read_programs(const toml::table& root, Config& config, const Problem& problem) {
  for (const SectionRow& section : kSections) {
    const toml::node* node = root.get(section.name);
    if (node == nullptr) continue;
    const toml::table* all = node->as_table();
    if (all == nullptr) {
      problem(node->source().begin.line,
              fmt::format("{0} must be sections: [{0}.NAME]", section.name));
      continue;
    }
    for (const auto& [key, value] : *all) {
      const std::string name(key.str());
      const std::string where = fmt::format("[{}.{}]", section.name, escape_for_display(name));
      const uint32_t line = key.source().begin.line;
      const toml::table* table = value.as_table();
      if (!config_checks::peer_name(name).empty()) {
        problem(line, fmt::format("{}: the name {}", where, config_checks::peer_name(name)));
      } else if (table == nullptr) {
        problem(line, fmt::format("{} must be a section", where));
      } else {
        (config.worker.*section.slot)[name] =
            Reader(where, problem).read(*table, section.takes_settings);
      }
    }
  }
}

std::string show_programs(const Config& config, bool defaults_only) {
  std::string out;
  for (const SectionRow& section : kSections) {
    if (defaults_only) out += fmt::format("\n{}", section.example);
    if (defaults_only) continue;
    for (const auto& [name, program] : config.worker.*section.slot)
      out += show_program(section.name, name, program);
  }
  return out;
}

}  // namespace dray
