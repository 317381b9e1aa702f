#include "daemon/base/config.h"

#include "daemon/base/config_checks.h"
#include "daemon/base/files.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"

namespace dray {
namespace {

std::string error_of(std::string_view text, const ConfigOverrides& overrides = {}) {
  const auto config = parse_config(text, "/etc/dray/dray.toml", overrides);
  if (config) return "accepted";
  CHECK(config.error().code == ErrorCode::invalid);
  return config.error().message;
}

TEST_CASE("an empty file gives the defaults, with their paths filled in") {
  const auto config = parse_config("", "test");
  REQUIRE(config);
  CHECK(config->log.level == LogLevel::info);
  CHECK(config->paths.data_dir == "/var/lib/dray");
  CHECK(config->scheduler.database == "/var/lib/dray/scheduler/dray.db");
  CHECK(config->scheduler.lease == std::chrono::minutes{10});
  CHECK(config->worker.slots == 2);
  CHECK(config->worker.log_max_size == 64 << 20);
  CHECK(config->worker.broker == "ipc:///run/dray/broker/worker/requests.sock");
  CHECK(config->worker.broker == ipc_endpoints(*config).worker);
  CHECK(config->worker.progress == ipc_endpoints(*config).progress);
  CHECK(config->cli.broker == ipc_endpoints(*config).ops);
  CHECK(config->cli.events == ipc_endpoints(*config).ops_events);
  CHECK_FALSE(config->worker.name.empty());
  CHECK(config->worker.local_roots.empty());
}

TEST_CASE("paths built on a setting follow it") {
  const auto config =
      parse_config("[paths]\ndata_dir = \"/srv/d\"\nrun_dir = \"/srv/r\"\n", "test");
  REQUIRE(config);
  CHECK(config->scheduler.database == "/srv/d/scheduler/dray.db");
  CHECK(config->worker.work_dir == "/srv/r/worker");
  CHECK(config->cli.broker == "ipc:///srv/r/broker/ops/requests.sock");
}

TEST_CASE("every refusal names the place, the problem and what is allowed") {
  const struct {
    std::string_view text, message;
  } rows[] = {
      {"[worker]\nslots = 0", "/etc/dray/dray.toml:2: worker.slots must be 1 to 256, got 0"},
      {"[worker]\nslots = -1", "/etc/dray/dray.toml:2: worker.slots must be 1 to 256, got -1"},
      {"[worker]\nslots = \"2\"", "/etc/dray/dray.toml:2: worker.slots must be 1 to 256, got '2'"},
      {"[worker]\nslots = 2.0", "/etc/dray/dray.toml:2: worker.slots must be 1 to 256, got 2"},
      {"\n\n[worker]\nslot = 2",
       "/etc/dray/dray.toml:4: unknown key 'slot' in [worker]; did you mean slots?"},
      {"[log]\ncolour = true",
       "/etc/dray/dray.toml:2: unknown key 'colour' in [log]; allowed: level, format"},
      {"[workr]\nslots = 2",
       "/etc/dray/dray.toml:1: unknown section [workr]; did you mean worker?"},
      {"slots = 2", "/etc/dray/dray.toml:1: key 'slots' stands outside of a section"},
      {"worker = 2", "/etc/dray/dray.toml:1: worker must be a section: [worker]"},
      {"[log]\nlevel = \"loud\"",
       "/etc/dray/dray.toml:2: log.level must be one of trace, debug, info, warn, error, got "
       "'loud'"},
      {"[scheduler]\nlease = \"10\"",
       "/etc/dray/dray.toml:2: scheduler.lease must be a duration from 10s to 1d, like \"90s\" or "
       "\"10m\", got '10'"},
      {"[scheduler]\nlease = 600",
       "/etc/dray/dray.toml:2: scheduler.lease must be a duration from 10s to 1d, like \"90s\" or "
       "\"10m\", got 600"},
      {"[scheduler]\nlease = \"10500ms\"",
       "/etc/dray/dray.toml:2: scheduler.lease must be a duration from 10s to 1d, like \"90s\" or "
       "\"10m\", got '10500ms'"},
      {"[worker]\nlog_max_size = \"64MB\"",
       "/etc/dray/dray.toml:2: worker.log_max_size must be a size from 1M to 64G, like \"64M\", "
       "got "
       "'64MB'"},
      {"[paths]\ndata_dir = \"data\"",
       "/etc/dray/dray.toml:2: paths.data_dir must be an absolute path without '//', '.', '..' or "
       "a "
       "slash at the end, got 'data'"},
      {"[worker]\nlocal_roots = [\"/srv\", \"../etc\"]",
       "/etc/dray/dray.toml:2: worker.local_roots every item must be an absolute path without "
       "'//', '.', '..' or a slash at the end, got '../etc'"},
      {"[worker]\nlocal_roots = \"/srv\"",
       "/etc/dray/dray.toml:2: worker.local_roots must be a list like [\"a\", \"b\"], got '/srv'"},
      {"[worker]\nbroker = \"tcp://host:1\"\nprogress = \"tcp://host:2\"",
       "/etc/dray/dray.toml: worker.server_key must be set when worker.broker is tcp://"},
  };
  for (const auto& row : rows)
    CHECK(error_of(row.text) == row.message);
}

TEST_CASE("all problems are reported, in the order of the file") {
  CHECK(error_of("[worker]\nslots = 0\nslot = 1\n[log]\nlevel = 3\n") ==
        "/etc/dray/dray.toml:2: worker.slots must be 1 to 256, got 0\n"
        "/etc/dray/dray.toml:3: unknown key 'slot' in [worker]; did you mean slots?\n"
        "/etc/dray/dray.toml:5: log.level must be one of trace, debug, info, warn, error, got 3");
}

TEST_CASE("broken TOML is refused with its line") {
  CHECK(error_of("[worker]\nslots = = 2").starts_with("/etc/dray/dray.toml:2: "));
  CHECK(error_of("[worker]\nslots = 1\nslots = 2").starts_with("/etc/dray/dray.toml:3: "));
  CHECK(error_of("\xff\xfe").starts_with("/etc/dray/dray.toml:1: "));
}

TEST_CASE("letters of all alphabets where TOML wants none are mistakes in the text") {
  for (const std::string_view letter : {"\u00e9", "\u3001", "\u1681", "\u2070", "\uf900"})
    CHECK(error_of(fmt::format("{} = 1\n", letter)).starts_with("/etc/dray/dray.toml:1: "));
}

TEST_CASE("an error shows hostile text on one line of its own") {
  const std::string message = error_of("[worker]\nname = \"a\\nb\\u001b[2J\"");
  CHECK(message.find('\n') == std::string::npos);
  CHECK(message.find('\x1b') == std::string::npos);
}

TEST_CASE("a path that only becomes too long in a default is an error, not a crash") {
  const std::string deep = "/" + std::string(4090, 'd');
  CHECK(error_of("[paths]\ndata_dir = \"" + deep + "\"").find("must be an absolute path") !=
        std::string::npos);
}

TEST_CASE("settings of the command line are stronger than the file") {
  const auto config = parse_config(
      "[worker]\nslots = 1\n", "test",
      {"worker.slots=4", "worker.name=w=1", "log.level=debug", "worker.local_roots=[\"/srv\"]"});
  CHECK_FALSE(config);  // "w=1" is no name
  const auto good = parse_config("[worker]\nslots = 1\n", "test",
                                 {"worker.slots=4", "worker.name=w1", "log.level=debug",
                                  "worker.local_roots=[\"/srv\"]", "paths.data_dir=/d"});
  REQUIRE(good);
  CHECK(good->worker.slots == 4);
  CHECK(good->worker.name == "w1");
  CHECK(good->log.level == LogLevel::debug);
  CHECK(good->worker.local_roots == std::vector<std::string>{"/srv"});
  CHECK(good->scheduler.database == "/d/scheduler/dray.db");
}

TEST_CASE("a wrong setting of the command line is named as typed") {
  const struct {
    std::string setting, message;
  } rows[] = {
      {"worker.slots=0", "--set worker.slots=0: worker.slots must be 1 to 256, got 0"},
      {"worker.slots", "--set worker.slots: must look like SECTION.KEY=VALUE"},
      {"slots=1", "--set slots=1: must look like SECTION.KEY=VALUE"},
      {"worker.slot=1", "--set worker.slot=1: unknown key; did you mean slots?"},
      {"workr.slots=1", "--set workr.slots=1: unknown section; did you mean worker?"},
  };
  for (const auto& row : rows)
    CHECK(error_of("", {row.setting}) == row.message);
  CHECK(error_of("", {"worker.slots=]"}).starts_with("--set worker.slots=]: ']' is not a value"));
}

TEST_CASE("what show prints is read back as the same configuration") {
  const auto config = parse_config(
      "[worker]\nname = \"w1\"\nslots = 7\nlocal_roots = [\"/srv/a \\\"b\\\"\"]\n[log]\nformat = "
      "\"json\"\n",
      "test");
  REQUIRE(config);
  const std::string shown = show_config(*config, false);
  const auto again = parse_config(shown, "shown");
  REQUIRE(again);
  CHECK(show_config(*again, false) == shown);
  CHECK(again->worker.slots == 7);
  CHECK(again->worker.local_roots == config->worker.local_roots);
}

TEST_CASE("the defaults are a valid file that changes nothing") {
  const std::string text = show_config(Config{}, true);
  CHECK(text.find("# slots = 2\n") != std::string::npos);
  CHECK(text.find("# database = \"{data_dir}/scheduler/dray.db\"\n") != std::string::npos);
  const auto config = parse_config(text, "defaults");
  REQUIRE(config);
  CHECK(show_config(*config, false) == show_config(*parse_config("", "none"), false));
}

TEST_CASE("a reload takes what can change and names what cannot") {
  Config running = *parse_config("", "test");
  const Config loaded = *parse_config(
      "[log]\nlevel = \"debug\"\n[worker]\nslots = 9\nstop_grace = \"20s\"\n", "test");
  const ConfigDiff diff = diff_reload(running, loaded);
  CHECK(diff.applied == std::vector<std::string>{"log.level", "worker.stop_grace"});
  CHECK(diff.needs_restart == std::vector<std::string>{"worker.slots"});
  CHECK(running.log.level == LogLevel::debug);
  CHECK(running.worker.stop_grace == std::chrono::seconds{20});
  CHECK(running.worker.slots == 2);
  CHECK(diff_reload(running, running).applied.empty());
}

TEST_CASE("a section in a section is read, refused and shown like the others") {
  const auto config =
      parse_config("[destination.default]\nremote = \"store\"\npath = \"a/b\"\n", "f");
  REQUIRE(config);
  CHECK(config->default_destination.remote == "store");
  CHECK(config->default_destination.path == "a/b");
  const auto over = parse_config("", "f", {"destination.default.remote=other"});
  REQUIRE(over);
  CHECK(over->default_destination.remote == "other");
  CHECK(parse_config(show_config(*config, false), "f")->default_destination.path == "a/b");
  for (const char* wrong :
       {"[destination]\nremote = \"x\"\n", "[destination.other]\nremote = \"x\"\n",
        "[destination.default]\nremoet = \"x\"\n", "[destination.default]\npath = \"a/../b\"\n",
        "[destination.default]\nremote = \"a:b\"\n"}) {
    INFO(wrong);
    CHECK_FALSE(parse_config(wrong, "f"));
  }
}

TEST_CASE("a file that is absent, too large or no file is refused") {
  const TempDir dir;
  CHECK(load_config(dir / "none.toml").error().code == ErrorCode::not_found);
  CHECK(load_config(dir.path()).error().code == ErrorCode::invalid);
  REQUIRE(write_file_atomic(dir / "big.toml", std::string((1 << 20) + 1, '#')));
  CHECK(load_config(dir / "big.toml").error().code == ErrorCode::exhausted);
  REQUIRE(write_file_atomic(dir / "good.toml", "[worker]\nslots = 3\n"));
  CHECK(load_config(dir / "good.toml")->worker.slots == 3);
}

TEST_CASE("endpoints, names and flags are checked in their shape") {
  namespace check = config_checks;
  const struct {
    std::string (*check)(std::string_view);
    std::string_view text;
    bool good;
  } rows[] = {
      {check::tcp_endpoint, "tcp://0.0.0.0:7311", true},
      {check::tcp_endpoint, "tcp://[::1]:7311", true},
      {check::tcp_endpoint, "tcp://*:7311", true},
      {check::tcp_endpoint, "tcp://host.example:65535", true},
      {check::tcp_endpoint, "tcp://host:0", false},
      {check::tcp_endpoint, "tcp://host:65536", false},
      {check::tcp_endpoint, "tcp://host", false},
      {check::tcp_endpoint, "tcp://:1", false},
      {check::tcp_endpoint, "tcp://a b:1", false},
      {check::tcp_endpoint, "ipc:///run/x", false},
      {check::endpoint, "ipc:///run/x.sock", true},
      {check::endpoint, "ipc://run/x.sock", false},
      {check::endpoint, "http://host:1", false},
      {check::peer_name, "vps-1.example", true},
      {check::peer_name, "-vps", false},
      {check::peer_name, "a/b", false},
      {check::peer_name, "", false},
      {check::long_flag, "--fast-list", true},
      {check::long_flag, "-v", false},
      {check::long_flag, "--", false},
      {check::long_flag, "--a=b", false},
      {check::program, "rclone", true},
      {check::program, "/usr/bin/rclone", true},
      {check::program, "bin/rclone", false},
      {check::program, "-x", false},
      {check::time_zone, "Europe/Berlin", true},
      {check::time_zone, "../etc/passwd", false},
      {check::path, "/", true},
      {check::path, "/a//b", false},
      {check::path, "/a/../b", false},
      {check::path, "/a/", false},
      {check::run_dir, "/run/dray", true},
  };
  for (const auto& row : rows) {
    INFO(row.text);
    CHECK(row.check(row.text).empty() == row.good);
  }
  CHECK_FALSE(check::run_dir("/" + std::string(76, 'r')).empty());
  CHECK(check::run_dir("/" + std::string(75, 'r')).empty());
}

TEST_CASE("programs that jobs may run are read, shown and read back") {
  constexpr std::string_view kText = R"(
[hooks.snapshot]
program = "/usr/local/bin/snapshot"
arguments = ["--quick", "a \"quoted\" word"]
timeout = "2m"
description = "Takes a snapshot"
sandbox = false
[commands.mailbox]
program = "/usr/local/bin/mailbox"
arguments = ["--user={user}"]
readable = ["/etc/mail"]
writable = ["/srv/mail", "/srv/index"]
[commands.mailbox.settings]
user = "[a-z]{1,40}"
)";
  const auto config = parse_config(kText, "test");
  REQUIRE(config);
  const AllowedProgram& hook = config->worker.hooks.at("snapshot");
  CHECK(hook.program == "/usr/local/bin/snapshot");
  CHECK(hook.arguments == std::vector<std::string>{"--quick", "a \"quoted\" word"});
  CHECK(hook.timeout == std::chrono::minutes{2});
  CHECK_FALSE(hook.sandbox);
  const AllowedProgram& command = config->worker.commands.at("mailbox");
  CHECK(command.settings.at("user") == "[a-z]{1,40}");
  CHECK(command.sandbox);
  CHECK(command.readable == std::vector<std::string>{"/etc/mail"});
  CHECK(command.writable == std::vector<std::string>{"/srv/mail", "/srv/index"});
  const auto again = parse_config(show_config(*config, false), "shown");
  REQUIRE(again);
  CHECK(again->worker.hooks == config->worker.hooks);
  CHECK(again->worker.commands == config->worker.commands);
  Config running = *parse_config("", "test");
  CHECK(diff_reload(running, *config).needs_restart ==
        std::vector<std::string>{"hooks", "commands"});
}

TEST_CASE("a program that cannot be meant is refused with its place") {
  const struct {
    std::string_view text, message;
  } rows[] = {
      {"[hooks.x]\n", "[hooks.x]: program is missing"},
      {"[hooks.x]\nprogram = \"snapshot\"", "[hooks.x]: program must be"},
      {"[hooks.x]\nprogram = \"/a\"\ntimeout = \"0s\"", "timeout must be a duration"},
      {"[hooks.x]\nprogram = \"/a\"\nargument = 1",
       "unknown key argument in [hooks.x]; allowed: program, arguments, timeout, description, "
       "sandbox, readable, writable"},
      {"[commands.x]\nprogram = \"/a\"\ntimeout = \"1s\"", "unknown key timeout in [commands.x]"},
      {"[hooks.x]\nprogram = \"/a\"\nsandbox = \"no\"", "sandbox must be true or false"},
      {"[hooks.x]\nprogram = \"/a\"\nreadable = [\"etc\"]", "each of readable must be"},
      {"[hooks.x]\nprogram = \"/a\"\narguments = [\"{y}\"]", "hooks take no settings"},
      {"[hooks.\"a b\"]\nprogram = \"/a\"", "[hooks.a b]: the name must be"},
      {"[commands.x]\nprogram = \"/a\"\narguments = [\"{y}\"]", "{y} has no pattern"},
      {"[commands.x]\nprogram = \"/a\"\n[commands.x.settings]\ny = \"[\"",
       "y must be a regular expression"},
      {"hooks = 3", "hooks must be sections"},
      {"[hooks]\nx = 3", "[hooks.x] must be a section"},
  };
  for (const auto& row : rows) {
    INFO(row.text);
    CHECK_THAT(error_of(row.text), Catch::Contains(std::string(row.message)));
  }
}

}  // namespace
}  // namespace dray
