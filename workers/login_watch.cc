#include "workers/login_watch.h"

#include <algorithm>

#include "daemon/base/digest.h"
#include "schemas/json_fields.h"
#include "schemas/rclone_conf.h"
#include "schemas/rclone_options.h"
#include "workers/rclone_config.h"

namespace dray::worker {
namespace {

RemoteSettings only_login(const RemoteSettings& settings) {
  RemoteSettings login;
  for (const std::string_view key : login_settings())
    if (const auto found = settings.find(std::string(key));
        found != settings.end() && !found->second.empty())
      login.insert(*found);
  return login;
}

void wipe_all(RemoteSettings& settings) {
  for (auto& [key, value] : settings)
    wipe(value);
}

Result<RemoteSettings> open_login(const SealedRemote& remote, const SealingKeyPair& keys) {
  DRAY_TRY_ASSIGN(const SecretString json, open_sealed(keys, seal_context(remote), remote.sealed));
  Result<RemoteSettings> settings = from_json<RemoteSettings>(json.reveal());
  if (!settings) return fail(ErrorCode::corrupt, "the settings are not readable");
  return settings;
}

}  // namespace

std::string login_hash(const RemoteSettings& settings) {
  RemoteSettings login = only_login(settings);
  if (login.empty()) return "";
  std::string text = to_json(login);
  wipe_all(login);
  std::string hash = to_hex(sha256(text));
  wipe(text);
  return hash;
}

Result<SealedRemote> with_login(const SealedRemote& remote, const RemoteSettings& from,
                                uint32_t version, const SealingKeyPair& keys) {
  DRAY_TRY_ASSIGN(RemoteSettings settings, open_login(remote, keys));
  for (const auto& [key, value] : only_login(from))
    settings[key] = value;
  SealedRemote renewed = remote;
  renewed.version = version;
  std::string json = to_json(settings);
  renewed.sealed = seal(keys.public_key, seal_context(renewed), json);
  renewed.sealed_for = fingerprint(keys.public_key);
  wipe(json);
  wipe_all(settings);
  return renewed;
}

std::optional<RemoteSettings> changed_login(std::string_view conf, std::string_view section,
                                            std::string_view hash) {
  Result<std::vector<ConfSection>> sections = parse_rclone_conf(conf, "rclone.conf");
  if (!sections) return std::nullopt;
  std::optional<RemoteSettings> changed;
  for (ConfSection& one : *sections) {
    if (one.name == section) {
      const std::string now = login_hash(one.settings);
      if (!now.empty() && now != hash) changed = only_login(one.settings);
    }
    wipe_all(one.settings);
  }
  return changed;
}

SealedRemote freshened(const Renewal& renewal, SealedRemote remote, const SealingKeyPair& keys) {
  Result<RemoteSettings> theirs = open_login(remote, keys);
  Result<RemoteSettings> ours = open_login(renewal.remote, keys);
  if (!theirs || !ours) return remote;
  if (std::ranges::find(renewal.ancestors, login_hash(*theirs)) != renewal.ancestors.end())
    if (Result<SealedRemote> merged = with_login(remote, *ours, remote.version, keys))
      remote = std::move(*merged);
  wipe_all(*theirs);
  wipe_all(*ours);
  return remote;
}

Rebased rebase(const Renewal& renewal, const std::optional<SealedRemote>& current,
               const SealingKeyPair& keys) {
  if (!current) return {};
  Result<RemoteSettings> now = open_login(*current, keys);
  Result<RemoteSettings> ours = open_login(renewal.remote, keys);
  if (!now || !ours) return {};
  Rebased result;
  const std::string login = login_hash(*now);
  if (login == renewal.login) {
    result.what = Rebased::What::known;
  } else if (std::ranges::find(renewal.ancestors, login) != renewal.ancestors.end()) {
    if (Result<SealedRemote> merged = with_login(*current, *ours, current->version + 1, keys)) {
      result.what = Rebased::What::again;
      result.renewal = {std::move(*merged), renewal.login, renewal.ancestors};
    }
  }
  wipe_all(*now);
  wipe_all(*ours);
  return result;
}

}  // namespace dray::worker
