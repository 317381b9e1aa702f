#include "schemas/notify_box.h"

#include "schemas/json_fields.h"
#include "schemas/notify_check.h"

namespace dray {

Result<EnteredChannel> sort_channel_settings(const ChannelKindRow& row,
                                             std::map<std::string, std::string> values) {
  EnteredChannel entered;
  for (auto& [name, value] : values) {
    DRAY_TRY(check_channel_value(row, name, value));
    const bool secret = find_channel_field(row, name)->secret;
    (secret ? entered.secrets : entered.settings)[name] = std::move(value);
  }
  return entered;
}

Status check_all_secrets(const NotifyChannel& channel, const EnteredChannel& entered) {
  if (entered.secrets.empty()) return {};
  for (const std::string& name : channel.secrets)
    if (!entered.secrets.contains(name))
      return fail(ErrorCode::invalid, "{}: enter all secrets of the channel again: {}", name,
                  fmt::join(channel.secrets, ", "));
  return {};
}

void seal_channel_secrets(const SealingKey& key, EnteredChannel& entered, NotifyChannel& channel) {
  if (entered.secrets.empty()) return;
  channel.secrets.clear();
  for (const auto& [name, value] : entered.secrets)
    channel.secrets.push_back(name);
  std::string json = to_json(entered.secrets);
  channel.sealed = seal(key, channel_seal_context(channel), json);
  channel.sealed_for = fingerprint(key);
  wipe(json);
  for (auto& [name, value] : entered.secrets)
    wipe(value);
  entered.secrets.clear();
}

}  // namespace dray
