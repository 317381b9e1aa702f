#include "daemon/base/service_notify.h"

#include <systemd/sd-daemon.h>

#include <cstdint>
#include <string>

#include "daemon/base/text.h"

namespace dray {

void notify_ready() {
  sd_notify(0, "READY=1");
}

void notify_reloading() {
  const auto now = SystemClock{}.now().mono.time_since_epoch();
  sd_notify(0, fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now / microseconds{1}).c_str());
}

void notify_stopping() {
  sd_notify(0, "STOPPING=1");
}

void notify_watchdog() {
  sd_notify(0, "WATCHDOG=1");
}

void notify_status(std::string_view text) {
  sd_notify(0, ("STATUS=" + escape_for_display(text)).c_str());
}

Duration watchdog_period() {
  uint64_t usec = 0;
  return sd_watchdog_enabled(0, &usec) > 0 ? Duration{microseconds{usec}} : Duration{0};
}

}  // namespace dray
