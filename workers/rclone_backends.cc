#include "workers/rclone_backends.h"

#include <simdjson.h>

#include <algorithm>

#include "schemas/rclone_options.h"

namespace dray::worker {
namespace {

using simdjson::dom::element;

std::string text(const element& object, const char* key) {
  std::string_view value;
  return object[key].get(value) == simdjson::SUCCESS ? std::string(value) : std::string();
}

bool flag(const element& object, const char* key) {
  bool value = false;
  return object[key].get(value) == simdjson::SUCCESS && value;
}

BackendOption read_option(const element& object, std::string_view backend) {
  BackendOption option;
  option.name = text(object, "Name");
  option.help = text(object, "Help");
  option.type = text(object, "Type");
  option.default_value = text(object, "DefaultStr");
  option.provider = text(object, "Provider");
  option.required = flag(object, "Required");
  option.password = flag(object, "IsPassword");
  // rclone says which options are secret since 1.64.
  option.secret = option.password || flag(object, "Sensitive");
  option.advanced = flag(object, "Advanced");
  option.refused = why_refused(backend, option.name);
  simdjson::dom::array examples;
  if (object["Examples"].get(examples) != simdjson::SUCCESS) return option;
  for (const element example : examples)
    option.examples.push_back({text(example, "Value"), text(example, "Help")});
  return option;
}

RcloneBackend read_backend(const element& object) {
  RcloneBackend backend;
  backend.name = text(object, "Name");
  backend.description = text(object, "Description");
  backend.refused = why_refused(backend.name, "type");
  const auto add_alias = [&backend](std::string alias) {
    if (!alias.empty() && alias != backend.name &&
        std::ranges::find(backend.aliases, alias) == backend.aliases.end())
      backend.aliases.push_back(std::move(alias));
  };
  // "google cloud storage" is also found as "gcs" and without its spaces.
  add_alias(text(object, "Prefix"));
  std::string joined = backend.name;
  std::erase(joined, ' ');
  add_alias(std::move(joined));
  simdjson::dom::array list;
  if (object["Aliases"].get(list) == simdjson::SUCCESS) {
    for (const element alias : list) {
      std::string_view name;
      if (alias.get(name) == simdjson::SUCCESS) add_alias(std::string(name));
    }
  }
  if (object["Options"].get(list) == simdjson::SUCCESS) {
    // S3 describes an option once for each group of providers: the first one names it.
    for (const element option : list)
      backend.options.push_back(read_option(option, backend.name));
  }
  return backend;
}

}  // namespace

Result<RcloneBackends> parse_backends(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::array list;
  const auto problem = [](simdjson::error_code code) {
    return fail(ErrorCode::corrupt, "rclone config providers: {}", simdjson::error_message(code));
  };
  const simdjson::padded_string padded(json);
  if (const auto error = parser.parse(padded).get(list)) return problem(error);
  std::vector<RcloneBackend> backends;
  for (const element object : list) {
    if (!object.is_object()) return problem(simdjson::INCORRECT_TYPE);
    RcloneBackend backend = read_backend(object);
    if (!backend.name.empty()) backends.push_back(std::move(backend));
  }
  if (backends.empty()) return problem(simdjson::EMPTY);
  return RcloneBackends(std::move(backends));
}

}  // namespace dray::worker
