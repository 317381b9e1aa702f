// What people enter of a notification channel, told apart into what is stored in clear and what is
// sealed to the notifier. The command line and the API enter channels this way. Pure but for the
// random numbers of a seal.
#pragma once

#include <map>
#include <string>

#include "daemon/base/result.h"
#include "daemon/base/seal.h"
#include "schemas/notify_channels.h"

namespace dray {

struct ChannelEntry {
  std::map<std::string, std::string> settings;
  std::map<std::string, std::string> secrets;
};

// invalid: a field that the kind does not have, or a value that it does not take.
Result<ChannelEntry> sort_channel_entry(const ChannelKindRow& row,
                                        std::map<std::string, std::string> values);

// Puts the secrets into the channel's box and wipes them; none: the box stays as it is. Nobody but
// the notifier can open the box: who changes one secret fills it anew. invalid: some are missing.
Status seal_channel_secrets(const SealingKey& notifier, NotifyChannel& channel,
                            std::map<std::string, std::string>& secrets);

}  // namespace dray
