// The one configuration file of all programs (TOML, default /etc/dray/dray.toml).
//
// A table in config_table.cc drives parsing, defaults, range checks, the text of `dray config show`
// and what SIGHUP can change. Parsing is strict: unknown keys, wrong types and units, impossible
// values and relative paths are refused, each as "FILE:LINE: what is wrong and what is allowed",
// all of them in one error, joined by newlines.
//
// Defaults that contain {data_dir}, {run_dir}, {broker_dir} or {host} are filled in from the other
// settings and the machine's name, so every field of a parsed Config is ready for use.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/enum_names.h"
#include "daemon/base/log.h"
#include "daemon/base/result.h"

namespace dray {

inline constexpr std::string_view kDefaultConfigPath = "/etc/dray/dray.toml";

// A program of the administrator that jobs name and workers run: [hooks.NAME], [commands.NAME].
struct AllowedProgram {
  std::string program;                          // absolute path
  std::vector<std::string> arguments;           // of commands with {placeholders}
  std::chrono::seconds timeout{60};             // of hooks: the longest that a job may ask for
  std::string description;                      // for whoever chooses it
  std::map<std::string, std::string> settings;  // of commands: name -> pattern of all of its value
  bool sandbox = true;                          // in the run's sandbox, where it has one
  std::vector<std::string> readable;            // what else it sees there, absolute paths
  std::vector<std::string> writable;            // and may change
  friend bool operator==(const AllowedProgram&, const AllowedProgram&) = default;
};
// Names in "--user={user}".
std::vector<std::string> placeholders(std::string_view argument);

// How the processes of a run live when its job does not say.
enum class ProcessHome : uint8_t { local_process = 1, sandboxed_process = 2 };

template <>
struct EnumNames<ProcessHome> {
  static constexpr std::string_view kWhat = "sandbox";
  static constexpr EnumRow<ProcessHome> kRows[] = {
      {ProcessHome::local_process, "local_process"},
      {ProcessHome::sandboxed_process, "sandboxed_process"}};
};

struct Config {
  struct Log {
    LogLevel level = LogLevel::info;
    LogFormat format = LogFormat::automatic;
  } log;
  struct Paths {
    std::string data_dir;  // what must survive a reboot
    std::string run_dir;   // sockets; may be empty after a reboot
  } paths;
  struct Broker {
    // "tcp://ADDRESS:PORT" for other machines; CURVE only. Requests, progress in, events out.
    std::vector<std::string> listen;
    std::vector<std::string> listen_progress;
    std::vector<std::string> listen_events;
    std::string secret_key_file;      // the broker's own CURVE key
    std::string authorized_keys_dir;  // one file per remote peer: its public key and role
  } broker;
  struct Scheduler {
    std::string database;
    std::chrono::seconds lease{};   // a worker out of touch for this long loses its runs
    std::string default_time_zone;  // IANA name for schedules that name none
    uint64_t min_free_disk = 0;     // bytes; below it no run starts
  } scheduler;
  // [destination.default]: where jobs write that name no destination.
  struct DefaultDestination {
    std::string remote;  // of the job's client; "": there is none
    std::string path;    // <path>/<client>/<job>
  } default_destination;
  struct Worker {
    std::string name;             // unique among all workers
    uint32_t slots = 0;           // runs at the same time
    std::string broker;           // endpoint: ipc://... or tcp://...
    std::string server_key;       // the broker's public CURVE key (Z85), for tcp:// only
    std::string secret_key_file;  // this worker's CURVE key, for tcp:// only
    std::string progress;         // endpoint that takes progress: ipc://... or tcp://...
    std::string key_file;         // the private key that opens sealed credentials (seal.h)
    std::string work_dir;         // one private directory per run
    std::string spool_dir;        // results not yet acknowledged
    std::string log_dir;          // full logs of runs
    uint64_t log_max_size = 0;    // bytes per run; the middle of a longer log is dropped
    uint32_t log_keep_days = 0;
    std::string rclone;                 // program: a name on PATH or an absolute path
    std::chrono::seconds stop_grace{};  // between SIGTERM and SIGKILL
    ProcessHome sandbox = ProcessHome::local_process;
    bool sandbox_enforce = false;                 // whatever jobs say; no sandbox, no run
    uint64_t run_memory = 0;                      // bytes, of each process of a run; 0: no limit
    uint32_t run_cpu_percent = 0;                 // of the processes of a run; 0: no limit
    std::chrono::seconds upload_patience{};       // with a sender of a file that is not heard of
    std::chrono::seconds drain_timeout{};         // what a stopping worker leaves its transfers
    std::vector<std::string> local_roots;         // directories that `local` remotes may use
    std::vector<std::string> allow_flags;         // further rclone flags that jobs may carry
    std::string progress_file;                    // instead of progress.toml; empty: as delivered
    std::map<std::string, AllowedProgram> hooks;  // by name
    std::map<std::string, AllowedProgram> commands;  // by name
  } worker;
  struct Cli {
    std::string broker;           // endpoint for requests
    std::string events;           // endpoint to watch events and progress at
    std::string server_key;       // for tcp:// only
    std::string secret_key_file;  // for tcp:// only
  } cli;
};

// Sockets of the broker on this machine. Every role has a directory of its own below
// run_dir/broker, and the rights of that directory decide who can play the role.
struct IpcEndpoints {
  std::string dir;  // run_dir/broker, a plain path
  // Requests and replies, one per role: ipc://<dir>/<role>/requests.sock
  std::string scheduler, worker, ops, notifier;
  std::string progress;  // workers publish: ipc://<dir>/worker/progress.sock
  // Subscribers, the same stream at each: ipc://<dir>/<role>/events.sock
  std::string scheduler_events, ops_events, notifier_events;
};
IpcEndpoints ipc_endpoints(const Config& config);

// One setting given on the command line, "worker.slots=4": stronger than the file.
using ConfigOverrides = std::vector<std::string>;

// A file that does not exist is not_found; what is wrong inside is invalid.
Result<Config> load_config(const std::string& path, const ConfigOverrides& overrides = {});
// `file_name` is what errors call it. "" as text gives the defaults.
Result<Config> parse_config(std::string_view text, std::string_view file_name,
                            const ConfigOverrides& overrides = {});

// TOML with a comment per key; parses back to the same Config. `defaults_only` shows the defaults
// instead, each line commented out: a file to start from.
std::string show_config(const Config& config, bool defaults_only);

struct ConfigDiff {
  std::vector<std::string> applied;        // changed, and a running daemon can take them
  std::vector<std::string> needs_restart;  // changed, but the old value stays until a restart
};
// Sets the reloadable keys of `running` to those of `loaded`; leaves the others.
ConfigDiff diff_reload(Config& running, const Config& loaded);

}  // namespace dray
