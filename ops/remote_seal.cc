#include "ops/remote_seal.h"

#include <algorithm>
#include <cstdlib>

#include "daemon/base/quote.h"
#include "daemon/base/random.h"
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

}  // namespace

Result<Sealer> Sealer::open(Context& context, const std::string& client) {
  Sealer sealer;
  sealer.context_ = &context;
  DRAY_TRY_ASSIGN(const SealKeyAnswer key, ask_for_key(context));
  DRAY_TRY_ASSIGN(sealer.key_, annotate(parse_sealing_key(key.public_key), "the workers' key"));
  DRAY_TRY_ASSIGN(const RemoteListAnswer known,
                  context.ask_as<RemoteListAnswer>("remote.list", {{"client", client}}));
  for (const RemoteView& remote : known.remotes)
    sealer.versions_[remote.name] = remote.version;
  return sealer;
}

Result<std::string> Sealer::put(const NewRemote& remote, bool replace) {
  DRAY_TRY(check_name("remote", remote.name));
  DRAY_TRY(check_remote_settings(remote.name, remote.type, remote.settings));
  const auto known = versions_.find(remote.name);
  if (known != versions_.end() && !replace)
    return fail(ErrorCode::conflict, "there is a remote {} already; --replace changes it",
                dray::quoted(remote.name));
  SealedRemote sealed;
  sealed.name = remote.name;
  sealed.client = remote.client;
  sealed.type = remote.type;
  sealed.version = known == versions_.end() ? 1 : known->second + 1;
  sealed.refers_to = remote.refers_to;
  sealed.max_concurrent = static_cast<uint32_t>(remote.max_concurrent);
  std::string plain = to_json(remote.settings);
  sealed.sealed = seal(key_, worker::seal_context(sealed), plain);
  wipe(plain);
  sealed.sealed_for = fingerprint(key_);
  DRAY_TRY_ASSIGN(Backend * daemon, context_->backend());
  Result<std::string> answer = daemon->request("remote.put", to_json(sealed));
  if (answer) versions_[remote.name] = sealed.version;
  return answer;
}

void obscure_settings(std::string_view type, RemoteSettings& settings) {
  for (auto& [key, value] : settings)
    if (is_obscured_setting(type, key) && !value.empty()) value = obscure(value, random_bytes(16));
}

Status collect_references(std::string_view type, const RemoteSettings& settings,
                          std::vector<std::string>& names) {
  RemoteSettings copy = settings;
  return rewrite_references(
      type, copy, [&](std::string_view name, std::string_view path) -> Result<std::string> {
        if (std::ranges::find(names, name) == names.end()) names.emplace_back(name);
        return fmt::format("{}:{}", name, path);
      });
}

std::string expand_home(const std::string& path) {
  const char* home = std::getenv("HOME");
  return path.starts_with("~/") && home != nullptr ? home + path.substr(1) : path;
}

}  // namespace dray::ops
