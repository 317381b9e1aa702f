// Commands against a scripted scheduler.
#include "daemon/base/seal.h"
#include "ops/watch.h"
#include "schemas/codec.h"
#include "schemas/job_json.h"
#include "schemas/remote_box.h"
#include "tests/support/catch.h"
#include "tests/unit/ops/fake_backend.h"
#include "tests/unit/ops/golden.h"
#include "tests/unit/ops/samples.h"
#include "workers/rclone_config.h"

using namespace dray;
using namespace dray::ops;
using namespace dray::ops::test;

namespace {

News progress_of(uint64_t id, double percent) {
  News news;
  news.kind = News::Kind::progress;
  news.progress.token = {RunId{id}, 1, 7};
  news.progress.state = RunState::running;
  news.progress.progress.phase = Phase::transferring;
  news.progress.progress.percent = percent;
  return news;
}

News event_of(uint64_t id) {
  News news;
  news.kind = News::Kind::event;
  news.event.run = RunId{id};
  return news;
}

News of_kind(News::Kind kind) {
  News news;
  news.kind = kind;
  news.text = "the broker";
  return news;
}

}  // namespace

TEST_CASE("an error is one line on standard error and the exit code of its kind") {
  FakeBackend daemon;
  daemon.fail_with("job.show", ErrorCode::not_found, "there is no job 'x'");
  const Call c = call(daemon, {"job", "show", "x"});
  CHECK(c.exit == Exit::not_found);
  CHECK(c.out.empty());
  CHECK(c.err == "dray: there is no job 'x'\n");
  const Call json = call(daemon, {"job", "show", "x", "--json"});
  CHECK(Json::parse(json.err)["error"]["exit"] == 3);
}

TEST_CASE("an error from the scheduler cannot move the terminal's cursor") {
  FakeBackend daemon;
  daemon.fail_with("job.show", ErrorCode::invalid, "bad \x1b[2J name");
  CHECK(call(daemon, {"job", "show", "x"}).err.find('\x1b') == std::string::npos);
}

TEST_CASE("an unreachable broker ends with 9") {
  FakeBackend daemon;
  daemon.fail_with("status", ErrorCode::unavailable, "nothing answers at ipc:///run/x");
  CHECK(call(daemon, {"status"}).exit == Exit::unreachable);
}

TEST_CASE("global options may stand before the command") {
  FakeBackend daemon;
  daemon.on("run.list", to_json(RunListAnswer{}));
  const Call c = call(daemon, {"--json", "runs"});
  CHECK(c.exit == Exit::ok);
  CHECK(Json::parse(c.out).contains("runs"));
}

TEST_CASE("job add sends what was typed and nothing more") {
  FakeBackend daemon;
  JobAnswer answer;
  answer.job.spec = photos_job();
  daemon.on("job.put", to_json(answer));
  const Call c = call(daemon, {"job", "add", "photos", "--from", "a:x", "--to", "b:y"});
  CHECK(c.exit == Exit::ok);
  CHECK(Json::parse(daemon.body_of("job.put")) ==
        Json::parse(R"({"name":"photos","source":"a:x","destination":"b:y","create":true})"));
}

TEST_CASE("job edit with the time zone alone keeps the rest of the schedule") {
  FakeBackend daemon;
  JobShowAnswer answer;
  answer.job.spec = photos_job();
  answer.job.spec.schedule = {.kind = ScheduleKind::daily, .at = "02:30", .cron = {}};
  daemon.on("job.show", to_json(answer));
  daemon.on("job.put", to_json(JobAnswer{answer.job}));
  CHECK(call(daemon, {"job", "edit", "photos", "--tz", "Europe/Oslo"}).exit == Exit::ok);
  const Json sent = Json::parse(daemon.body_of("job.put"));
  CHECK(sent["schedule"]["at"] == "02:30");
  CHECK(sent["schedule"]["time_zone"] == "Europe/Oslo");
  CHECK(sent["create"] == false);
  CHECK(call(daemon, {"job", "edit", "photos"}).exit == Exit::usage);
}

TEST_CASE("jobs that are exported can be imported again") {
  FakeBackend daemon;
  JobListAnswer list;
  list.jobs.resize(1);
  list.jobs[0].spec = photos_job();
  daemon.on("job.list", to_json(list));
  daemon.on("job.import", R"({"imported":1})");
  const Call exported = call(daemon, {"job", "export"});
  const Call imported = call(daemon, {"job", "import", "-"}, exported.out);
  CHECK(imported.exit == Exit::ok);
  Json sent = Json::parse(daemon.body_of("job.import"))["jobs"][0];
  CHECK(sent["create"] == true);
  sent.erase("create");
  CHECK(sent == Json::parse(to_json(list.jobs[0].spec)));
}

