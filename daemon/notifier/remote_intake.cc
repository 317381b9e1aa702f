#include "daemon/notifier/remote_intake.h"

#include "daemon/base/quote.h"
#include "daemon/base/text.h"
#include "daemon/notifier/job_intake.h"
#include "schemas/answers.h"
#include "schemas/job_check.h"
#include "schemas/rclone_options.h"
#include "schemas/remote_box.h"
#include "schemas/remote_refs.h"
#include "schemas/remote_types.h"

namespace dray::notifier {
namespace {

struct RemoteInput {
  std::string name;
  std::string client = "default";
  std::string type;
  uint32_t max_concurrent = 0;
  RemoteSettings settings;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.name);
    visit.optional("client", self.client);
    visit("type", self.type);
    visit.optional("max_concurrent", self.max_concurrent);
    visit("settings", self.settings);
  }
};

struct RemotePatch {
  std::optional<uint32_t> max_concurrent;
  RemoteSettings set;
  std::vector<std::string> unset;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("max_concurrent", self.max_concurrent);
    visit.optional("set", self.set);
    visit.optional("unset", self.unset);
  }
};

// What the workers' rclone says of the type. Null when no worker can be asked: then it is checked
// by what we know ourselves, and by the worker that opens it.
Task<Result<std::unique_ptr<RcloneBackends>>> describe(Call& call, std::string type) {
  auto providers = co_await call.api.verbs.ask_as<ProvidersAnswer>(
      call.who, "remote.types", fmt::format(R"({{"type":{}}})", json_quote(type)));
  if (providers) co_return std::make_unique<RcloneBackends>(std::move(providers->backends));
  if (providers.error().code == ErrorCode::not_found) co_return std::unexpected(providers.error());
  co_return nullptr;
}

Task<Result<RemoteView>> known_remote(Call& call, std::string client, std::string name) {
  const auto list = co_await call.api.verbs.ask_as<RemoteListAnswer>(
      call.who, "remote.list", fmt::format(R"({{"client":{}}})", json_quote(client)));
  if (!list) co_return std::unexpected(list.error());
  for (const RemoteView& remote : list->remotes)
    if (remote.name == name) co_return remote;
  co_return fail(ErrorCode::not_found, "there is no remote {}", quoted(name));
}

// Stores what was sealed; `login` as remote.put wants it.
Task<HttpReply> store(Call& call, const SealedRemote& remote, std::string_view login) {
  std::string body = to_json(remote);
  body.pop_back();
  body += fmt::format(R"(,"login":{}}})", json_quote(login));
  const AskTerms terms = terms_of(call);
  const auto stored =
      co_await call.api.verbs.ask_as<RemoteAnswer>(call.who, "remote.put", body, terms);
  if (!stored) co_return problem(call, stored.error());
  co_return json_reply(to_json(stored->remote), call.route.status);
}

// Settings in rclone's words, with passwords in rclone's form.
Task<Result<RemoteSettings>> rclone_settings(Call& call, std::string name, std::string type,
                                             RemoteSettings entered) {
  const auto backends = co_await describe(call, type);
  if (!backends) co_return std::unexpected(backends.error());
  obscure_passwords(type, entered, backends->get());
  const Status good = check_remote_settings(name, type, entered, backends->get());
  if (!good) co_return std::unexpected(annotate(good.error(), "settings"));
  co_return entered;
}

Task<Result<SealedRemote>> prepare(Call& call, RemoteInput input) {
  SealedRemote remote;
  remote.name = input.name;
  remote.client = call.who.client.empty() ? input.client : call.who.client;
  remote.max_concurrent = input.max_concurrent;
  if (const Status good = check_name("remote", input.name); !good)
    co_return std::unexpected(good.error());
  const RemoteType* known = find_remote_type(input.type);
  remote.type = known != nullptr ? std::string(known->backend) : input.type;
  if (const Status good = check_remote_type(remote.type); !good)
    co_return std::unexpected(annotate(good.error(), "type"));
  if (known != nullptr) {
    Result<RemoteSettings> filled = to_settings(*known, input.settings);
    if (!filled) co_return std::unexpected(annotate(filled.error(), "settings"));
    input.settings = std::move(*filled);
  }
  const Result<RemoteSettings> settings =
      co_await rclone_settings(call, remote.name, remote.type, std::move(input.settings));
  if (!settings) co_return std::unexpected(settings.error());
  const Status refers = collect_references(remote.type, *settings, remote.refers_to);
  if (!refers) co_return std::unexpected(annotate(refers.error(), "settings"));
  const Result<SealingKey> key = co_await workers_key(call);
  if (!key) co_return std::unexpected(key.error());
  seal_settings(*key, *settings, remote);
  co_return remote;
}

}  // namespace

Task<HttpReply> create_remote(Call& call) {
  const Result<RemoteInput> input = body_of<RemoteInput>(call);
  if (!input) co_return problem(call, input.error());
  if (!call.who.may_see(input->client) && input->client != "default")
    co_return problem(
        call, {ErrorCode::not_found, fmt::format("there is no client {}", quoted(input->client))});
  const Result<SealedRemote> remote = co_await prepare(call, *input);
  if (!remote) co_return problem(call, remote.error());
  const std::string_view login = holds_login(input->settings) ? "new" : "";
  co_return co_await store(call, *remote, login);
}

Task<HttpReply> change_remote(Call& call) {
  Result<RemotePatch> input = body_of<RemotePatch>(call);
  if (!input) co_return problem(call, input.error());
  const auto before =
      co_await known_remote(call, call.parameter("client"), call.parameter("remote"));
  if (!before) co_return problem(call, before.error());
  Result<RemoteSettings> set =
      co_await rclone_settings(call, before->name, before->type, std::move(input->set));
  if (!set) co_return problem(call, set.error());
  SealedRemote next;
  next.name = before->name;
  next.client = before->client;
  next.type = before->type;
  next.version = before->version + 1;
  next.max_concurrent = input->max_concurrent.value_or(before->max_concurrent);
  const Result<SealingKey> key = co_await workers_key(call);
  if (!key) co_return problem(call, key.error());
  const std::string patch =
      seal_patch(*key, next, SettingsPatch{std::move(*set), std::move(input->unset)});
  const auto merged = co_await call.api.verbs.ask_as<MergedRemote>(
      call.who, "remote.merge",
      fmt::format(R"({{"name":{},"client":{},"patch":{}}})", json_quote(next.name),
                  json_quote(next.client), json_quote(patch)));
  if (!merged) co_return problem(call, merged.error());
  Result<std::string> sealed = base64_decode(merged->sealed);
  if (!sealed) co_return problem(call, annotate(sealed.error(), "the worker's answer"));
  next.sealed = std::move(*sealed);
  next.sealed_for = merged->sealed_for;
  next.refers_to = merged->refers_to;
  co_return co_await store(call, next, merged->login);
}

}  // namespace dray::notifier
