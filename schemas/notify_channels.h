// What each kind of notification channel takes, as a table: the command line, the API, the page and
// the scheduler's check read it. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "daemon/base/result.h"
#include "schemas/notify.h"

namespace dray {

struct ChannelField {
  std::string_view name;
  std::string_view help;
  bool required = false;
  bool secret = false;
  // Part of where messages go: whoever changes it has to enter the secrets again, so that nobody
  // sends a password that they do not know to a place of their choice.
  bool place = false;
  std::string_view otherwise = {};  // what holds when it is not given
  Status (*check)(std::string_view) = nullptr;
};

struct ChannelKindRow {
  ChannelKind kind;
  std::string_view title;
  bool mail;     // takes recipients; the only one that does
  bool digests;  // several notices may become one message; machines want each
  std::span<const ChannelField> fields;
};

std::span<const ChannelKindRow> channel_kinds();
const ChannelKindRow& channel_kind(ChannelKind kind);
const ChannelField* find_channel_field(const ChannelKindRow& row, std::string_view name);

// The value or what holds instead.
std::string channel_setting(const NotifyChannel& channel, std::string_view name);

// What the secrets are sealed in: they can be opened for this channel and this place only.
std::string channel_seal_context(const NotifyChannel& channel);

}  // namespace dray
