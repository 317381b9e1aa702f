// What follows from the states that jobs have, with a real store and shell.
#include "daemon/scheduler/upkeep.h"

#include "schemas/report.h"
#include "tests/unit/scheduler/verbs_rig.h"

namespace dray {
namespace {

struct UpkeepRig : ShellRig {
  UpkeepRig() { ready(); }

  void put_job(const std::string& policy, const std::string& name = "photos",
               const std::string& destination = "dst:b") {
    const Response response =
        ask("job.put", fmt::format(R"({{"name":"{}","source":"src:a","destination":"{}",{}}})",
                                   name, destination, policy));
    INFO(response.message);
    REQUIRE(response.code == 0);
  }
  Enqueued enqueue(const std::string& task = "", const std::string& job = "photos") {
    posted.clear();
    Enqueue request;
    request.job = job;
    request.task = task;
    shell->enqueue(request, {{50}, next_id++, "dray@host"}, Role::ops, now);
    shell->finish_turn(now);
    REQUIRE(sent<Enqueued>().size() == 1);
    return sent<Enqueued>().front();
  }
  // The run that is offered, accepted.
  Assign accept() {
    const auto assigns = sent<Assign>();
    REQUIRE(assigns.size() == 1);
    const Assign assign = assigns.front();
    posted.clear();
    shell->handle(scheduler::WorkerAccept{{7}, assign.token}, now);
    shell->finish_turn(now);
    return assign;
  }
  void end(const Token& token, const AttemptReport& report, Outcome outcome = Outcome::succeeded) {
    AttemptResult result;
    result.token = token;
    result.outcome = outcome;
    result.report = to_json(report);
    posted.clear();
    shell->handle(scheduler::WorkerResult{{7}, result}, now);
    shell->finish_turn(now);
    now.mono += hours{24};
    now.wall += hours{24};
  }
  // A backup from asking to its end.
  RunId backup(Outcome outcome = Outcome::succeeded, Grade grade = Grade::size) {
    enqueue();
    const Assign assign = accept();
    AttemptReport report;
    VersionRef version;
    version.manifest = fmt::format("manifests/{}", assign.token.run);
    version.digest = fmt::format("{}", assign.token.run);
    version.destination = "dst:b";
    report.version = {version};
    ValidationReport validation;
    validation.grade = grade;
    report.validation = {validation};
    end(assign.token, report, outcome);
    return assign.token.run;
  }
  store::Versions versions() { return store::Versions(store->db()); }
  VersionState state(RunId run) { return versions().find(run).value().value().state; }
};

RunTask task_of(const Assign& assign) {
  return from_json<RunTask>(assign.spec.task, {.unknown_keys = true}).value();
}

TEST_CASE("a good run that is one too many is followed by a prune, exactly one") {
  UpkeepRig rig;
  rig.put_job(R"("retention":{"keep_last_n":2})");
  const RunId first = rig.backup();
  const RunId second = rig.backup();
  CHECK(rig.sent<Assign>().empty());
  const RunId third = rig.backup();
  const Assign prune = rig.accept();
  CHECK(prune.spec.kind == JobKind::prune);
  CHECK(prune.spec.destination == Endpoint{"dst", "b"});
  const PruneTask task = task_of(prune).prune;
  REQUIRE(task.remove.size() == 1);
  CHECK(task.remove.front().run == first);
  REQUIRE(task.keep.size() == 2);
  CHECK(task.keep.front().run == third);
  CHECK(task.keep.back().run == second);
  CHECK(rig.state(first) == VersionState::pruning);

  AttemptReport report;
  report.deleted = {{second, "versions/000000000002", 3, 99}};
  rig.end(prune.token, report);
  CHECK(rig.state(first) == VersionState::pruned);
  CHECK(rig.state(second) == VersionState::kept);
  const auto deletions = rig.versions().deletions(second, 10).value();
  REQUIRE(deletions.size() == 1);
  CHECK(deletions.front().run == prune.token.run);
  CHECK(deletions.front().bytes == 99);
}

TEST_CASE("a run that is not proven well enough prunes nothing and does not count") {
  UpkeepRig rig;
  rig.put_job(R"("retention":{"keep_last_n":1})");
  const RunId good = rig.backup();
  for (const auto& [outcome, grade] :
       {std::pair{Outcome::succeeded, Grade::failed}, std::pair{Outcome::succeeded, Grade::partial},
        std::pair{Outcome::warning, Grade::hash}}) {
    rig.backup(outcome, grade);
    CHECK(rig.sent<Assign>().empty());
  }
  CHECK(rig.state(good) == VersionState::kept);
  rig.backup();
  CHECK(task_of(rig.accept()).prune.remove.size() == 4);
}

TEST_CASE("a prune that failed is made good by the next good run") {
  UpkeepRig rig;
  rig.put_job(R"("retention":{"keep_last_n":1},"retry":{"max_attempts":1})");
  const RunId first = rig.backup();
  rig.backup();
  rig.end(rig.accept().token, {}, Outcome::failed);
  CHECK(rig.state(first) == VersionState::pruning);
  rig.backup();
  CHECK(task_of(rig.accept()).prune.remove.size() == 2);
}

TEST_CASE("a prune survives the scheduler and ends what it began") {
  UpkeepRig rig;
  rig.put_job(R"("retention":{"keep_last_n":1})");
  const RunId first = rig.backup();
  rig.backup();
  rig.restart();
  CHECK(rig.state(first) == VersionState::pruning);
  rig.worker_says_hello();
  const Assign prune = rig.accept();
  CHECK(prune.spec.kind == JobKind::prune);
  rig.end(prune.token, {}, Outcome::nothing_to_do);
  CHECK(rig.state(first) == VersionState::pruned);
}

TEST_CASE("a prune that waits does not keep the next backup from its turn") {
  UpkeepRig rig;
  rig.put_job(R"("retention":{"keep_last_n":1})");
  rig.backup();
  rig.backup();
  rig.accept();
  const Enqueued next = rig.enqueue();
  CHECK(next.code == 0);
  // It waits until the prune has ended.
  CHECK(rig.sent<Assign>().empty());
}

TEST_CASE("a pinned state is not removed, and what is being removed cannot be pinned") {
  UpkeepRig rig;
  rig.put_job(R"("retention":{"keep_last_n":1})");
  const RunId first = rig.backup();
  CHECK(rig.ask("version.pin", fmt::format(R"({{"run":{},"reason":"mine"}})", first)).code == 0);
  const RunId second = rig.backup();
  CHECK(rig.sent<Assign>().empty());
  CHECK(rig.text("retention.preview", R"({"job":"photos"})").contains("pinned: mine"));
  rig.backup();
  const PruneTask task = task_of(rig.accept()).prune;
  REQUIRE(task.remove.size() == 1);
  CHECK(task.remove.front().run == second);
  const std::string refused = rig.text("version.pin", fmt::format(R"({{"run":{}}})", second));
  CHECK(refused.starts_with("conflict: "));
  CHECK(rig.text("version.pin", R"({"run":4711})").starts_with("not_found: "));
}

TEST_CASE("every run is told of the newest kept state") {
  UpkeepRig rig;
  rig.put_job(R"("retention":{})");
  rig.enqueue();
  const Assign first = rig.accept();
  CHECK(first.spec.task.empty());
  rig.end(first.token, {}, Outcome::failed);
  const RunId kept = rig.backup();
  rig.enqueue();
  const std::vector<VersionRef> previous = task_of(rig.accept()).previous;
  REQUIRE(previous.size() == 1);
  CHECK(previous.front().run == kept);
  CHECK(previous.front().digest == fmt::format("{}", kept));
}

TEST_CASE("a restore is a run of its own with the state that was asked for") {
  UpkeepRig rig;
  rig.put_job(R"("retention":{})");
  rig.add_remote("other");
  const RunId first = rig.backup();
  const WallTime between = rig.now.wall;
  rig.now.wall += hours{1};
  const RunId second = rig.backup();
  const auto restored = [&](const std::string& version) {
    const Enqueued answer = rig.enqueue(
        fmt::format(R"({{"restore":{{"destination":"other:back","pattern":"x",{}}}}})", version));
    INFO(answer.message);
    REQUIRE(answer.code == 0);
    const Assign assign = rig.accept();
    CHECK(assign.spec.kind == JobKind::restore);
    CHECK(assign.spec.remotes.size() == 3);
    const RestoreTask task = task_of(assign).restore;
    CHECK(task.destination == "other:back");
    CHECK(task.pattern == "x");
    rig.end(assign.token, {});
    return task.version.run;
  };
  CHECK(restored(R"("version":{"run":0})") == second);
  CHECK(restored(fmt::format(R"("version":{{"run":{}}})", first)) == first);
  CHECK(restored(fmt::format(R"("version":{{"run":0,"at":"{}"}})", format_rfc3339(between))) ==
        first);
  // It says nothing about the health of the job.
  const auto job = rig.jobs().find("photos").value();
  CHECK(job->last_run == second);
}

TEST_CASE("a restore that makes no sense is refused with the reason") {
  UpkeepRig rig;
  rig.put_job(R"("layout":"mirror")", "plain", "dst:c");
  rig.put_job(R"("retention":{})", "photos2");
  struct Row {
    std::string job;
    std::string restore;
    std::string why;
  };
  const Row rows[] = {
      {"photos2", R"("destination":"src:x")", "no good run yet"},
      {"photos2", R"("destination":"nowhere:x")", "'nowhere'"},
      {"photos2", R"("destination":"dst:b/inside")", "writes to this place"},
      {"photos2", R"("destination":"x")", "must be a remote and a path"},
      {"photos2", R"("pattern":"x")", "needs a place to restore to"},
      {"plain", R"("destination":"src:x","version":{"run":1})", "only its newest state"},
      {"gone", R"("destination":"src:x")", "no job"},
  };
  for (const Row& row : rows) {
    const Enqueued answer =
        rig.enqueue(fmt::format(R"({{"restore":{{{}}}}})", row.restore), row.job);
    CHECK(answer.code != 0);
    CHECK_THAT(answer.message, Catch::Contains(row.why));
  }
}

TEST_CASE("a drill follows a good run when it is due") {
  UpkeepRig rig;
  rig.put_job(R"("restore_drill":"weekly")");
  const RunId first = rig.backup();
  const Assign drill = rig.accept();
  CHECK(drill.spec.kind == JobKind::restore);
  const RestoreTask task = task_of(drill).restore;
  CHECK(task.drill);
  CHECK(task.version.run == first);
  rig.end(drill.token, {});
  int runs = 0;
  for (; rig.sent<Assign>().empty() && runs < 20; ++runs)
    rig.backup();
  CHECK(runs == 6);  // and the drill took a day
}

TEST_CASE("a drill of an archive reads all of it, one of a mirror what lies there") {
  UpkeepRig rig;
  SECTION("an archive") {
    rig.put_job(R"("kind":"archive","restore_drill":"daily")");
    rig.enqueue();
    AttemptReport report;
    VersionRef version;
    version.archive = "photos/x.tar.zst";
    version.volumes = 2;
    version.destination = "dst:b";
    report.version = {version};
    rig.end(rig.accept().token, report);
    const RestoreTask task = task_of(rig.accept()).restore;
    CHECK(task.drill);
    CHECK(task.version.archive == "photos/x.tar.zst");
    CHECK(task.sample_percent == 0);
  }
  SECTION("a mirror") {
    rig.put_job(R"("layout":"mirror","restore_drill":"daily")");
    rig.enqueue();
    rig.end(rig.accept().token, {});
    const Assign drill = rig.accept();
    CHECK(drill.spec.destination == Endpoint{"dst", "b"});
    const RestoreTask task = task_of(drill).restore;
    CHECK(task.drill);
    CHECK_FALSE(task.version.run);
    CHECK(task.sample_percent == store::kDrillPercent);
  }
  SECTION("a mirror that failed, or wants none") {
    rig.put_job(R"("layout":"mirror","restore_drill":"daily","retry":{"max_attempts":1})");
    rig.enqueue();
    rig.end(rig.accept().token, {}, Outcome::failed);
    CHECK(rig.sent<Assign>().empty());
    rig.put_job(R"("layout":"mirror")", "other", "dst:c");
    rig.enqueue("", "other");
    rig.end(rig.accept().token, {});
    CHECK(rig.sent<Assign>().empty());
  }
}

}  // namespace
}  // namespace dray
