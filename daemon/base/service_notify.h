// What a daemon tells systemd (sd_notify). All do nothing when it was not started by systemd.
// Thread-safe.
#pragma once

#include <string_view>

#include "daemon/base/time.h"

namespace dray {

void notify_ready();
void notify_reloading();
void notify_stopping();
void notify_watchdog();
// One line for `systemctl status`; control characters are escaped.
void notify_status(std::string_view text);

// The WatchdogSec= of our unit, or 0 when there is none.
Duration watchdog_period();

}  // namespace dray
