// From the settings of a channel in clear to what is stored of it: done by whoever takes them in,
// so that nobody on the way but the notifier can read what is secret. Pure but for random numbers.
#pragma once

#include <map>
#include <string>

#include "daemon/base/seal.h"
#include "schemas/notify_channels.h"

namespace dray {

struct EnteredChannel {
  std::map<std::string, std::string> settings;
  std::map<std::string, std::string> secrets;  // in clear, until they are sealed
};

// Tells secrets from other settings and checks each by the table. invalid: no such setting.
Result<EnteredChannel> sort_channel_settings(const ChannelKindRow& row,
                                             std::map<std::string, std::string> values);

// Nobody who takes settings in can open the box of a channel: whoever changes one secret fills it
// anew. invalid: some are given, and others that the channel has are not.
Status check_all_secrets(const NotifyChannel& channel, const EnteredChannel& entered);

// Puts the secrets into the box of `channel`, whose other fields are set; without secrets the box
// stays as it is. They are wiped.
void seal_channel_secrets(const SealingKey& key, EnteredChannel& entered, NotifyChannel& channel);

}  // namespace dray
