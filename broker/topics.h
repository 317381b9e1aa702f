// Names of what is published: "e" events, "p.<run>" the progress of one run. A subscription names a
// topic or its part before a dot: "p" is the progress of all runs. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "schemas/ids.h"

namespace dray {

inline constexpr std::string_view kEventTopic = "e";
inline constexpr std::string_view kProgressTopic = "p";

std::string progress_topic(RunId run);

// "p.17" -> 17; nullopt: another topic, or not the way progress_topic writes it.
std::optional<RunId> parse_progress_topic(std::string_view topic);

// zmq compares prefixes, so "p.1" also brings "p.17": the receiver asks here.
bool topic_matches(std::string_view subscription, std::string_view topic);

}  // namespace dray
