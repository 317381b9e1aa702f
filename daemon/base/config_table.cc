#include "daemon/base/config_table.h"

#include <unistd.h>

#include "daemon/base/config_checks.h"
#include "daemon/base/text.h"

namespace dray {
namespace {

namespace check = config_checks;

constexpr uint64_t kMinute = 60;
constexpr uint64_t kDay = 24 * 3600;
constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr uint64_t kGiB = uint64_t{1} << 30;

// SLOT(worker.slots): where the setting lives.
#define SLOT(member) [](Config& config) -> ConfigSlot { return &config.member; }

// The bounds of the lease and of the slots are those of schemas/limits.h.
const ConfigRow kRows[] = {
    {.section = "log",
     .key = "level",
     .slot = SLOT(log.level),
     .default_toml = "\"info\"",
     .reload = Reload::yes,
     .about = "The least important lines to log."},
    {.section = "log",
     .key = "format",
     .slot = SLOT(log.format),
     .default_toml = "\"auto\"",
     .about = "How log lines look; auto is journal under systemd, else human."},

    {.section = "paths",
     .key = "data_dir",
     .slot = SLOT(paths.data_dir),
     .default_toml = "\"/var/lib/dray\"",
     .check = check::path,
     .about = "What must survive a reboot: database, keys, results."},
    {.section = "paths",
     .key = "run_dir",
     .slot = SLOT(paths.run_dir),
     .default_toml = "\"/run/dray\"",
     .check = check::run_dir,
     .about = "Sockets and working directories."},

    {.section = "broker",
     .key = "listen",
     .slot = SLOT(broker.listen),
     .default_toml = "[]",
     .check = check::tcp_endpoint,
     .about = "Where peers on other machines connect, like \"tcp://0.0.0.0:7311\"; encrypted."},
    {.section = "broker",
     .key = "listen_progress",
     .slot = SLOT(broker.listen_progress),
     .default_toml = "[]",
     .check = check::tcp_endpoint,
     .about = "Where workers on other machines publish progress; encrypted."},
    {.section = "broker",
     .key = "listen_events",
     .slot = SLOT(broker.listen_events),
     .default_toml = "[]",
     .check = check::tcp_endpoint,
     .about = "Where operators on other machines watch; encrypted."},
    {.section = "broker",
     .key = "secret_key_file",
     .slot = SLOT(broker.secret_key_file),
     .default_toml = "\"{data_dir}/broker/curve.key\"",
     .check = check::path,
     .about = "The broker's own key for encrypted connections."},
    {.section = "broker",
     .key = "authorized_keys_dir",
     .slot = SLOT(broker.authorized_keys_dir),
     .default_toml = "\"/etc/dray/authorized_keys.d\"",
     .check = check::path,
     .about = "One file per peer on another machine: its public key and its role."},

    {.section = "scheduler",
     .key = "database",
     .slot = SLOT(scheduler.database),
     .default_toml = "\"{data_dir}/scheduler/dray.db\"",
     .check = check::path,
     .about = "Jobs, runs and settings. Must be on a local disk."},
    {.section = "scheduler",
     .key = "lease",
     .slot = SLOT(scheduler.lease),
     .default_toml = "\"10m\"",
     .min = 10,
     .max = kDay,
     .reload = Reload::no,
     .about = "A worker out of touch for this long ends its runs, and others take them."},
    {.section = "scheduler",
     .key = "default_time_zone",
     .slot = SLOT(scheduler.default_time_zone),
     .default_toml = "\"UTC\"",
     .check = check::time_zone,
     .about = "Time zone of schedules that name none."},
    {.section = "scheduler",
     .key = "min_free_disk",
     .slot = SLOT(scheduler.min_free_disk),
     .default_toml = "\"256M\"",
     .min = 0,
     .max = 1024 * kGiB,
     .reload = Reload::yes,
     .about = "With less space than this beside the database no run starts."},

    {.section = "destination.default",
     .key = "remote",
     .slot = SLOT(default_destination.remote),
     .default_toml = "\"\"",
     .check = check::optional_name,
     .reload = Reload::yes,
     .about = "Remote, one of each client's own, that jobs without a destination write to."},
    {.section = "destination.default",
     .key = "path",
     .slot = SLOT(default_destination.path),
     .default_toml = "\"\"",
     .check = check::remote_path,
     .reload = Reload::yes,
     .about = "Directory or bucket there; each job has CLIENT/JOB below it."},

    {.section = "worker",
     .key = "name",
     .slot = SLOT(worker.name),
     .default_toml = "\"{host}\"",
     .check = check::peer_name,
     .about = "Unique among all workers."},
    {.section = "worker",
     .key = "slots",
     .slot = SLOT(worker.slots),
     .default_toml = "2",
     .min = 1,
     .max = 256,
     .about = "Runs at the same time."},
    {.section = "worker",
     .key = "broker",
     .slot = SLOT(worker.broker),
     .default_toml = "\"ipc://{broker_dir}/worker/requests.sock\"",
     .check = check::endpoint,
     .about = "Where the broker is."},
    {.section = "worker",
     .key = "progress",
     .slot = SLOT(worker.progress),
     .default_toml = "\"ipc://{broker_dir}/worker/progress.sock\"",
     .check = check::endpoint,
     .about = "Where the broker takes progress."},
    {.section = "worker",
     .key = "server_key",
     .slot = SLOT(worker.server_key),
     .default_toml = "\"\"",
     .check = check::curve_key,
     .about = "The broker's public key, needed with tcp://."},
    {.section = "worker",
     .key = "secret_key_file",
     .slot = SLOT(worker.secret_key_file),
     .default_toml = "\"{data_dir}/worker/curve.key\"",
     .check = check::path,
     .about = "This worker's own key for encrypted connections, used with tcp://."},
    {.section = "worker",
     .key = "key_file",
     .slot = SLOT(worker.key_file),
     .default_toml = "\"{data_dir}/worker/worker.key\"",
     .check = check::path,
     .about = "The private key that opens the credentials of remotes."},
    {.section = "worker",
     .key = "work_dir",
     .slot = SLOT(worker.work_dir),
     .default_toml = "\"{run_dir}/worker\"",
     .check = check::path,
     .about = "One private directory per run; best on a tmpfs."},
    {.section = "worker",
     .key = "spool_dir",
     .slot = SLOT(worker.spool_dir),
     .default_toml = "\"{data_dir}/worker/spool\"",
     .check = check::path,
     .about = "Results that the scheduler has not acknowledged yet."},
    {.section = "worker",
     .key = "log_dir",
     .slot = SLOT(worker.log_dir),
     .default_toml = "\"{data_dir}/worker/logs\"",
     .check = check::path,
     .about = "The full logs of runs."},
    {.section = "worker",
     .key = "log_max_size",
     .slot = SLOT(worker.log_max_size),
     .default_toml = "\"64M\"",
     .min = kMiB,
     .max = 64 * kGiB,
     .reload = Reload::yes,
     .about = "The largest log of one run; of a longer one the middle is dropped."},
    {.section = "worker",
     .key = "log_keep_days",
     .slot = SLOT(worker.log_keep_days),
     .default_toml = "30",
     .min = 1,
     .max = 3650,
     .reload = Reload::yes,
     .about = "Older logs are removed."},
    {.section = "worker",
     .key = "rclone",
     .slot = SLOT(worker.rclone),
     .default_toml = "\"rclone\"",
     .check = check::program,
     .about = "The rclone program: a name on PATH or an absolute path."},
    {.section = "worker",
     .key = "stop_grace",
     .slot = SLOT(worker.stop_grace),
     .default_toml = "\"15s\"",
     .min = 1,
     .max = 10 * kMinute,
     .reload = Reload::yes,
     .about = "What a transfer that is asked to stop gets before it is killed."},
    {.section = "worker",
     .key = "drain_timeout",
     .slot = SLOT(worker.drain_timeout),
     .default_toml = "\"10s\"",
     .min = 0,
     .max = 10 * kMinute,
     .reload = Reload::yes,
     .about = "What a stopping worker gives its transfers to end by themselves."},
    {.section = "worker",
     .key = "sandbox",
     .slot = SLOT(worker.sandbox),
     .default_toml = "\"local_process\"",
     .about = "Where transfers of jobs that do not say live: local_process, sandboxed_process."},
    {.section = "worker",
     .key = "sandbox_enforce",
     .slot = SLOT(worker.sandbox_enforce),
     .default_toml = "false",
     .about = "true: that, whatever jobs say, and no transfer where the sandbox does not work."},
    {.section = "worker",
     .key = "run_memory",
     .slot = SLOT(worker.run_memory),
     .default_toml = "\"0\"",
     .min = 0,
     .max = 1024 * kGiB,
     .about = "The most memory that one process of a transfer may use; 0: no limit."},
    {.section = "worker",
     .key = "run_cpu_percent",
     .slot = SLOT(worker.run_cpu_percent),
     .default_toml = "0",
     .min = 0,
     .max = 100'000,
     .about = "The most processor time of a transfer, 100 is one processor; 0: no limit."},
    {.section = "worker",
     .key = "upload_patience",
     .slot = SLOT(worker.upload_patience),
     .default_toml = "\"2m\"",
     .min = 1,
     .max = 24 * 60 * kMinute,
     .about = "How long an upload waits for a sender that went away."},
    {.section = "worker",
     .key = "local_roots",
     .slot = SLOT(worker.local_roots),
     .default_toml = "[]",
     .check = check::path,
     .about = "Directories of this machine that remotes of type local may use; none if empty."},
    {.section = "worker",
     .key = "allow_flags",
     .slot = SLOT(worker.allow_flags),
     .default_toml = "[]",
     .check = check::long_flag,
     .about = "Further rclone flags that jobs may carry."},
    {.section = "worker",
     .key = "progress_file",
     .slot = SLOT(worker.progress_file),
     .default_toml = "\"\"",
     .check = check::optional_path,
     .about = "Names and weights of the parts of runs, in the form of progress.toml; empty: as "
              "delivered."},

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

std::string host_name() {
  char name[256] = {};
  if (gethostname(name, sizeof name - 1) != 0 || !check::peer_name(name).empty())
    return "localhost";
  return name;
}

bool is_tcp(const std::string& endpoint) {
  return endpoint.starts_with("tcp://");
}

}  // namespace

std::string ConfigRow::name() const {
  return fmt::format("{}.{}", section, key);
}

std::span<const ConfigRow> config_rows() {
  return kRows;
}

std::string fill_placeholders(std::string_view text, const Config& config) {
  const struct {
    std::string_view name;
    std::string value;
  } placeholders[] = {
      {"{data_dir}", config.paths.data_dir},
      {"{run_dir}", config.paths.run_dir},
      {"{broker_dir}", ipc_endpoints(config).dir},
      {"{host}", host_name()},
  };
  std::string out{text};
  for (const auto& [name, value] : placeholders)
    if (const size_t at = out.find(name); at != std::string::npos)
      out.replace(at, name.size(), value);
  return out;
}

std::vector<std::string> check_together(const Config& config) {
  std::vector<std::string> problems;
  const auto require = [&](bool fine, std::string_view problem) {
    if (!fine) problems.emplace_back(problem);
  };
  const bool worker_tcp = is_tcp(config.worker.broker);
  require(worker_tcp == is_tcp(config.worker.progress),
          "worker.broker and worker.progress must both be tcp:// or both be ipc://");
  require(!worker_tcp || !config.worker.server_key.empty(),
          "worker.server_key must be set when worker.broker is tcp://");
  const bool cli_tcp = is_tcp(config.cli.broker);
  require(cli_tcp == is_tcp(config.cli.events),
          "cli.broker and cli.events must both be tcp:// or both be ipc://");
  require(!cli_tcp || !config.cli.server_key.empty(),
          "cli.server_key must be set when cli.broker is tcp://");
  require(!cli_tcp || !config.cli.secret_key_file.empty(),
          "cli.secret_key_file must be set when cli.broker is tcp://");
  require(config.broker.listen_progress.empty() || !config.broker.listen.empty(),
          "broker.listen must be set when broker.listen_progress is");
  require(config.broker.listen_events.empty() || !config.broker.listen.empty(),
          "broker.listen must be set when broker.listen_events is");
  return problems;
}

}  // namespace dray
