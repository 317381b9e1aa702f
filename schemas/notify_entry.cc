#include "schemas/notify_entry.h"

#include "daemon/base/quote.h"
#include "schemas/json_fields.h"

namespace dray {

Result<ChannelEntry> sort_channel_entry(const ChannelKindRow& row,
                                        std::map<std::string, std::string> values) {
  ChannelEntry entry;
  for (auto& [name, value] : values) {
    const ChannelField* field = find_channel_field(row, name);
    if (field == nullptr)
      return fail(
          ErrorCode::invalid,
          "{0} is not a setting of a channel of kind {1}; `dray notify kinds {1}` lists them",
          quoted(name), to_string(row.kind));
    if (field->check != nullptr) DRAY_TRY(annotate(field->check(value), name));
    (field->secret ? entry.secrets : entry.settings)[name] = std::move(value);
  }
  return entry;
}

Status seal_channel_secrets(const SealingKey& notifier, NotifyChannel& channel,
                            std::map<std::string, std::string>& secrets) {
  if (secrets.empty()) return {};
  for (const std::string& name : channel.secrets)
    if (!secrets.contains(name))
      return fail(ErrorCode::invalid, "{}: enter all secrets of the channel again: {}", name,
                  fmt::join(channel.secrets, ", "));
  channel.secrets.clear();
  for (const auto& [name, value] : secrets)
    channel.secrets.push_back(name);
  std::string json = to_json(secrets);
  channel.sealed = seal(notifier, channel_seal_context(channel), json);
  channel.sealed_for = fingerprint(notifier);
  wipe(json);
  for (auto& [name, value] : secrets)
    wipe(value);
  return {};
}

}  // namespace dray