TEST_CASE("all jobs of an import go in one request, of which all are taken or none") {
  FakeBackend daemon;
  daemon.on("job.import", R"({"imported":2})");
  const Call c =
      call(daemon, {"job", "import", "-", "--replace"},
           R"([{"name":"a","source":"x:","destination":"y:"},{"name":"b","source":"x:"}])");
  CHECK(c.exit == Exit::ok);
  const Json sent = Json::parse(daemon.body_of("job.import"))["jobs"];
  REQUIRE(sent.size() == 2);
  CHECK(sent[1]["name"] == "b");
  CHECK_FALSE(sent[1].contains("create"));
  CHECK(call(daemon, {"job", "import", "-"}, R"(["a"])").exit == Exit::usage);
}

TEST_CASE("the preview of a job marks days of daylight saving") {
  FakeBackend daemon;
  OccurrencesAnswer answer;
  answer.occurrences = {
      {from_unix_us(1'774'746'000'000'000), "2026-03-29 03:00:00", "CEST", true, false, true}};
  daemon.on("job.next", to_json(answer));
  const Call c = call(daemon, {"job", "next", "photos", "-n", "1"});
  CHECK(c.out.find("DST") != std::string::npos);
  CHECK(c.out.find("2026-03-29 03:00:00") != std::string::npos);
}

TEST_CASE("a run that was started shows its number") {
  FakeBackend daemon;
  CHECK(call(daemon, {"run", "photos"}).out ==
        "run 42 of photos is queued; `dray watch 42` shows it\n");
  CHECK(Json::parse(call(daemon, {"run", "photos", "--json"}).out)["run"] == 42);
  daemon.enqueued = {to_wire_code(ErrorCode::conflict), "the job runs already", RunId{7}};
  const Call c = call(daemon, {"run", "photos"});
  CHECK(c.exit == Exit::conflict);
  CHECK(c.err.find("`dray watch 7`") != std::string::npos);
}

TEST_CASE("waiting ends with the outcome of the run") {
  struct Case {
    RunState state;
    int exit;
  };
  for (const Case& one : {Case{RunState::succeeded, 0}, Case{RunState::failed, 1},
                          Case{RunState::warning, 6}, Case{RunState::cancelled, 7}}) {
    FakeBackend daemon;
    daemon.on("run.show", shown(run_view(42, RunState::running)));
    daemon.news = {progress_of(42, 10), progress_of(42, 55), event_of(42)};
    daemon.on_news = [&](const News& news) {
      if (news.kind == News::Kind::event) daemon.on("run.show", shown(run_view(42, one.state)));
    };
    const Call c = call(daemon, {"run", "photos", "--wait"});
    CHECK(static_cast<int>(c.exit) == one.exit);
    CHECK(c.out.find(to_string(one.state)) != std::string::npos);
  }
}

TEST_CASE("what is shown where nothing can be redrawn is one line per change") {
  FakeBackend daemon;
  daemon.on("run.show", shown(run_view(42, RunState::running)));
  daemon.news = {progress_of(42, 10),
                 progress_of(42, 11),
                 progress_of(42, 55),
                 of_kind(News::Kind::link_lost),
                 of_kind(News::Kind::link_back),
                 event_of(42)};
  daemon.on_news = [&](const News& news) {
    if (news.kind == News::Kind::event)
      daemon.on("run.show", shown(run_view(42, RunState::succeeded)));
  };
  const Call c = call(daemon, {"watch", "42"});
  CHECK(c.out == golden("watch_lines.txt", c.out));
  CHECK(c.exit == Exit::ok);
}

TEST_CASE("Ctrl-C leaves the run alone and says so") {
  FakeBackend daemon;
  daemon.on("run.show", shown(run_view(42, RunState::running)));
  daemon.news = {of_kind(News::Kind::interrupted)};
  const Call c = call(daemon, {"run", "photos", "--wait"});
  CHECK(c.exit == Exit::timed_out);
  CHECK(c.out.find("Detached: run 42 of photos goes on. `dray watch 42`") != std::string::npos);
  CHECK(daemon.cancels.empty());
}

TEST_CASE("a time-out of the wait is no end of the run") {
  FakeBackend daemon;
  daemon.on("run.show", shown(run_view(42, RunState::running)));
  const Call c = call(daemon, {"watch", "42", "--timeout", "30s"});
  CHECK(c.exit == Exit::timed_out);
  CHECK(c.out.find("goes on") != std::string::npos);
}

TEST_CASE("a broker that goes away while a run is watched is waited for") {
  FakeBackend daemon;
  daemon.on("run.show", shown(run_view(42, RunState::running)));
  daemon.news = {of_kind(News::Kind::link_lost), of_kind(News::Kind::nothing),
                 of_kind(News::Kind::link_back)};
  daemon.on_news = [&](const News& news) {
    if (news.kind == News::Kind::link_lost)
      daemon.fail_with("run.show", ErrorCode::unavailable, "nothing answers");
    if (news.kind == News::Kind::link_back)
      daemon.on("run.show", shown(run_view(42, RunState::succeeded)));
  };
  const Call c = call(daemon, {"watch", "42"});
  CHECK(c.exit == Exit::ok);
  CHECK(c.out.find("connection to the broker lost, waiting") != std::string::npos);
}

TEST_CASE("cancel says for every run what became of the request") {
  FakeBackend daemon;
  daemon.cancel_reply.rows = {
      {RunId{1}, 0, RunState::cancelling, ""},
      {RunId{2}, to_wire_code(ErrorCode::conflict), RunState::succeeded, "it has ended: succeeded"},
      {RunId{3}, to_wire_code(ErrorCode::not_found), RunState::queued, "there is no run 3"}};
  const Call c = call(daemon, {"cancel", "1", "2", "3", "--reason", "wrong week"});
  CHECK(c.exit == Exit::not_found);
  CHECK(c.out == "run 1: is being cancelled\n");
  CHECK(c.err.find("run 2: it has ended: succeeded") != std::string::npos);
  CHECK(daemon.cancels.at(0).reason == "wrong week");
  CHECK(call(daemon, {"cancel"}).exit == Exit::usage);
  CHECK(call(daemon, {"cancel", "1", "--all"}).exit == Exit::usage);
  CHECK(call(daemon, {"cancel", "abc"}).exit == Exit::usage);
}

TEST_CASE("cancel --wait returns when the run is really cancelled") {
  FakeBackend daemon;
  daemon.cancel_reply.rows = {{RunId{1}, 0, RunState::cancelling, ""}};
  daemon.on("run.show", shown(run_view(1, RunState::cancelling)));
  daemon.news = {event_of(1)};
  daemon.on_news = [&](const News&) {
    daemon.on("run.show", shown(run_view(1, RunState::cancelled)));
  };
  const Call c = call(daemon, {"cancel", "1", "--wait"});
  CHECK(c.exit == Exit::ok);
  CHECK(daemon.news.empty());
  CHECK(c.out.find("run 1: cancelled") != std::string::npos);
}

TEST_CASE("a remote's settings leave this program sealed") {
  FakeBackend daemon;
  const SealingKeyPair keys = generate_sealing_keypair();
  daemon.on("seal.key", to_json(SealKeyAnswer{format_sealing_key(keys.public_key),
                                              fingerprint(keys.public_key)}));
  daemon.on("remote.list", to_json(RemoteListAnswer{}));
  daemon.on("remote.put", "{}");
  const Call c = call(daemon, {"remote", "import", "-"},
                      "[dav]\ntype = webdav\nurl = http://x\npass = canary-7391\n");
  INFO(c.err << c.out);
  CHECK(c.exit == Exit::ok);
  const std::string body = daemon.body_of("remote.put");
  CHECK(body.find("canary") == std::string::npos);
  const JsonDocument document = *JsonDocument::parse(body);
  const auto sealed = remote_from_json(document.root());
  REQUIRE(sealed);
  CHECK(sealed->version == 1);
  const auto opened = open_sealed(keys, seal_context(*sealed), sealed->sealed);
  REQUIRE(opened);
  CHECK(from_json<RemoteSettings>(opened->reveal())->at("pass") == "canary-7391");
}

TEST_CASE("a worker that was just started is given a moment to tell its key") {
  FakeBackend daemon;
  const SealingKeyPair keys = generate_sealing_keypair();
  int asked = 0;
  daemon.on("seal.key", [&](const std::string&) -> Result<std::string> {
    if (++asked < 4) return fail(ErrorCode::unavailable, "no worker has connected yet");
    return to_json(SealKeyAnswer{format_sealing_key(keys.public_key), ""});
  });
  daemon.on("remote.list", to_json(RemoteListAnswer{}));
  daemon.on("remote.put", "{}");
  CHECK(call(daemon, {"remote", "import", "-"}, "[a]\ntype = local\n").exit == Exit::ok);
  daemon.fail_with("seal.key", ErrorCode::unavailable, "no worker has connected yet");
  CHECK(call(daemon, {"remote", "import", "-"}, "[a]\ntype = local\n").exit == Exit::unreachable);
}

TEST_CASE("an import says what was refused and ends with warnings") {
  FakeBackend daemon;
  const SealingKeyPair keys = generate_sealing_keypair();
  daemon.on("seal.key", to_json(SealKeyAnswer{format_sealing_key(keys.public_key), ""}));
  daemon.on("remote.list", to_json(RemoteListAnswer{}));
  daemon.on("remote.put", "{}");
  const Call c = call(daemon, {"remote", "import", "-"},
                      "[my drive]\ntype = drive\n[a]\ntype = alias\nremote = /srv\n");
  CHECK(c.exit == Exit::warnings);
  CHECK(c.out == golden("remote_import.txt", c.out));
}
