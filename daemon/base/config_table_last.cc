// The end of the table of settings: notifications, and the command line.
#include "daemon/base/config_checks.h"
#include "daemon/base/config_table.h"

namespace dray {
namespace {

namespace check = config_checks;

constexpr uint64_t kMinute = 60;
constexpr uint64_t kDay = 24 * 3600;

#define SLOT(member) [](Config& config) -> ConfigSlot { return &config.member; }
const ConfigRow kRows[] = {
    {.section = "notifier",
     .key = "database",
     .slot = SLOT(notifier.database),
     .default_toml = "\"{data_dir}/notifier/notifier.db\"",
     .check = check::path,
     .about = "Which notifications were sent. Must be on a local disk."},
    {.section = "notifier",
     .key = "key_file",
     .slot = SLOT(notifier.key_file),
     .default_toml = "\"{data_dir}/notifier/notifier.key\"",
     .check = check::path,
     .about = "The private key that opens secrets of notification channels; made at the first "
              "start."},
    {.section = "notifier",
     .key = "mail_host",
     .slot = SLOT(notifier.mail_host),
     .default_toml = "\"{host}\"",
     .check = check::peer_name,
     .about = "How the notifier calls itself to mail servers."},
    {.section = "notifier",
     .key = "allow_addresses",
     .slot = SLOT(notifier.allow_addresses),
     .default_toml = "[]",
     .check = check::address_or_network,
     .about = "Addresses of this machine and of private networks that notifications may go to, "
              "like \"127.0.0.1\" or \"192.168.0.0/16\"; public ones always may."},
    {.section = "notifier",
     .key = "digest_window",
     .slot = SLOT(notifier.digest_window),
     .default_toml = "\"10m\"",
     .min = 1,
     .max = kDay,
     .about = "Many notifications to one recipient within this time become one message."},
    {.section = "notifier",
     .key = "retry_first",
     .slot = SLOT(notifier.retry_first),
     .default_toml = "\"30s\"",
     .min = 1,
     .max = 60 * kMinute,
     .about = "A notification that failed is tried again after this, then after twice as long, up "
              "to an hour, for a day."},

    {.section = "cli",
     .key = "broker",
     .slot = SLOT(cli.broker),
     .default_toml = "\"ipc://{broker_dir}/ops/requests.sock\"",
     .check = check::endpoint,
     .about = "Where the dray command finds the broker."},
    {.section = "cli",
     .key = "events",
     .slot = SLOT(cli.events),
     .default_toml = "\"ipc://{broker_dir}/ops/events.sock\"",
     .check = check::endpoint,
     .about = "Where the dray command watches progress and events."},
    {.section = "cli",
     .key = "server_key",
     .slot = SLOT(cli.server_key),
     .default_toml = "\"\"",
     .check = check::curve_key,
     .about = "The broker's public key, needed with tcp://."},
    {.section = "cli",
     .key = "secret_key_file",
     .slot = SLOT(cli.secret_key_file),
     .default_toml = "\"\"",
     .check = check::optional_path,
     .about = "The operator's own key for encrypted connections, needed with tcp://."},
};
#undef SLOT

}  // namespace

std::span<const ConfigRow> last_config_rows() {
  return kRows;
}

}  // namespace dray
