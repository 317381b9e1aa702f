#include "schemas/progress_config.h"

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/base/toml_text.h"
#include "schemas/json_text.h"

namespace dray {
namespace {

using Parts = std::map<std::string, ProgressPart, std::less<>>;

constexpr double kMaxWeight = 1000;
constexpr size_t kMaxText = 200;

struct SectionRow {
  std::string_view name;
  Parts ProgressConfig::*parts;
  bool weighs;
  bool ranges;
};
constexpr SectionRow kSections[] = {
    {"steps", &ProgressConfig::steps, true, false},
    {"phases", &ProgressConfig::phases, false, false},
    {"commands", &ProgressConfig::commands, false, true},
};

class Reader {
 public:
  explicit Reader(std::string_view file) : file_(file) {}

  Status read(const toml::table& root, ProgressConfig& config) const {
    for (const auto& [key, node] : root) {
      const SectionRow* row = find(key.str());
      if (row == nullptr || !node.is_table())
        return wrong(node, fmt::format("{} is none of [steps.NAME], [phases.NAME], [commands.NAME]",
                                       escape_for_display(key.str())));
      for (const auto& [name, part] : *node.as_table()) {
        if (!part.is_table()) return wrong(part, "must be a section");
        ProgressPart& out = (config.*row->parts)[std::string(name.str())];
        if (out.title.empty()) out.title = clean(name.str());
        DRAY_TRY(read_part(*part.as_table(), *row, out));
      }
    }
    return {};
  }

 private:
  static const SectionRow* find(std::string_view name) {
    for (const SectionRow& row : kSections)
      if (row.name == name) return &row;
    return nullptr;
  }
  static std::string clean(std::string_view text) {
    return shorten(escape_for_display(text), kMaxText);
  }
  Status wrong(const toml::node& node, std::string_view text) const {
    return fail(ErrorCode::invalid, "{}:{}: {}", file_, node.source().begin.line, text);
  }
  Status read_part(const toml::table& table, const SectionRow& row, ProgressPart& out) const {
    for (const auto& [key, node] : table) {
      const std::string_view name = key.str();
      if ((name == "title" || name == "description") && node.is_string()) {
        (name == "title" ? out.title : out.description) = clean(node.as_string()->get());
      } else if (name == "weight" && row.weighs) {
        const auto weight = node.value<double>();
        if (!weight || !(*weight > 0) || *weight > kMaxWeight)
          return wrong(node, "weight must be a number above 0, at most 1000");
        out.weight = *weight;
      } else if (name == "range" && row.ranges) {
        DRAY_TRY(read_range(node, out));
      } else {
        return wrong(node, fmt::format("{} does not belong into [{}.NAME]",
                                       escape_for_display(name), row.name));
      }
    }
    return {};
  }
  Status read_range(const toml::node& node, ProgressPart& out) const {
    const toml::array* pair = node.as_array();
    const auto from = pair && pair->size() == 2 ? pair->get(0)->value<double>() : std::nullopt;
    const auto to = from ? pair->get(1)->value<double>() : std::nullopt;
    if (!to || !(*from >= 0) || !(*to <= 100) || !(*from <= *to))
      return wrong(node, "range must be two percents that rise, like [15, 90]");
    out.from = *from;
    out.to = *to;
    return {};
  }

  std::string_view file_;
};

Status read_text(std::string_view text, std::string_view name, ProgressConfig& config) {
  const auto table = parse_toml(text);
  if (!table)
    return fail(ErrorCode::invalid, "{}:{}: {}", name, table.error().line,
                escape_for_display(table.error().text));
  return Reader(name).read(*table, config);
}

}  // namespace

double ProgressConfig::weight_of(std::string_view step, double otherwise) const {
  const auto found = steps.find(step);
  return found == steps.end() ? otherwise : found->second.weight;
}

const ProgressConfig& default_progress_config() {
  static const ProgressConfig config = [] {
    ProgressConfig made;
    const Status read = read_text(default_progress_toml(), "progress.toml", made);
    DRAY_CHECK(read.has_value(), read ? "" : read.error().message);
    return made;
  }();
  return config;
}

Result<ProgressConfig> parse_progress_config(std::string_view text, std::string_view name) {
  ProgressConfig config = default_progress_config();
  DRAY_TRY(read_text(text, name, config));
  return config;
}

std::string progress_config_json(const ProgressConfig& config) {
  JsonWriter json;
  json.begin_object();
  for (const SectionRow& row : kSections) {
    json.key(row.name);
    json.begin_object();
    for (const auto& [name, part] : config.*row.parts) {
      json.key(name);
      json.begin_object();
      json.key("title");
      json.text(part.title);
      json.key("description");
      json.text(part.description);
      if (row.weighs) {
        json.key("weight");
        json.floating(part.weight);
      }
      if (row.ranges) {
        json.key("from");
        json.floating(part.from);
        json.key("to");
        json.floating(part.to);
      }
      json.end_object();
    }
    json.end_object();
  }
  json.end_object();
  return json.take();
}

}  // namespace dray
