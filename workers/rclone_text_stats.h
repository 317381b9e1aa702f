// The statistics block of rclone's plain text log ("Transferred:  1.2 MiB / 3 MiB, 40%, ..."). It
// rounds bytes to what it shows. Logs made by Drayage are JSON and never need this; logs of cron
// jobs do.
#pragma once

#include <string_view>

#include "workers/rclone_events.h"

namespace dray {

enum class TextStats : uint8_t {
  none,        // not a line of the block
  first_line,  // the block begins: the counters were reset, then filled
  line,
  transferring,  // files are on their way: this is no final block
};

TextStats read_text_stats_line(std::string_view line, StatsRecord& stats);

}  // namespace dray
