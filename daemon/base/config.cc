#include "daemon/base/config.h"

#include <algorithm>

#include "daemon/base/config_programs.h"
#include "daemon/base/config_table.h"
#include "daemon/base/files.h"
#include "daemon/base/text.h"
#include "daemon/base/toml_text.h"

namespace dray {
namespace {

// A configuration is a page of text; a megabyte of it is somebody's mistake.
constexpr size_t kMaxFileBytes = 1 << 20;

struct Problem {
  uint32_t line = 0;  // 0: of no line
  std::string text;
};

// Collects what is wrong, so that all of it can be shown at once.
class Problems {
 public:
  explicit Problems(std::string_view file) : file_(escape_for_display(file)) {}

  void add(const toml::node& node, std::string text) { add(node.source().begin.line, text); }
  void add(uint32_t line, std::string_view text) {
    const std::string place = line == 0 ? file_ : fmt::format("{}:{}", file_, line);
    list_.push_back({line, fmt::format("{}: {}", place, text)});
  }
  void add_override(std::string_view setting, std::string_view text) {
    list_.push_back(
        {0, fmt::format("--set {}: {}", shorten(escape_for_display(setting), 100), text)});
  }
  bool empty() const { return list_.empty(); }
  std::string joined() {
    std::ranges::stable_sort(list_, {}, &Problem::line);
    std::string out;
    for (const Problem& problem : list_)
      (out += out.empty() ? "" : "\n") += problem.text;
    return out;
  }

 private:
  const std::string file_;
  std::vector<Problem> list_;
};

std::string shown(std::string_view text) {
  return fmt::format("'{}'", shorten(escape_for_display(text), 60));
}

std::string describe(const toml::node& node) {
  if (const auto* text = node.as_string()) return shown(text->get());
  if (const auto* number = node.as_integer()) return fmt::format("{}", number->get());
  if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
  if (const auto* truth = node.as_boolean()) return truth->get() ? "true" : "false";
  if (node.is_array()) return "a list";
  if (node.is_table()) return "a section";
  return "a date or time";
}

// Reads one value into its slot; returns "" or what is wrong with it ("must be ...").
struct ReadValue {
  const ConfigRow& row;
  const toml::node& node;

  std::string operator()(std::string* slot) const {
    const auto* text = node.as_string();
    if (text == nullptr) return must_be("a text in quotes");
    if (std::string problem = row.check(text->get()); !problem.empty())
      return fmt::format("{}, got {}", problem, describe(node));
    *slot = text->get();
    return {};
  }
  std::string operator()(std::vector<std::string>* slot) const {
    const auto* list = node.as_array();
    if (list == nullptr) return must_be("a list like [\"a\", \"b\"]");
    for (const toml::node& item : *list) {
      std::string text;
      if (std::string problem = ReadValue{row, item}(&text); !problem.empty())
        return "every item " + problem;
      slot->push_back(std::move(text));
    }
    return {};
  }
  std::string operator()(uint32_t* slot) const {
    const auto* number = node.as_integer();
    if (number == nullptr || number->get() < 0 || !in_range(static_cast<uint64_t>(number->get())))
      return must_be(allowed_range(row));
    *slot = static_cast<uint32_t>(number->get());
    return {};
  }
  std::string operator()(uint64_t* slot) const {
    const auto* text = node.as_string();
    const Result<uint64_t> size = text ? parse_size(text->get()) : fail(ErrorCode::invalid, "");
    if (!size || !in_range(*size))
      return must_be(fmt::format("a size from {}, like \"64M\"", allowed_range(row)));
    *slot = *size;
    return {};
  }
  std::string operator()(std::chrono::seconds* slot) const {
    const auto* text = node.as_string();
    const Result<Duration> time = text ? parse_duration(text->get()) : fail(ErrorCode::invalid, "");
    if (!time || *time % seconds{1} != Duration{0} ||
        !in_range(static_cast<uint64_t>(*time / seconds{1})))
      return must_be(
          fmt::format("a duration from {}, like \"90s\" or \"10m\"", allowed_range(row)));
    *slot = std::chrono::duration_cast<std::chrono::seconds>(*time);
    return {};
  }
  std::string operator()(bool* slot) const {
    const auto* truth = node.as_boolean();
    if (truth == nullptr) return must_be("true or false");
    *slot = truth->get();
    return {};
  }
  template <NamedEnum E>
  std::string operator()(E* slot) const {
    const auto* text = node.as_string();
    const Result<E> value = text ? parse_enum<E>(text->get()) : fail(ErrorCode::invalid, "");
    if (!value) return must_be("one of " + allowed_values<E>());
    *slot = *value;
    return {};
  }

