#include "ops/remote_host_key.h"

#include <algorithm>

#include "daemon/base/quote.h"
#include "ops/format.h"
#include "ops/views.h"
#include "schemas/answers_remotes.h"
#include "schemas/rclone_options.h"
#include "schemas/ssh_host_keys.h"

namespace dray::ops {
namespace {

// Where rclone can be told, it takes only the types that are pinned.
constexpr std::string_view kAlgorithms = "host_key_algorithms";

struct Algorithms {
  std::string_view type;
  std::string_view words;
};
// An RSA key signs with newer hashes than its name says.
constexpr Algorithms kSignedBy[] = {{"ssh-rsa", "rsa-sha2-512 rsa-sha2-256 ssh-rsa"}};

std::string value_of(const RemoteSettings& settings, const char* key) {
  const auto found = settings.find(key);
  return found == settings.end() ? std::string() : found->second;
}

std::string shown_text(const std::vector<ShownHostKey>& keys) {
  std::string text;
  for (const ShownHostKey& key : keys)
    text += fmt::format("{}  {} {}", text.empty() ? "" : "\n", key.type, key.fingerprint);
  return text;
}

void pin(const std::vector<HostKey>& keys, bool selectable, RemoteSettings& settings) {
  settings[std::string(kHostKeysSetting)] = format_host_keys(keys);
  if (!selectable || settings.contains(std::string(kAlgorithms))) return;
  std::string words;
  for (const HostKey& key : keys) {
    std::string_view more = key.type;
    for (const Algorithms& row : kSignedBy)
      if (row.type == key.type) more = row.words;
    words += fmt::format("{}{}", words.empty() ? "" : " ", more);
  }
  settings[std::string(kAlgorithms)] = words;
}

// Whole keys need no look at the server.
Result<std::vector<HostKey>> whole_keys(const HostKeyChoice& choice) {
  std::vector<HostKey> keys;
  for (const std::string& wanted : choice.wanted) {
    if (wanted.starts_with("SHA256:")) continue;
    DRAY_TRY_ASSIGN(HostKey key, annotate(parse_host_key(wanted), "--host-key"));
    keys.push_back(std::move(key));
  }
  return keys;
}

Result<std::vector<HostKey>> fitting(const HostKeyChoice& choice, const HostKeysAnswer& shown,
                                     const std::string& host) {
  std::vector<HostKey> keys;
  for (const ShownHostKey& key : shown.keys)
    if (std::ranges::find(choice.wanted, key.fingerprint) != choice.wanted.end())
      keys.push_back({key.type, key.blob});
  if (keys.empty())
    return fail(ErrorCode::denied,
                "{} shows other keys than the one given with --host-key; it is not the server you "
                "know, or its keys were replaced. It shows:\n{}",
                clean_name(host), shown_text(shown.keys));
  // This rclone takes the first type of its own list that the server has.
  if (!shown.selectable && keys.front().type != shown.keys.front().type)
    return fail(ErrorCode::invalid,
                "the workers' rclone compares the {} key of a server, so give that one too: "
                "--host-key {} (if it is right)",
                shown.keys.front().type, shown.keys.front().fingerprint);
  return keys;
}

Status confirm(Context& context, const HostKeysAnswer& shown, const std::string& host) {
  context.out.error_line(
      fmt::format("{} shows these SSH host keys:\n{}", clean_name(host), shown_text(shown.keys)));
  if (!context.out.can_ask())
    return fail(ErrorCode::invalid,
                "nobody has confirmed these keys; add --host-key SHA256:... with the fingerprint "
                "that the server's administrator tells you, or --accept-host-key");
  DRAY_TRY_ASSIGN(const std::string answer,
                  context.out.read_answer("Is this the right server? (yes/no) "));
  if (answer == "yes" || answer == "y") return {};
  return fail(ErrorCode::denied, "the server's key was not confirmed; nothing was stored");
}

}  // namespace

Status pin_host_key(Context& context, const HostKeyChoice& choice, RemoteSettings& settings,
                    std::vector<std::string>& notes) {
  if (!value_of(settings, kHostKeysSetting.data()).empty()) return {};
  DRAY_TRY_ASSIGN(std::vector<HostKey> keys, whole_keys(choice));
  if (!keys.empty() && keys.size() == choice.wanted.size()) {
    pin(keys, false, settings);
    return {};
  }
  const std::string host = value_of(settings, "host");
  if (host.empty()) return fail(ErrorCode::invalid, "host: is missing, to look at its key");
  DRAY_TRY_ASSIGN(const HostKeysAnswer shown,
                  context.ask_as<HostKeysAnswer>(
                      "remote.host_key", {{"host", host}, {"port", value_of(settings, "port")}}));
  if (!choice.wanted.empty()) {
    DRAY_TRY_ASSIGN(std::vector<HostKey> fit, fitting(choice, shown, host));
    std::ranges::move(fit, std::back_inserter(keys));
  } else {
    if (!choice.accept) DRAY_TRY(confirm(context, shown, host));
    for (const ShownHostKey& key : shown.keys)
      keys.push_back({key.type, key.blob});
  }
  pin(keys, shown.selectable, settings);
  for (const HostKey& key : keys)
    notes.push_back(
        fmt::format("pinned the server's key {} {}", key.type, host_key_fingerprint(key)));
  return {};
}

}  // namespace dray::ops
