#include "daemon/scheduler/verbs.h"

#include <set>

#include "tests/unit/scheduler/verbs_rig.h"

namespace dray {
namespace {

TEST_CASE("Every verb has a handler and every handler a verb") {
  std::set<std::string_view> handled;
  for (const verbs::HandlerRow& row : verbs::handlers()) {
    CHECK(find_verb(row.verb) != nullptr);
    handled.insert(row.verb);
  }
  for (const Verb& verb : kVerbs)
    CHECK(handled.contains(verb.name));
  CHECK(handled.size() == std::size(kVerbs));
}

TEST_CASE("Verbs that only read answer on an empty database") {
  ShellRig rig;
  CHECK(rig.text("client.list") ==
        R"({"clients":[{"id":1,"name":"default","weight":1,"max_concurrent_jobs":0,)"
        R"("max_bandwidth_kbps":0,"jobs":0}]})");
  CHECK(rig.text("remote.list") == R"({"remotes":[]})");
  CHECK(rig.text("job.list") == R"({"jobs":[]})");
  CHECK(rig.text("run.list") == R"({"runs":[]})");
  CHECK(rig.text("event.list") == R"({"events":[],"last_sequence":0})");
  CHECK(rig.text("worker.list") == R"({"workers":[]})");
  CHECK(rig.text("audit.list") == R"({"entries":[]})");
  CHECK(rig.ask("status").code == 0);
  CHECK(rig.ask("system.check").code == 0);
  CHECK(rig.ask("settings.list").code == 0);
}

TEST_CASE("What cannot be answered is refused with the reason") {
  ShellRig rig;
  struct Row {
    const char* verb;
    const char* body;
    const char* answer;
  };
  const Row rows[] = {
      {"job.shwo", "{}", "invalid: 'job.shwo' is not a request that this scheduler knows"},
      {"job.show", "{}", "invalid: name: is missing"},
      {"job.show", R"({"name":"x"})", "not_found: there is no job 'x'"},
      {"job.show", R"({"nmae":"x"})", "invalid: name: is missing"},
      {"job.list", R"({"limt":3})",
       "invalid: 'limt' is not known; allowed: client, limit, after; did you mean 'limit'?"},
      {"status", "{", "invalid: the request's body: is not JSON: wrong at line 1, column 2"},
      {"run.show", R"({"run":9})",
       "not_found: there is no run 9; old runs are deleted after the days set in "
       "history_keep_days"},
      {"run.list", R"({"state":"runing"})",
       "invalid: state: 'runing' is not a run state; allowed: queued, assigned, starting, running, "
       "validating, finishing, retry_wait, held, paused, cancelling, succeeded, warning, failed, "
       "cancelled, skipped, missed, open, ended"},
      {"seal.key", "{}",
       "unavailable: no worker has connected yet, and remotes are sealed to the workers' key; "
       "start dray-worker first"},
      {"worker.drain", R"({"name":"w9","drain":true})", "not_found: there is no worker 'w9'"},
      {"client.remove", R"({"name":"default"})", "conflict: the client 'default' is always there"},
      {"system.backup", R"({"path":"x.db"})",
       "invalid: path: 'x.db' must be absolute: the scheduler writes it"},
      {"settings.set", R"({"name":"history_keep_day","value":3})",
       "invalid: 'history_keep_day' is not a setting; allowed: global_max_concurrent_jobs, "
       "global_max_bandwidth_kbps, global_bandwidth_table, queue_paused, queue_paused_reason, "
       "queue_paused_stops, history_keep_days; did you "
       "mean 'history_keep_days'?"},
      {"settings.set", R"({"name":"history_keep_days","value":0})",
       "invalid: history_keep_days: must be a whole number from 1 to 36500"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.verb, row.body);
    CHECK(rig.text(row.verb, row.body) == row.answer);
  }
}

TEST_CASE("A role does what its scope allows") {
  ShellRig rig;
  CHECK(rig.text("client.put", R"({"name":"acme"})", Role::notifier) ==
        "denied: client.put: a notifier does not do that for itself");
  CHECK(rig.text("status", "{}", Role::worker) ==
        "denied: status: a worker does not do that for itself");
}

TEST_CASE("A client is made, patched and removed, and all of it is written down") {
  ShellRig rig;
  CHECK(rig.text("client.put", R"({"name":"acme","weight":3})") ==
        R"({"client":{"id":2,"name":"acme","weight":3,"max_concurrent_jobs":0,)"
        R"("max_bandwidth_kbps":0,"jobs":0}})");
  CHECK(rig.text("client.put", R"({"name":"acme","max_concurrent_jobs":5})") ==
        R"({"client":{"id":2,"name":"acme","weight":3,"max_concurrent_jobs":5,)"
        R"("max_bandwidth_kbps":0,"jobs":0}})");
  CHECK(rig.text("client.put", R"({"name":"acme","weight":0})") ==
        "invalid: client 'acme': weight: 0 is out of range; allowed: 1 to 1000");
  CHECK(rig.text("client.remove", R"({"name":"acme"})") == "{}");
  const auto entries = rig.catalog().audit(UINT64_MAX, 10).value();
  REQUIRE(entries.size() == 3);
  CHECK(entries[1].asked_by == "ann");
  CHECK(entries[1].peer == "dray@host");
  CHECK(entries[1].verb == "client.put");
  CHECK(entries[1].target == "acme");
  CHECK(entries[1].before.json.find(R"("max_concurrent_jobs":0)") != std::string::npos);
  CHECK(entries[1].after.json.find(R"("max_concurrent_jobs":5)") != std::string::npos);
  CHECK(entries[0].after.json == "null");
}

TEST_CASE("A remote needs a key that workers have, the next version and remotes that exist") {
  ShellRig rig;
  rig.worker_says_hello();
  const std::string key = fingerprint(rig.keys.public_key);
  const auto put = [&](const std::string& more, const std::string& sealed_for) {
    return rig.text("remote.put",
                    fmt::format(R"({{"name":"nas","type":"sftp","sealed":"AAEC","sealed_for":)"
                                R"("{}"{}}})",
                                sealed_for, more));
  };
  CHECK(put("", "dead-beef") ==
        "conflict: remote 'nas': no worker has the key 'dead-beef' that its settings are sealed "
        "to; take the current key and seal again");
  CHECK(put(R"(,"refers_to":["s3"])", key) ==
        "not_found: remote 'nas': client 'default' has no remote 's3'");
  CHECK(put("", key).starts_with(R"({"remote":{"id":1,"name":"nas")"));
  CHECK(put("", key) == "conflict: client 'default' has a remote 'nas' already");
  CHECK(put(R"(,"version":3)", key) ==
        "conflict: remote 'nas': version 3 was sent, 2 is next: it was changed meanwhile. Read it "
        "again and repeat the change");
  CHECK(put(R"(,"version":2)", key).find(R"("version":2)") != std::string::npos);
  rig.add_remote("crypt", R"(["nas"])");
  CHECK(put(R"(,"version":3,"refers_to":["crypt"])", key) ==
        "invalid: remote 'nas': it refers to 'crypt', which leads back to it");
  CHECK(rig.text("remote.remove", R"({"name":"nas"})") ==
        "conflict: remote 'nas' is used by remote 'crypt'; change or remove that first");
  CHECK(rig.text("remote.remove", R"({"name":"crypt"})") == "{}");
  CHECK(rig.text("remote.remove", R"({"name":"nas"})") == "{}");
  const auto audit = rig.catalog().audit(UINT64_MAX, 10);
  for (const AuditEntry& entry : audit.value())
    CHECK(entry.after.json.find("AAEC") == std::string::npos);
}

TEST_CASE("A job is refused when its surroundings do not fit") {
  ShellRig rig;
  rig.ready();
  rig.add_job();
  struct Row {
    const char* body;
    const char* answer;
  };
  const Row rows[] = {
      {R"({"name":"x","source":"src:a","destination":"nope:b"})",
       "not_found: job 'x': destination: client 'default' has no remote 'nope'"},
      {R"({"name":"x","source":"src:a","destination":"dst:c","client":"acme"})",
       "not_found: job 'x': client: there is no client 'acme'; add it first"},
      {R"({"name":"x","source":"src:a","destination":"dst:b/deep"})",
       "conflict: job 'x': destination: job 'photos' writes to the same place, or inside or around "
       "it; choose another directory"},
      {R"({"name":"x","source":"src:a","destination":"dst:"})",
       "conflict: job 'x': destination: job 'photos' writes to the same place, or inside or around "
       "it; choose another directory"},
      {R"({"name":"x","source":"src:a","destination":"dst:./b//"})",
       "conflict: job 'x': destination: job 'photos' writes to the same place, or inside or around "
       "it; choose another directory"},
      {R"({"name":"x","source":"dst:q","destination":"dst:q/r"})",
       "invalid: job 'x': destination: is the same as the source or inside it, or has the source "
       "inside it; choose another directory or remote"},
      {R"({"name":"photos","create":true,"source":"src:a","destination":"dst:b"})",
       "invalid: job 'photos': 'creat' is not known"},
      {R"({"name":"new","create":false,"source":"src:a","destination":"dst:z"})",
       "not_found: there is no job 'new'"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.body);
    if (std::string_view(row.answer).find("creat'") != std::string_view::npos) {
      CHECK(rig.text("job.put", row.body) ==
            "conflict: job 'photos' exists already; edit it, or choose another name");
      continue;
    }
    CHECK(rig.text("job.put", row.body) == row.answer);
  }
  CHECK(rig.text("job.put", R"({"name":"x","source":"src:a","destination":"dst:bb"})")
            .starts_with(R"({"job":{"id":2,)"));
  CHECK(rig.text("job.put", R"({"name":"y","source":"src:a","destination":"dst:y",)"
                            R"("schedule":{"kind":"daily","at":"25:00"}})")
            .starts_with("invalid: job 'y': schedule.at: "));
}

TEST_CASE("A job is edited by the fields that are named") {
  ShellRig rig;
  rig.ready();
  rig.add_job();
  const std::string answer = rig.text(
      "job.put",
      R"({"name":"photos","create":false,"priority":5,"schedule":{"kind":"daily","at":"02:30"}})");
  CHECK(answer.find(R"("priority":5)") != std::string::npos);
  CHECK(answer.find(R"("source":"src:a")") != std::string::npos);
  const auto record = rig.jobs().find("photos").value();
  REQUIRE(record);
  CHECK(record->spec.schedule.at == "02:30");
  CHECK(record->next_due.has_value());
  rig.restart();
  CHECK(rig.text("job.enable", R"({"name":"photos","enabled":false})").find(R"("next_due":null)") !=
        std::string::npos);
  CHECK(rig.text("job.remove", R"({"name":"photos"})") == "{}");
  CHECK(rig.text("job.list") == R"({"jobs":[]})");
  CHECK(rig.text("event.list", R"({"job":"photos","since":0})").find("job.removed") !=
        std::string::npos);
}

TEST_CASE("A failed change leaves nothing behind, also not in a turn with others") {
  ShellRig rig;
  rig.ready();
  rig.posted.clear();
  const scheduler::Asker asker{{50}, 1, "dray@host"};
  rig.shell->request(Request{"client.put", R"({"name":"a"})", "ann", ""}, asker, Role::ops,
                     rig.now);
  rig.shell->request(Request{"client.put", R"({"name":"b","weight":0})", "ann", ""}, asker,
                     Role::ops, rig.now);
  rig.shell->request(Request{"client.put", R"({"name":"c"})", "ann", ""}, asker, Role::ops,
                     rig.now);
  CHECK(rig.posted.empty());  // nothing is said before the commit
  rig.shell->finish_turn(rig.now);
  const auto responses = rig.sent<Response>();
  REQUIRE(responses.size() == 3);
  CHECK(responses[0].code == 0);
  CHECK(responses[1].code != 0);
  CHECK(responses[2].code == 0);
  CHECK(rig.catalog().clients().value().size() == 3);
}

TEST_CASE("The same idempotency key gets the same answer, and another request a conflict") {
  ShellRig rig;
  const Response first = rig.ask("client.put", R"({"name":"acme"})", Role::ops, "k");
  const Response again = rig.ask("client.put", R"({"name":"acme"})", Role::ops, "k");
  CHECK(first.code == 0);
  CHECK(again.body == first.body);
  CHECK(rig.catalog().audit(UINT64_MAX, 10).value().size() == 1);
  CHECK(rig.ask("client.put", R"({"name":"other"})", Role::ops, "k").message ==
        "this idempotency key was used for another request");
}

TEST_CASE("Settings are changed live, also from text, and per client") {
  ShellRig rig;
  CHECK(rig.ask("settings.set", R"({"name":"global_max_concurrent_jobs","value":"5"})").code == 0);
  CHECK(rig.shell->core().status().settings.global_max_concurrent_jobs == 5);
  CHECK(rig.ask("settings.set", R"({"name":"weight","value":"9","client":"default"})").code == 0);
  CHECK(rig.catalog().client("default").value()->spec.weight == 9);
  CHECK(rig.text("settings.set", R"({"name":"colour","value":1,"client":"default"})") ==
        "invalid: 'colour' is not a client's setting; allowed: max_bandwidth_kbps, "
        "max_concurrent_jobs, weight");
  rig.restart();
  CHECK(rig.shell->core().status().settings.global_max_concurrent_jobs == 5);
}

TEST_CASE("A list of jobs is taken as a whole or not at all") {
  ShellRig rig;
  rig.ready();
  const std::string good = R"({"name":"a","source":"src:a","destination":"dst:a","create":true})";
  CHECK(rig.text("job.import", R"({"jobs":[)" + good + R"(,{"name":"b","destination":"dst:b"}]})")
            .starts_with("invalid: jobs[1]: job 'b': source: is missing"));
  CHECK(rig.text("job.show", R"({"name":"a"})").starts_with("not_found: "));
  CHECK(rig.text("job.import", R"({"jobs":[)" + good + "]}") == R"({"imported":1})");
  CHECK(rig.ask("job.show", R"({"name":"a"})").code == 0);
  CHECK(rig.text("job.import", R"({"jobs":[)" + good + "]}").starts_with("conflict: jobs[0]: "));
  CHECK(rig.text("job.import", "{}").starts_with("invalid: jobs: "));
}

TEST_CASE("A schedule can be looked at before it is stored") {
  ShellRig rig;
  const std::string answer =
      rig.text("schedule.preview", R"({"schedule":{"kind":"daily","at":"02:30","time_zone":)"
                                   R"("Europe/Berlin"},"count":2,"from":"2026-03-28T12:00:00Z"})");
  CHECK(answer ==
        R"({"occurrences":[{"at":"2026-03-29T01:00:00Z","local":"2026-03-29T03:00:00+02:00",)"
        R"("abbreviation":"CEST","shifted_by_gap":true,"repeated_hour":false,"dst_day":true},)"
        R"({"at":"2026-03-30T00:30:00Z","local":"2026-03-30T02:30:00+02:00","abbreviation":"CEST",)"
        R"("shifted_by_gap":false,"repeated_hour":false,"dst_day":false}]})");
}

TEST_CASE("A remote is tested by a worker") {
  ShellRig rig;
  rig.ready();
  CHECK(rig.ask("remote.test", R"({"name":"src","path":"a"})").message == "no answer");
  REQUIRE(rig.relays.size() == 1);
  CHECK(rig.relays[0].worker == SessionId{7});
  CHECK(std::get<Probe>(rig.relays[0].question).endpoint == Endpoint{"src", "a"});
}

}  // namespace
}  // namespace dray
