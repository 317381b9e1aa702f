#include "schemas/remote_box.h"

#include <algorithm>

#include "daemon/base/random.h"
#include "schemas/json_fields.h"
#include "schemas/obscure.h"

namespace dray {
namespace {

constexpr size_t kObscureBytes = 16;

struct Obscured {
  std::string_view type;
  std::string_view setting;
};
constexpr Obscured kObscured[] = {
    {"crypt", "password"},
    {"crypt", "password2"},
    {"sftp", "pass"},
    {"sftp", "key_file_pass"},
    {"ftp", "pass"},
    {"webdav", "pass"},
    {"smb", "pass"},
    {"koofr", "password"},
    {"mailru", "pass"},
    {"mega", "pass"},
    {"netstorage", "secret"},
    {"opendrive", "password"},
    {"pcloud", "password"},
    {"pikpak", "pass"},
    {"protondrive", "password"},
    {"seafile", "pass"},
    {"seafile", "library_key"},
    {"sia", "api_password"},
    {"fichier", "file_password"},
    {"fichier", "folder_password"},
};

// The text of the box is wiped when it is in it.
std::string seal_and_wipe(const SealingKey& key, std::string_view context, std::string plain) {
  std::string sealed = seal(key, context, plain);
  wipe(plain);
  return sealed;
}

}  // namespace

std::string seal_context(const SealedRemote& remote) {
  return fmt::format("{}/{}/{}/{}", remote.client, remote.name, remote.type, remote.version);
}

bool is_obscured_setting(std::string_view type, std::string_view setting) {
  return std::ranges::any_of(
      kObscured, [&](const Obscured& row) { return row.type == type && row.setting == setting; });
}

void obscure_passwords(std::string_view type, RemoteSettings& settings,
                       const RcloneBackends* backends) {
  const RcloneBackend* backend = backends != nullptr ? backends->find(type) : nullptr;
  for (auto& [key, value] : settings) {
    bool hidden = is_obscured_setting(type, key);
    if (backend != nullptr)
      hidden = std::ranges::any_of(backend->options, [&, name = key](const BackendOption& option) {
        return option.name == name && option.password;
      });
    if (hidden && !value.empty()) value = obscure(value, random_bytes(kObscureBytes));
  }
}

void seal_settings(const SealingKey& key, const RemoteSettings& settings, SealedRemote& remote) {
  remote.sealed = seal_and_wipe(key, seal_context(remote), to_json(settings));
  remote.sealed_for = fingerprint(key);
}

std::string seal_patch(const SealingKey& key, const SealedRemote& next,
                       const SettingsPatch& patch) {
  return base64_encode(
      seal_and_wipe(key, seal_context(next) + std::string(kPatchContext), to_json(patch)));
}

}  // namespace dray
