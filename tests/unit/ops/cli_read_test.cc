// Commands that only read, against a scripted scheduler.
#include "tests/support/catch.h"
#include "tests/unit/ops/fake_backend.h"
#include "tests/unit/ops/golden.h"
#include "tests/unit/ops/samples.h"

using namespace dray;
using namespace dray::ops;
using namespace dray::ops::test;

TEST_CASE("runs are listed in a table that fits") {
  FakeBackend daemon;
  RunListAnswer answer;
  answer.runs = {run_view(43, RunState::queued), run_view(42, RunState::failed)};
  answer.runs[0].queued_at = from_unix_us(1);
  answer.runs[1].hint = "The login was refused: check user and password of the remote 'nas'.";
  daemon.on("run.list", to_json(answer));
  const Call c = call(daemon, {"runs", "--state", "failed", "--limit", "2"}, "", 80);
  CHECK(c.out.find("photos") != std::string::npos);
  CHECK(c.out.find("…") != std::string::npos);
  CHECK(Json::parse(daemon.body_of("run.list")) == Json::parse(R"({"limit":2,"state":"failed"})"));
  CHECK(call(daemon, {"runs", "--since", "yesterday"}).exit == Exit::usage);
}

TEST_CASE("a run that is under way shows how far it is, not what its last attempt did") {
  struct Row {
    RunState state;
    bool pictured;
    const char* done;
  };
  const Row rows[] = {
      {RunState::running, true,
       "37.5 %  transferring  1.00 GiB of at least 2.00 GiB  8.00 MiB/s  ETA 2m 08s  files 12 of "
       "at "
       "least 40"},
      {RunState::running, false, "nothing heard of its transfer yet"},
      {RunState::succeeded, true, "1.21 GiB in 300 files, 0 compared, 0 deleted, 0 errors"},
      {RunState::queued, false, nullptr},
  };
  for (const Row& row : rows) {
    INFO(to_string(row.state));
    RunView run = run_view(42, row.state);
    Progress progress;
    progress.phase = Phase::transferring;
    progress.percent = 37.5;
    progress.bytes_done = 1 << 30;
    progress.bytes_total = int64_t{2} << 30;
    progress.files_done = 12;
    progress.files_total = 40;
    progress.bytes_per_second = 8 << 20;
    progress.eta_seconds = 128;
    if (row.pictured) run.progress = progress;
    FakeBackend daemon;
    daemon.on("run.show", shown(run));
    const std::string out = call(daemon, {"runs", "show", "42"}, "", 200).out;
    INFO(out);
    if (row.done == nullptr)
      CHECK(out.find("done:") == std::string::npos);
    else
      CHECK(out.find(row.done) != std::string::npos);
  }
}

TEST_CASE("events are read without gaps and newest last") {
  FakeBackend daemon;
  daemon.on("event.list", [](const std::string& body) -> Result<std::string> {
    const Json asked = Json::parse(body);
    EventListAnswer answer;
    answer.last_sequence = 1200;
    for (uint64_t i = asked["since"].get<uint64_t>() + 1;
         i <= 1200 && answer.events.size() < asked["limit"].get<size_t>(); ++i)
      answer.events.push_back({i, {}, "run.queued", "default", "photos", RunId{i}, {"{}"}});
    return to_json(answer);
  });
  const Call all = call(daemon, {"events", "--since", "0", "--json"});
  CHECK(Json::parse(all.out)["events"].size() == 1200);
  const Call tail = call(daemon, {"events", "--limit", "3"});
  CHECK(std::count(tail.out.begin(), tail.out.end(), '\n') == 3);
}

TEST_CASE("a log that its worker cannot give is replaced by the excerpt") {
  FakeBackend daemon;
  daemon.fail_with("run.log", ErrorCode::unavailable, "worker node1 is not connected");
  RunShowAnswer answer;
  answer.attempts.resize(1);
  answer.attempts[0].log_excerpt = "2026/11/20 05:54:38 Failed to sync: no route\n";
  daemon.on("run.show", to_json(answer));
  const Call c = call(daemon, {"logs", "42"});
  CHECK(c.exit == Exit::ok);
  CHECK(c.out.find("Failed to sync: no route") != std::string::npos);
  CHECK(c.err.find("node1") != std::string::npos);
}

TEST_CASE("settings keep the type that they look like") {
  FakeBackend daemon;
  daemon.on("settings.set", "{}");
  call(daemon, {"settings", "set", "queue_paused", "true"});
  CHECK(Json::parse(daemon.body_of("settings.set"))["value"] == true);
  call(daemon, {"settings", "set", "global_max_concurrent_jobs", "8"});
  CHECK(Json::parse(daemon.body_of("settings.set"))["value"] == 8);
  call(daemon, {"settings", "set", "reason", "by hand"});
  CHECK(Json::parse(daemon.body_of("settings.set"))["value"] == "by hand");
}
