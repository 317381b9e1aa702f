// The start-up that all daemons share:
//
//   int main(int argc, char** argv) {
//     return dray::daemon_main(argc, argv, {"drayd", "Schedules runs.", run_scheduler});
//   }
//   dray::Status run_scheduler(dray::DaemonContext& context) { ...; return context.serve(); }
//
// Options: --config FILE, --set SECTION.KEY=VALUE (repeatable), --log-format, --log-level,
// --version,
// --help. Without --config the default file is read if it exists, else the defaults are used.
//
// Before run(): umask 077, no core dumps (secrets live in memory), SIGPIPE ignored, log set up.
// SIGTERM and SIGINT stop, SIGHUP reloads. An error is printed as one line per problem; exit codes
// are kExit*.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "daemon/base/config.h"
#include "daemon/base/event_loop.h"
#include "daemon/base/result.h"
#include "daemon/base/time.h"

namespace dray {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
// EX_CONFIG: ErrorCode::invalid. The units do not restart on it: trying again cannot help.
inline constexpr int kExitConfig = 78;

class DaemonContext {
 public:
  DaemonContext(Config config_in, std::string config_path_in, ConfigOverrides overrides_in);

  Config config;            // reloadable keys change on SIGHUP, before on_reload is called
  std::string config_path;  // "" when the defaults are used
  EventLoop loop;
  SystemClock clock;

  // SIGTERM or SIGINT: `begin_stop` ends the work and then calls loop.stop(). Called once; a second
  // signal stops the loop at once. Without it the first signal stops the loop.
  std::function<void()> begin_stop;
  // SIGHUP, after `config` changed.
  std::function<void(const ConfigDiff&)> on_reload;

  // Tells systemd that we are ready, installs the signal handlers, feeds the watchdog and runs
  // the loop until it is stopped.
  Status serve();
  // Ends serve() with an error: for a failure after which the daemon cannot go on.
  void fail_with(Error error);

 private:
  void reload();
  void stop_requested();
  ConfigOverrides overrides_;
  bool stopping_ = false;
  Status outcome_;
};

struct DaemonSpec {
  std::string_view program;  // as typed and as logged
  std::string_view summary;  // one sentence for --help
  std::function<Status(DaemonContext&)> run;
};

int daemon_main(int argc, char** argv, const DaemonSpec& spec);

// umask, core dumps, SIGPIPE: what daemon_main does first; for programs with a main of their own.
void harden_process();

}  // namespace dray
