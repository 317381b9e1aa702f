#include "daemon/notifier/api.h"

#include "daemon/base/log.h"
#include "daemon/base/quote.h"
#include "daemon/base/secret_compare.h"
#include "daemon/base/text.h"
#include "daemon/notifier/addresses.h"
#include "daemon/notifier/metrics.h"
#include "daemon/notifier/route_tables.h"
#include "daemon/notifier/static_files.h"
#include "schemas/etag.h"

namespace dray::notifier {
namespace {

constexpr std::string_view kJson = "application/json";

Scope scope_of(Need need) {
  if (need == Need::admin) return Scope::admin;
  return need == Need::operate ? Scope::operate : Scope::read;
}

bool is_upgrade(const HttpRequest& request) {
  return !request.header("upgrade").empty();
}

std::optional<HttpReply> refuse_stranger(const Call& call) {
  if (call.route.need == Need::nothing) return std::nullopt;
  if (call.who.kind == Identity::Kind::nobody)
    return refusal_reply(Refusal::unauthenticated, "this needs a login or a token", call.request);
  const Scope needed = scope_of(call.route.need);
  if (call.who.may(needed)) return std::nullopt;
  return refusal_reply(Refusal::denied, fmt::format("this needs the scope {}", to_string(needed)),
                       call.request);
}

// Browsers send cookies along with requests that other pages make.
std::optional<HttpReply> refuse_forged(const Call& call) {
  const HttpRequest& request = call.request;
  const Gate& gate = call.api.gate;
  const auto refused = [&](std::string_view why) {
    return refusal_reply(Refusal::csrf, why, request);
  };
  const bool by_cookie = !call.who.csrf.empty();
  if (is_upgrade(request) && by_cookie && !gate.is_same_origin(request))
    return refused("the connection is opened by another page");
  if (is_safe(request.method)) return std::nullopt;
  // Logins have no cookie yet, and must not be made for somebody either.
  if (call.route.need == Need::nothing || by_cookie) {
    if (gate.is_cross_origin(request)) return refused("the request comes from another page");
  }
  if (!by_cookie || call.route.need == Need::nothing) return std::nullopt;
  if (is_same_secret(request.header("x-dray-csrf"), call.who.csrf)) return std::nullopt;
  if (call.route.same_origin_is_enough && gate.is_same_origin(request)) return std::nullopt;
  return refused("the request does not show that it comes from a page of this server");
}

std::optional<HttpReply> refuse_shape(const Call& call) {
  const HttpRequest& request = call.request;
  std::vector<std::string_view> known = words(call.route.query);
  for (const std::string_view word : words(call.route.verb.from_query)) {
    const std::string_view from = word.substr(word.find('=') == word.npos ? 0 : word.find('=') + 1);
    known.push_back(from.substr(0, from.find_first_of("#?")));
  }
  for (const QueryField& field : request.query) {
    if (std::ranges::find(known, field.name) != known.end()) continue;
    const std::string_view near = closest_match(field.name, known);
    return problem_reply({ErrorCode::invalid,
                          fmt::format("{} is no parameter of this{}", quoted(field.name),
                                      near.empty() ? "" : fmt::format("; did you mean {}?", near))},
                         request);
  }
  if (call.route.stream != nullptr || !request.has_body) return std::nullopt;
  if (!call.route.takes_json)
    return problem_reply({ErrorCode::invalid, "this takes no body"}, request);
  const std::string_view type = request.header("content-type");
  if (type.substr(0, type.find(';')) == kJson) return std::nullopt;
  return refusal_reply(Refusal::unsupported_media_type, "the body must be JSON", request);
}

Task<HttpReply> answer_plainly(Call& call) {
  HttpReply reply = co_await call.route.reply(call);
  if (call.route.etag && reply.status == 200)
    reply.headers.push_back({"etag", etag_of(reply.content())});
  co_return reply;
}

void note(Call& call, unsigned status, Instant began) {
  Api& api = call.api;
  const Duration took = api.clock.now().mono - began;
  api.metrics.count_request(to_string(call.request.method), call.route.pattern, status, took);
  const LogLevel level = is_safe(call.request.method) ? LogLevel::debug : LogLevel::info;
  log_at(level,
         {"api.request",
          {{"request", call.request.id},
           {"who", call.who.name},
           {"address", call.request.address},
           {"status", status},
           {"route", call.route.pattern}}},
         "{} {} -> {}", to_string(call.request.method), call.request.target.substr(0, 200), status);
}

Task<void> serve(Call& call, Exchange& exchange, Instant began) {
  std::optional<HttpReply> refused = refuse_stranger(call);
  if (!refused) refused = refuse_forged(call);
  if (!refused) refused = refuse_shape(call);
  if (!refused && call.route.stream != nullptr) {
    // How long somebody watches says nothing about how fast they were answered.
    if (call.route.stays) note(call, 200, began);
    co_await call.route.stream(call, exchange);
    if (!call.route.stays) note(call, exchange.status(), began);
    co_return;
  }
  HttpReply reply;
  if (refused)
    reply = std::move(*refused);
  else
    reply = co_await answer_plainly(call);
  note(call, reply.status, began);
  co_await exchange.reply(std::move(reply));
}

HttpReply not_there(const Match& match, const HttpRequest& request) {
  if (match.allow.empty())
    return refusal_reply(Refusal::not_found, "there is nothing at this address", request);
  HttpReply reply =
      refusal_reply(Refusal::method_not_allowed, "this address does not take that method", request);
  reply.headers.push_back({"allow", match.allow});
  return reply;
}

}  // namespace

std::vector<std::span<const Route>> all_route_tables() {
  return {access_routes(),  catalog_routes(), job_routes(),     run_routes(),
          version_routes(), system_routes(),  notify_routes(),  export_routes(),
          upload_routes(),  event_routes(),   service_routes(), former_routes()};
}

bool reads_body_itself(const Api& api, const HttpRequest& request) {
  const Match match = api.router.find(request.method, request.segments);
  return match.route != nullptr && match.route->stream != nullptr;
}

Task<void> handle_request(Api& api, Exchange& exchange, HttpRequest& request) {
  const Instant began = api.clock.now().mono;
  apply_forwarded(request, api.config.notifier.trusted_proxies);
  if (!api.gate.accepts_host(request.header("host"))) {
    co_await exchange.reply(
        refusal_reply(Refusal::misdirected, "this server is not known under that name", request));
    co_return;
  }
  Match match = api.router.find(request.method, request.segments);
  if (match.route == nullptr) {
    const bool page = match.allow.empty() && is_safe(request.method);
    std::optional<HttpReply> reply;
    if (page) reply = api.files.find(request);
    if (!reply) reply = not_there(match, request);
    co_await exchange.reply(std::move(*reply));
    co_return;
  }
  Result<Identity> who = api.access.identify(request);
  if (!who && who.error().code == ErrorCode::exhausted) {
    co_await exchange.reply(refusal_reply(Refusal::rate_limited, who.error().message, request));
    co_return;
  }
  // Without the database nobody can be known; what strangers may see goes on.
  if (!who && match.route->need != Need::nothing) {
    co_await exchange.reply(problem_reply(who.error(), request));
    co_return;
  }
  Call call{api, request, *match.route, std::move(match.path), who.value_or(Identity{})};
  if (call.who.address.empty()) call.who.address = request.address;
  exchange.known_as(call.who.name, call.who.client);
  co_await serve(call, exchange, began);
}

}  // namespace dray::notifier
