// From settings in clear to what is stored of a remote: done by whoever takes them in, so that
// nobody on the way but a worker can read them. Pure but for random numbers.
#pragma once

#include <string>
#include <string_view>

#include "daemon/base/seal.h"
#include "schemas/answers_remotes.h"
#include "schemas/job.h"
#include "schemas/rclone_backends.h"

namespace dray {

// `context` of a sealed remote: binds the box to its place.
std::string seal_context(const SealedRemote& remote);

// Does rclone expect this setting obscured? As `rclone config providers` says (IsPassword).
bool is_obscured_setting(std::string_view type, std::string_view setting);
// Brings passwords that were entered in clear to the form that rclone expects. Without `backends`
// (no worker could be asked) as far as we know ourselves.
void obscure_passwords(std::string_view type, RemoteSettings& settings,
                       const RcloneBackends* backends);

// Puts the settings into `remote`, whose other fields are set.
void seal_settings(const SealingKey& key, const RemoteSettings& settings, SealedRemote& remote);
// What remote.merge takes for the next version of the remote: base64.
std::string seal_patch(const SealingKey& key, const SealedRemote& next, const SettingsPatch& patch);

}  // namespace dray
