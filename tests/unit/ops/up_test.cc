#include "ops/up_files.h"

#include "ops/demo_files.h"
#include "ops/demo_server.h"
#include "ops/doctor.h"
#include "ops/supervisor.h"
#include "ops/up_session.h"
#include "tests/support/catch.h"

using namespace dray;
using namespace dray::ops;

TEST_CASE("the pause before a restart doubles to a limit and starts over after a healthy time") {
  Backoff backoff;
  CHECK(backoff.next(seconds{0}) == milliseconds{500});
  CHECK(backoff.next(seconds{1}) == seconds{1});
  CHECK(backoff.next(seconds{1}) == seconds{2});
  for (int i = 0; i < 10; ++i)
    CHECK(backoff.next(seconds{1}) <= seconds{30});
  CHECK(backoff.next(seconds{1}) == seconds{30});
  CHECK(backoff.next(minutes{5}) == milliseconds{500});
}

TEST_CASE("sockets go to a tmpfs of the user, or below the data directory, or nowhere") {
  CHECK(choose_run_dir("/home/anna/.local/share/dray", "/run/user/1000")
            ->starts_with("/run/user/1000/dray-"));
  CHECK(*choose_run_dir("/home/anna/dray", "") == "/home/anna/dray/run");
  CHECK(*choose_run_dir("/home/anna/dray", "/" + std::string(90, 'x')) == "/home/anna/dray/run");
  const auto too_long = choose_run_dir("/" + std::string(90, 'y'), "");
  REQUIRE_FALSE(too_long);
  CHECK(too_long.error().message.find("--data-dir") != std::string::npos);
}

TEST_CASE("two data directories of one user do not share sockets") {
  CHECK(*choose_run_dir("/a", "/run/user/1") != *choose_run_dir("/b", "/run/user/1"));
}

TEST_CASE("the first configuration is one that the programs accept") {
  // A quote in a path is refused; it never stands in the file unescaped.
  CHECK_FALSE(parse_config(first_config({"/d ata\"x", "/run/x", "127.0.0.1:0", ""}), "dray.toml"));
  CHECK(parse_config(first_config({"/home/anna/dray", "/run/x", "127.0.0.1:0", "/build/web"}),
                     "dray.toml"));
}

TEST_CASE("the demo has a few hundred files with awkward names and a size that takes seconds") {
  const auto files = demo_files();
  uint64_t bytes = 0;
  for (const DemoFile& file : files)
    bytes += file.bytes;
  CHECK(files.size() > 250);
  CHECK(files.size() < 500);
  CHECK(bytes > 60'000'000);
  CHECK(bytes < 100'000'000);
  const auto holds = [&](std::string_view part) {
    return std::ranges::any_of(
        files, [&](const DemoFile& f) { return f.path.find(part) != std::string::npos; });
  };
  for (const std::string_view part : {"\n", "'", "\"", " ", "ü", "🚚", "/-", "\\"})
    CHECK(holds(part));
}

TEST_CASE("the port of a server is read from the line that says it listens") {
  CHECK(
      port_in_line("2026/11/20 08:39:04 NOTICE: Local file system at /x: WebDav Server started on "
                   "http://127.0.0.1:37995/") == "37995");
  CHECK(port_in_line("2026/11/20 NOTICE: SFTP server listening on 127.0.0.1:34435") == "34435");
  CHECK(port_in_line("connection from 127.0.0.1:5").empty());
}

TEST_CASE("lines of daemons are merged in readable form and cannot forge one another") {
  std::string level;
  CHECK(render_daemon_line("drayd",
                           R"({"time":"2026-11-20T05:47:03.123Z","level":"warn","program":"drayd",)"
                           R"("event":"job.broken","message":"job \u001b[2Jx is broken"})",
                           false, level) == "05:47:03 drayd          job \\u{1b}[2Jx is broken");
  CHECK(level == "warn");
  CHECK(render_daemon_line("drayd", "terminate called\x1b[2J", false, level).find('\x1b') ==
        std::string::npos);
}

TEST_CASE("an old rclone is a warning that names the safe version") {
  CHECK(judge_rclone("node1", "1.60.1-DEV").health == Health::warning);
  CHECK(judge_rclone("node1", "1.60.1-DEV").fix.find("1.75") != std::string::npos);
  CHECK(judge_rclone("node1", "1.75.0").health == Health::good);
  CHECK(judge_rclone("node1", "\x1b[2J").detail.find('\x1b') == std::string::npos);
}
