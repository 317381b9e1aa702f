// The system's time zones by name, from the tz database under /usr/share/zoneinfo.
//
// The one exception to purity among the schedule cores: a zone is read from disk at its first use
// and then kept, unchanged, for the life of the process (a process sees a new tzdata package after
// a restart). What is read is immutable, so callers still compute the same result from the same
// input. Thread-safe.
#pragma once

#include <string_view>

#include "daemon/base/result.h"
#include "daemon/scheduler/zone.h"

namespace dray {

// Daylight saving is known up to the end of this year; after it the last offset stays.
inline constexpr int kLastZoneYear = 2120;

// The zone lives as long as the process. Errors: invalid when there is no such IANA zone, with the
// closest name ("'Europe/Berlinn' is not an IANA time zone; did you mean Europe/Berlin?");
// unavailable when the machine has no tz database.
Result<const Zone*> find_zone(std::string_view name);

}  // namespace dray
