// Where `dray up` keeps its things: a data directory, sockets, a configuration made at the first
// start.
#pragma once

#include <string>

#include "daemon/base/config.h"
#include "daemon/base/fd.h"
#include "daemon/base/result.h"

namespace dray::ops {

struct UpFiles {
  std::string data_dir;
  std::string config_path;
  Config config;
  UniqueFd lock;  // held as long as this `dray up` lives
};

// "$XDG_DATA_HOME/dray" or "~/.local/share/dray"; "/var/lib/dray-up" without a home.
std::string default_data_dir();

// `config_path` "": data_dir/dray.toml, made when absent. `program_dir`: where the programs lie;
// those of a build that was not installed serve the page that lies beside them. conflict: another
// `dray up` uses the directory; invalid: its path is too long for sockets.
Result<UpFiles> prepare_up(const std::string& data_dir, const std::string& config_path,
                           const std::string& program_dir);

struct FirstConfig {
  std::string data_dir;
  std::string run_dir;
  std::string listen;   // of the page
  std::string web_dir;  // "": where the installation puts the page
};
// Text of a first configuration. Pure.
std::string first_config(const FirstConfig& facts);

// Where sockets go: a tmpfs of the user if there is one, else below the data directory. The longest
// socket below it must fit the kernel's 107 bytes. Pure.
Result<std::string> choose_run_dir(const std::string& data_dir, const std::string& runtime_dir);

}  // namespace dray::ops
