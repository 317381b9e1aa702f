// What daemon_main.h declares; files named *main.cc are programs, which this is not.
#include "daemon/base/daemon_main.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "daemon/base/files.h"
#include "daemon/base/log.h"
#include "daemon/base/service_notify.h"
#include "daemon/base/text.h"

namespace dray {
namespace {

struct CommandLine {
  std::string config_path;  // "" when not given
  ConfigOverrides overrides;
  bool help = false;
  bool version = false;
};

struct OptionRow {
  std::string_view name;
  std::string_view value;  // "" for one that takes none
  void (*apply)(CommandLine& line, std::string_view value);
  std::string_view about;
};
constexpr OptionRow kOptions[] = {
    {"--config", "FILE", [](CommandLine& line, std::string_view v) { line.config_path = v; },
     "configuration file (default /etc/dray/dray.toml)"},
    {"--set", "SECTION.KEY=VALUE",
     [](CommandLine& line, std::string_view v) { line.overrides.emplace_back(v); },
     "one setting, stronger than the file; may be repeated"},
    {"--log-level", "LEVEL",
     [](CommandLine& line, std::string_view v) {
       line.overrides.push_back(fmt::format("log.level={}", v));
     },
     "trace, debug, info, warn or error"},
    {"--log-format", "FORMAT",
     [](CommandLine& line, std::string_view v) {
       line.overrides.push_back(fmt::format("log.format={}", v));
     },
     "auto, human, json or journal"},
    {"--version", "", [](CommandLine& line, std::string_view) { line.version = true; },
     "print the version and exit"},
    {"--help", "", [](CommandLine& line, std::string_view) { line.help = true; },
     "print this and exit"},
};

std::string help_text(const DaemonSpec& spec) {
  std::string out = fmt::format("Usage: {} [OPTION]...\n{}\n\n", spec.program, spec.summary);
  for (const OptionRow& row : kOptions)
    out += fmt::format("  {:<26} {}\n", fmt::format("{} {}", row.name, row.value), row.about);
  return out;
}

// Accepts "--name VALUE" and "--name=VALUE".
Result<CommandLine> parse_command_line(int argc, char** argv) {
  CommandLine line;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const size_t equals = argument.find('=');
    const std::string_view name = argument.substr(0, equals);
    const OptionRow* option = nullptr;
    for (const OptionRow& row : kOptions)
      if (row.name == name) option = &row;
    if (option == nullptr)
      return fail(ErrorCode::invalid, "unknown option '{}'; see --help",
                  shorten(escape_for_display(argument), 60));
    const bool attached = equals != std::string_view::npos;
    if (option->value.empty() && attached)
      return fail(ErrorCode::invalid, "{} takes no value", name);
    if (!option->value.empty() && !attached && i + 1 == argc)
      return fail(ErrorCode::invalid, "{} needs a value: {}", name, option->value);
    std::string_view value;
    if (attached)
      value = argument.substr(equals + 1);
    else if (!option->value.empty())
      value = argv[++i];
    option->apply(line, value);
  }
  return line;
}

// The default file may be absent; one that was asked for may not. `path` becomes "" when the
// defaults are used.
Result<Config> find_config(std::string& path, const ConfigOverrides& overrides) {
  if (path.empty() && !path_exists(std::string(kDefaultConfigPath)))
    return parse_config("", "defaults", overrides);
  if (path.empty()) path = kDefaultConfigPath;
  return annotate(load_config(path, overrides), "configuration");
}

void log_error_lines(std::string_view event, const Error& error) {
  for (size_t pos = 0; pos <= error.message.size();) {
    const size_t end = std::min(error.message.find('\n', pos), error.message.size());
    log_write(LogLevel::error, {event, {{"code", to_string(error.code)}}},
              std::string_view{error.message}.substr(pos, end - pos));
    pos = end + 1;
  }
}

std::string joined(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

int run_daemon(CommandLine line, const DaemonSpec& spec) {
  auto config = find_config(line.config_path, line.overrides);
  if (!config) {
    log_error_lines("config.refused", config.error());
    return kExitConfig;
  }
  init_log(spec.program, {.level = config->log.level, .format = config->log.format, .sink = {}});
  DaemonContext context{std::move(*config), std::move(line.config_path), std::move(line.overrides)};
  const Status status = spec.run(context);
  if (status) return kExitOk;
  log_error_lines("daemon.failed", status.error());
  return status.error().code == ErrorCode::invalid ? kExitConfig : kExitFailed;
}

}  // namespace

void harden_process() {
  umask(077);
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
#ifndef __SANITIZE_ADDRESS__  // LeakSanitizer traces its own process, which has to be dumpable
  // Also keeps other processes of the same user from reading our memory.
  prctl(PR_SET_DUMPABLE, 0);
#endif
  std::signal(SIGPIPE, SIG_IGN);
}

DaemonContext::DaemonContext(Config config_in, std::string config_path_in,
                             ConfigOverrides overrides_in)
    : config(std::move(config_in)),
      config_path(std::move(config_path_in)),
      overrides_(std::move(overrides_in)) {}

Status DaemonContext::serve() {
  loop.on_signal(SIGTERM, [this] { stop_requested(); });
  loop.on_signal(SIGINT, [this] { stop_requested(); });
  loop.on_signal(SIGHUP, [this] { reload(); });
  loop.feed_watchdog();
  notify_ready();
  log_info({"daemon.ready", {{"version", DRAY_VERSION}, {"pid", getpid()}}}, "ready");
  loop.run();
  notify_stopping();
  log_info("daemon.stopped", "stopped");
  return std::move(outcome_);
}

void DaemonContext::fail_with(Error error) {
  if (outcome_) outcome_ = std::unexpected(std::move(error));
  loop.stop();
}

void DaemonContext::stop_requested() {
  if (stopping_ || !begin_stop) return loop.stop();
  stopping_ = true;
  notify_stopping();
  log_info("daemon.stopping", "stopping; a second signal stops at once");
  begin_stop();
}

void DaemonContext::reload() {
  notify_reloading();
  std::string path = config_path;
  const auto loaded = find_config(path, overrides_);
  if (!loaded) {
    log_error_lines("config.refused", loaded.error());
    log_warn("config.kept", "the running configuration stays as it is");
    return notify_ready();
  }
  config_path = path;
  const ConfigDiff diff = diff_reload(config, *loaded);
  set_log_level(config.log.level);
  if (on_reload) on_reload(diff);
  if (!diff.needs_restart.empty())
    log_warn("config.restart_needed", "changed, but need a restart: {}",
             joined(diff.needs_restart));
  log_info("config.reloaded", "configuration read again; changed: {}",
           diff.applied.empty() ? "nothing" : joined(diff.applied));
  notify_ready();
}

int daemon_main(int argc, char** argv, const DaemonSpec& spec) {
  harden_process();
  init_log(spec.program, {});
  auto line = parse_command_line(argc, argv);
  if (!line) {
    fmt::print(stderr, "{}: {}\n", spec.program, line.error().message);
    return kExitUsage;
  }
  if (line->help) {
    fmt::print("{}", help_text(spec));
    return kExitOk;
  }
  if (line->version) {
    fmt::print("{} {}\n", spec.program, DRAY_VERSION);
    return kExitOk;
  }
  return run_daemon(std::move(*line), spec);
}

}  // namespace dray
