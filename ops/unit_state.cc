// The one place of ops that asks systemd, over D-Bus.
#include <systemd/sd-bus.h>

#include <cstdlib>

#include "ops/doctor.h"

namespace dray::ops {
namespace {

struct BusClose {
  void operator()(sd_bus* bus) const { sd_bus_flush_close_unref(bus); }
};
struct MessageFree {
  void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};

constexpr char kManager[] = "org.freedesktop.systemd1";

std::string property(sd_bus* bus, const char* path, const char* name) {
  char* text = nullptr;
  if (sd_bus_get_property_string(bus, kManager, path, "org.freedesktop.systemd1.Unit", name,
                                 nullptr, &text) < 0)
    return "";
  std::string value(text);
  free(text);  // NOLINT: sd-bus allocates with malloc
  return value;
}

}  // namespace

std::string unit_state(const std::string& unit) {
  sd_bus* raw = nullptr;
  if (sd_bus_open_system(&raw) < 0) return "";
  const std::unique_ptr<sd_bus, BusClose> bus(raw);
  sd_bus_message* raw_reply = nullptr;
  if (sd_bus_call_method(bus.get(), kManager, "/org/freedesktop/systemd1",
                         "org.freedesktop.systemd1.Manager", "LoadUnit", nullptr, &raw_reply, "s",
                         unit.c_str()) < 0)
    return "";
  const std::unique_ptr<sd_bus_message, MessageFree> reply(raw_reply);
  const char* path = nullptr;
  if (sd_bus_message_read(reply.get(), "o", &path) < 0) return "";
  if (property(bus.get(), path, "LoadState") != "loaded") return "";
  return property(bus.get(), path, "ActiveState");
}

}  // namespace dray::ops
