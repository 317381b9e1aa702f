// Settings changed where they can be read: on the worker. Whoever sends the patch does not learn
// what else is in them, and cannot have the credentials that are sent somewhere else.
#include <algorithm>

#include "daemon/base/quote.h"
#include "schemas/answers_remotes.h"
#include "schemas/json_fields.h"
#include "schemas/rclone_options.h"
#include "schemas/remote_refs.h"
#include "workers/login_keeper.h"
#include "workers/query_remote.h"
#include "workers/rclone_config.h"

namespace dray::worker {
namespace {

struct MergeArgs {
  std::string patch;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("patch", self.patch);
  }
};

bool is_secret(const RcloneBackend* backend, std::string_view key) {
  if (looks_secret(key)) return true;
  if (backend == nullptr) return false;
  const auto option = std::ranges::find(backend->options, key, &BackendOption::name);
  return option != backend->options.end() && option->secret;
}

// A new address gets no old credentials.
Status check_address(const RcloneBackend* backend, const RemoteSettings& settings,
                     const SettingsPatch& patch) {
  const auto moved = std::ranges::find_if(patch.set, [&](const auto& one) {
    const auto old = settings.find(one.first);
    return is_address_setting(one.first) && (old == settings.end() || old->second != one.second);
  });
  const auto unset = std::ranges::find_if(
      patch.unset, [&](const std::string& key) { return is_address_setting(key); });
  if (moved == patch.set.end() && unset == patch.unset.end()) return {};
  for (const auto& [key, value] : settings) {
    if (value.empty() || !is_secret(backend, key) || patch.set.contains(key)) continue;
    if (std::ranges::find(patch.unset, key) != patch.unset.end()) continue;
    return fail(ErrorCode::denied, "{} says where the credentials are sent: enter {} again with it",
                moved == patch.set.end() ? *unset : moved->first, key);
  }
  return {};
}

Result<SettingsPatch> open_patch(const RunContext& context, const SealedRemote& next,
                                 const std::string& body) {
  DRAY_TRY_ASSIGN(const MergeArgs args, from_json<MergeArgs>(body));
  DRAY_TRY_ASSIGN(const std::string box, annotate(base64_decode(args.patch), "patch"));
  const std::string place = seal_context(next) + std::string(kPatchContext);
  Result<SecretString> json = open_sealed(context.keys, place, box);
  if (!json)
    return fail(ErrorCode::conflict,
                "remote {}: the change does not fit version {}: it was changed meanwhile, or the "
                "worker has another key",
                quoted(next.name), next.version);
  Result<SettingsPatch> patch = from_json<SettingsPatch>(json->reveal());
  // The reason could quote the text.
  if (!patch) return fail(ErrorCode::corrupt, "remote {}: the patch is not readable", next.name);
  return patch;
}

Result<std::string> merge(const RunContext& context, const WorkerQuery& query) {
  const auto found =
      std::ranges::find(query.spec.remotes, query.spec.source.remote, &SealedRemote::name);
  if (found == query.spec.remotes.end())
    return fail(ErrorCode::invalid, "remote {} was not sent along",
                quoted(query.spec.source.remote));
  SealedRemote remote = *found;
  if (context.logins != nullptr) remote = context.logins->freshen(std::move(remote));
  DRAY_TRY_ASSIGN(RemoteSettings settings, open_remote(remote, context.keys, nullptr));
  SealedRemote next = remote;
  ++next.version;
  DRAY_TRY_ASSIGN(const SettingsPatch patch, open_patch(context, next, query.body));
  const RcloneBackend* backend =
      context.backends != nullptr ? context.backends->find(remote.type) : nullptr;
  DRAY_TRY(check_address(backend, settings, patch));
  for (const std::string& key : patch.unset)
    settings.erase(key);
  for (const auto& [key, value] : patch.set)
    settings[key] = value;
  DRAY_TRY(check_remote_settings(remote.name, remote.type, settings, context.backends));
  MergedRemote answer;
  answer.version = next.version;
  DRAY_TRY(collect_references(remote.type, settings, answer.refers_to));
  answer.login = holds_login(patch.set) ? "new" : holds_login(settings) ? "kept" : "";
  std::string json = to_json(settings);
  answer.sealed = base64_encode(seal(context.keys.public_key, seal_context(next), json));
  answer.sealed_for = fingerprint(context.keys.public_key);
  wipe(json);
  for (auto& [key, value] : settings)
    wipe(value);
  return to_json(answer);
}

}  // namespace

std::unique_ptr<RunningQuery> query_remote_merge(QueryStart start) {
  Result<std::string> answer = merge(start.context, start.query);
  return answer_at_once(std::move(start), std::move(answer));
}

}  // namespace dray::worker
