#include "daemon/scheduler/expectation.h"

#include <algorithm>

#include "schemas/etag.h"

namespace dray::verbs {
namespace {

// How whoever makes a change has looked at its subject before: with the body's `client` where the
// list is one of many clients, and the one of the list `pick` that has its name.
struct LookRow {
  std::string_view change;
  std::string_view look;
  Handler handler;
  std::string_view pick;
  bool by_client = false;
};
constexpr LookRow kLooks[] = {
    {"client.put", "client.list", client_list, "clients"},
    {"client.remove", "client.list", client_list, "clients"},
    {"remote.put", "remote.list", remote_list, "remotes", true},
    {"remote.remove", "remote.list", remote_list, "remotes", true},
    {"job.put", "job.show", job_show, ""},
    {"job.remove", "job.show", job_show, ""},
    {"user.put", "user.list", user_list, "users"},
    {"user.remove", "user.list", user_list, "users"},
    {"notify.channel.put", "notify.channel.list", notify_channel_list, "channels"},
    {"notify.channel.remove", "notify.channel.list", notify_channel_list, "channels"},
};

std::string text_of(const JsonValue& body, std::string_view field) {
  const auto value = body.find(field);
  return value ? std::string(value->text().value_or("")) : std::string();
}

std::string look_body(const LookRow& row, const JsonValue& change) {
  JsonWriter json;
  json.begin_object();
  const std::string_view field = row.pick.empty() ? "name" : "client";
  if (row.pick.empty() || row.by_client) {
    json.key(field);
    json.text(text_of(change, field));
  }
  json.end_object();
  return json.take();
}

// "": it is not there.
std::string picked(const JsonValue& answer, std::string_view list, std::string_view name) {
  if (list.empty()) return answer.dump();
  const auto rows = answer.find(list);
  for (size_t i = 0; rows && i < rows->size(); ++i)
    if (text_of(rows->at(i), "name") == name) return rows->at(i).dump();
  return "";
}

}  // namespace

Status check_unchanged(Context& context, const Request& request) {
  const auto* row = std::ranges::find(kLooks, request.verb, &LookRow::change);
  if (row == std::end(kLooks))
    return fail(ErrorCode::invalid, "{} cannot depend on what was seen", request.verb);
  DRAY_TRY_ASSIGN(const JsonDocument change, JsonDocument::parse(request.body));
  DRAY_TRY_ASSIGN(const JsonDocument look, JsonDocument::parse(look_body(*row, change.root())));
  const Result<std::string> seen = row->handler(context, look.root());
  if (!seen && seen.error().code == ErrorCode::not_found) return fail_changed_since();
  if (!seen) return std::unexpected(seen.error());
  DRAY_TRY_ASSIGN(const JsonDocument answer, JsonDocument::parse(*seen));
  const std::string now = picked(answer.root(), row->pick, text_of(change.root(), "name"));
  if (etag_of(now) == request.if_match) return {};
  return fail_changed_since();
}

}  // namespace dray::verbs
