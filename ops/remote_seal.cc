#include "ops/remote_seal.h"

#include <algorithm>
#include <cstdlib>

#include "daemon/base/quote.h"
#include "daemon/base/text.h"
#include "schemas/job_check.h"
#include "schemas/rclone_options.h"
#include "schemas/remote_refs.h"
#include "workers/rclone_config.h"

namespace dray::ops {

namespace {

// A worker that was started a moment ago may not have said hello yet.
// No longer than the wait for an unreachable broker, which would come on top.
constexpr Duration kHelloTime = seconds{2};
constexpr Duration kAskAgain = milliseconds{200};

Result<SealKeyAnswer> ask_for_key(Context& context) {
  DRAY_TRY_ASSIGN(Backend * daemon, context.backend());
  const Instant give_up = daemon->now().mono + kHelloTime;
  while (true) {
    Result<SealKeyAnswer> key = context.ask_as<SealKeyAnswer>("seal.key");
    const bool later = !key && key.error().code == ErrorCode::unavailable;
    if (!later || daemon->now().mono >= give_up) return key;
    if (daemon->wait(kAskAgain).kind == News::Kind::interrupted) return key;
  }
}

// remote.put says of the login beside the fields of the remote.
Result<std::string> store(Context& context, const SealedRemote& sealed, const std::string& login) {
  DRAY_TRY_ASSIGN(Backend * daemon, context.backend());
  DRAY_TRY_ASSIGN(Json body, parse_json(to_json(sealed)));
  body["login"] = login;
  return daemon->request("remote.put", dump_json(body, -1));
}

}  // namespace

Result<SealingKey> workers_key(Context& context) {
  DRAY_TRY_ASSIGN(const SealKeyAnswer key, ask_for_key(context));
  return annotate(parse_sealing_key(key.public_key), "the workers' key");
}

Result<Sealer> Sealer::open(Context& context, const std::string& client) {
  Sealer sealer;
  sealer.context_ = &context;
  DRAY_TRY_ASSIGN(sealer.key_, workers_key(context));
  DRAY_TRY_ASSIGN(const RemoteListAnswer known,
                  context.ask_as<RemoteListAnswer>("remote.list", {{"client", client}}));
  for (const RemoteView& remote : known.remotes)
    sealer.known_[remote.name] = remote;
  return sealer;
}

Result<std::string> Sealer::put(const NewRemote& remote, bool replace) {
  DRAY_TRY(check_name("remote", remote.name));
  DRAY_TRY(check_remote_settings(remote.name, remote.type, remote.settings));
  const auto known = known_.find(remote.name);
  if (known != known_.end() && !replace)
    return fail(ErrorCode::conflict, "there is a remote {} already; --replace changes it",
                dray::quoted(remote.name));
  SealedRemote sealed;
  sealed.name = remote.name;
  sealed.client = remote.client;
  sealed.type = remote.type;
  sealed.version = known == known_.end() ? 1 : known->second.version + 1;
  sealed.refers_to = remote.refers_to;
  sealed.max_concurrent = static_cast<uint32_t>(remote.max_concurrent);
  std::string plain = to_json(remote.settings);
  sealed.sealed = seal(key_, worker::seal_context(sealed), plain);
  wipe(plain);
  sealed.sealed_for = fingerprint(key_);
  Result<std::string> answer = store(*context_, sealed, holds_login(remote.settings) ? "new" : "");
  if (answer) known_[remote.name].version = sealed.version;
  return answer;
}

Result<RemoteView> Sealer::find(const std::string& name) const {
  if (const auto found = known_.find(name); found != known_.end()) return found->second;
  std::vector<std::string_view> names;
  for (const auto& [other, view] : known_)
    names.push_back(other);
  const std::string_view near = closest_match(name, names);
  return fail(ErrorCode::not_found, "there is no remote {}{}", dray::quoted(name),
              near.empty() ? "" : fmt::format("; did you mean {}?", near));
}

Result<std::string> Sealer::change(const RemoteView& remote, const SettingsPatch& patch,
                                   uint32_t max_concurrent) {
  SealedRemote sealed;
  sealed.name = remote.name;
  sealed.client = remote.client;
  sealed.type = remote.type;
  sealed.version = remote.version + 1;
  sealed.max_concurrent = max_concurrent;
  std::string plain = to_json(patch);
  const std::string place = worker::seal_context(sealed) + std::string(kPatchContext);
  const std::string box = base64_encode(seal(key_, place, plain));
  wipe(plain);
  DRAY_TRY_ASSIGN(
      MergedRemote merged,
      context_->ask_as<MergedRemote>(
          "remote.merge", {{"name", remote.name}, {"client", remote.client}, {"patch", box}}));
  DRAY_TRY_ASSIGN(sealed.sealed, annotate(base64_decode(merged.sealed), "the worker's answer"));
  sealed.sealed_for = merged.sealed_for;
  sealed.refers_to = merged.refers_to;
  return store(*context_, sealed, merged.login);
}

std::string expand_home(const std::string& path) {
  const char* home = std::getenv("HOME");
  return path.starts_with("~/") && home != nullptr ? home + path.substr(1) : path;
}

}  // namespace dray::ops