  bool in_range(uint64_t value) const { return value >= row.min && value <= row.max; }
  std::string must_be(std::string_view what) const {
    return fmt::format("must be {}, got {}", what, describe(node));
  }
};

std::string read_value(const ConfigRow& row, const toml::node& node, Config& config) {
  const std::string problem = std::visit(ReadValue{row, node}, row.slot(config));
  return problem.empty() ? "" : fmt::format("{} {}", row.name(), problem);
}

const ConfigRow* find_row(std::string_view section, std::string_view key) {
  for (const ConfigRow& row : config_rows())
    if (row.section == section && row.key == key) return &row;
  return nullptr;
}

std::string suggestion(std::string_view text, const std::vector<std::string_view>& known) {
  if (const std::string_view match = closest_match(text, known); !match.empty())
    return fmt::format("; did you mean {}?", match);
  std::string list;
  for (const std::string_view name : known)
    (list += list.empty() ? "; allowed: " : ", ") += name;
  return list;
}

std::vector<std::string_view> sections() {
  std::vector<std::string_view> names;
  for (const ConfigRow& row : config_rows())
    if (std::ranges::find(names, row.section) == names.end()) names.push_back(row.section);
  return names;
}

std::vector<std::string_view> keys_of(std::string_view section) {
  std::vector<std::string_view> names;
  for (const ConfigRow& row : config_rows())
    if (row.section == section) names.push_back(row.key);
  return names;
}

void check_section(std::string_view section, const toml::table& table, Problems& problems) {
  for (const auto& [key, node] : table)
    if (find_row(section, key.str()) == nullptr)
      problems.add(key.source().begin.line,
                   fmt::format("unknown key {} in [{}]{}", shown(key.str()), section,
                               suggestion(key.str(), keys_of(section))));
}

void check_names(const toml::table& root, Problems& problems) {
  const std::vector<std::string_view> known = sections();
  for (const auto& [key, node] : root) {
    const std::string_view name = key.str();
    if (is_program_section(name)) continue;
    const toml::table* table = node.as_table();
    const bool is_section = std::ranges::find(known, name) != known.end();
    const uint32_t line = key.source().begin.line;
    if (is_section && table)
      check_section(name, *table, problems);
    else if (is_section)
      problems.add(line, fmt::format("{} must be a section: [{}]", name, name));
    else if (table)
      problems.add(line, fmt::format("unknown section [{}]{}", escape_for_display(name),
                                     suggestion(name, known)));
    else
      problems.add(line, fmt::format("key {} stands outside of a section", shown(name)));
  }
}

// [destination.default] is a table in a table; from here on it is one whose name has a dot.
void flatten_sections(toml::table& root) {
  for (const std::string_view name : sections()) {
    const size_t dot = name.find('.');
    if (dot == std::string_view::npos) continue;
    toml::table* outer = root[name.substr(0, dot)].as_table();
    if (outer == nullptr) continue;
    const std::string_view inner = name.substr(dot + 1);
    if (toml::table* table = (*outer)[inner].as_table()) {
      toml::table taken = std::move(*table);
      outer->erase(inner);
      root.insert_or_assign(name, std::move(taken));
    }
    if (outer->empty()) root.erase(name.substr(0, dot));
  }
}

// A number or a list is written as in the file; any other setting needs no quotes.
Result<toml::table> parse_override_value(const ConfigRow& row, std::string_view value) {
  Config scratch;
  const ConfigSlot slot = row.slot(scratch);
  const bool literal = std::holds_alternative<uint32_t*>(slot) ||
                       std::holds_alternative<std::vector<std::string>*>(slot);
  if (!literal) return toml::table{{"value", value}};
  auto table = parse_toml(fmt::format("value = {}", value));
  if (!table)
    return fail(ErrorCode::invalid, "{} is not a value: {}", shown(value), table.error().text);
  return std::move(*table);
}

// Puts the overrides into the parsed file, as if they had stood there.
void apply_overrides(const ConfigOverrides& overrides, toml::table& root, Problems& problems) {
  for (const std::string& setting : overrides) {
    const size_t equals = setting.find('=');
    const std::string_view name = std::string_view{setting}.substr(0, equals);
    const size_t dot = name.rfind('.');
    if (equals == std::string::npos || dot == std::string_view::npos) {
      problems.add_override(setting, "must look like SECTION.KEY=VALUE");
      continue;
    }
    const std::string_view section = name.substr(0, dot), key = name.substr(dot + 1);
    const ConfigRow* row = find_row(section, key);
    if (row == nullptr) {
      const bool known = !keys_of(section).empty();
      problems.add_override(setting, known ? "unknown key" + suggestion(key, keys_of(section))
                                           : "unknown section" + suggestion(section, sections()));
      continue;
    }
    auto value = parse_override_value(*row, std::string_view{setting}.substr(equals + 1));
    Config scratch;
    const std::string problem =
        value ? read_value(*row, *value->get("value"), scratch) : value.error().message;
    if (!problem.empty()) {
      problems.add_override(setting, problem);
      continue;
    }
    if (!root.contains(section) || !root[section].is_table())
      root.insert_or_assign(section, toml::table{});
    root[section].as_table()->insert_or_assign(key, *value->get("value"));
  }
}

// A quote or a backslash in a path would end the text that it is put into.
Result<toml::table> parse_default(const ConfigRow& row, const Config& config) {
  const std::string value = fill_placeholders(row.default_toml, config);
  auto table = parse_toml(fmt::format("value = {}", value));
  if (!table)
    return fail(ErrorCode::invalid,
                "paths.data_dir and paths.run_dir must hold no quote and no backslash");
  return std::move(*table);
}

void read_rows(const toml::table& root, Config& config, Problems& problems) {
  for (const ConfigRow& row : config_rows()) {
    if (const toml::node* node = root[row.section][row.key].node()) {
      const std::string problem = read_value(row, *node, config);
      if (!problem.empty()) problems.add(*node, problem);
      continue;
    }
    const Result<toml::table> table = parse_default(row, config);
    const std::string problem =
        table ? read_value(row, *table->get("value"), config) : table.error().message;
    // A default can be wrong only where it is built on a setting above it (a path too long).
    if (!problem.empty()) problems.add(0, problem);
  }
}

}  // namespace

IpcEndpoints ipc_endpoints(const Config& config) {
  IpcEndpoints out;
  out.dir = config.paths.run_dir + "/broker";
  const auto at = [&](std::string_view file) { return fmt::format("ipc://{}/{}", out.dir, file); };
  out.scheduler = at("scheduler/requests.sock");
  out.worker = at("worker/requests.sock");
  out.ops = at("ops/requests.sock");
  out.notifier = at("notifier/requests.sock");
  out.progress = at("worker/progress.sock");
  out.scheduler_events = at("scheduler/events.sock");
  out.ops_events = at("ops/events.sock");
  out.notifier_events = at("notifier/events.sock");
  return out;
}

Result<Config> parse_config(std::string_view text, std::string_view file_name,
                            const ConfigOverrides& overrides) {
  Problems problems{file_name};
  auto parsed = parse_toml(text);
  if (!parsed) {
    problems.add(parsed.error().line, escape_for_display(parsed.error().text));
    return fail(ErrorCode::invalid, "{}", problems.joined());
  }
  toml::table& root = *parsed;
  flatten_sections(root);
  check_names(root, problems);
  apply_overrides(overrides, root, problems);
  Config config;
  read_rows(root, config, problems);
  read_programs(root, config,
                [&](uint32_t line, const std::string& what) { problems.add(line, what); });
  if (problems.empty())
    for (const std::string& problem : check_together(config))
      problems.add(0, problem);
  if (!problems.empty()) return fail(ErrorCode::invalid, "{}", problems.joined());
  return config;
}

Result<Config> load_config(const std::string& path, const ConfigOverrides& overrides) {
  DRAY_TRY_ASSIGN(const std::string text, read_file(path, kMaxFileBytes));
  return parse_config(text, path, overrides);
}

std::string show_config(const Config& config, bool defaults_only) {
  std::string out;
  std::string_view section;
  Config copy = config;
  for (const ConfigRow& row : config_rows()) {
    if (row.section != section)
      out += fmt::format("{}[{}]\n", out.empty() ? "" : "\n", row.section);
    section = row.section;
    const std::string range = allowed_range(row);
    out += fmt::format("# {}{}{}\n", row.about, range.empty() ? "" : fmt::format(" ({})", range),
                       row.reload == Reload::yes ? " Can change on reload." : "");
    if (defaults_only)
      out += fmt::format("# {} = {}\n", row.key, row.default_toml);
    else
      out += fmt::format("{} = {}\n", row.key, format_config_value(row.slot(copy)));
  }
  return out + show_programs(config, defaults_only);
}

ConfigDiff diff_reload(Config& running, const Config& loaded) {
  ConfigDiff diff;
  Config source = loaded;
  for (const ConfigRow& row : config_rows()) {
    const ConfigSlot from = row.slot(source), to = row.slot(running);
    if (format_config_value(from) == format_config_value(to)) continue;
    if (row.reload == Reload::no) {
      diff.needs_restart.push_back(row.name());
      continue;
    }
    std::visit([&](auto* target) { *target = *std::get<decltype(target)>(from); }, to);
    diff.applied.push_back(row.name());
  }
  if (running.worker.hooks != loaded.worker.hooks) diff.needs_restart.emplace_back("hooks");
  if (running.worker.commands != loaded.worker.commands)
    diff.needs_restart.emplace_back("commands");
  return diff;
}

}  // namespace dray
