#include "ops/json.h"

template class nlohmann::basic_json<nlohmann::ordered_map>;

namespace dray::ops {

Result<Json> parse_json(std::string_view text) {
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return fail(ErrorCode::corrupt, "not valid JSON");
  return json;
}

std::string dump_json(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

std::string member_text(const Json& json, std::string_view key) {
  if (!json.is_object()) return "";
  const auto it = json.find(std::string(key));
  if (it == json.end() || it->is_null()) return "";
  return it->is_string() ? it->get<std::string>() : dump_json(*it, -1);
}

}  // namespace dray::ops
