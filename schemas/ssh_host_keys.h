// Pinned host keys of SFTP servers, as the setting kHostKeysSetting (rclone_options.h) holds them:
// "ssh-ed25519 AAAA..., ecdsa-sha2-nistp256 AAAA...". Pure; safe on any input.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"

namespace dray {

struct HostKey {
  std::string type;  // "ssh-ed25519"
  std::string blob;  // base64, one word
  friend bool operator==(const HostKey&, const HostKey&) = default;
};

// "ssh-ed25519 AAAA..." and the same with a host before it, as ssh-keyscan and known_hosts have it.
// invalid: something else, or a key that does not begin with its own type.
Result<HostKey> parse_host_key(std::string_view line);

// "SHA256:..." as OpenSSH shows it.
std::string host_key_fingerprint(const HostKey& key);

std::string format_host_keys(std::span<const HostKey> keys);
Result<std::vector<HostKey>> parse_host_keys(std::string_view setting);

// Lines of a known_hosts file for that server. `port`: "" is 22. invalid: host, port or keys are
// malformed.
Result<std::string> known_hosts_text(std::string_view host, std::string_view port,
                                     std::string_view setting);

// The types of keys in the order in which rclone (Go's SSH) prefers a server's keys. A version that
// cannot be told which to take needs the first of these that the server has.
std::span<const std::string_view> preferred_host_key_types();

}  // namespace dray
