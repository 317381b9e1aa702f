#include "tests/support/catch.h"
#include "tests/unit/scheduler/verbs_rig.h"

namespace dray {
namespace {

using Catch::Matchers::Contains;

struct Rig : ShellRig {
  Rig() { ready(); }
  std::string key(const std::string& job, const std::string& more = "") const {
    const SealedCryptKey box = seal_crypt_key(keys.public_key, job, make_crypt_key());
    return fmt::format(R"(,"crypt_key":{{"sealed":"{}","sealed_for":"{}"}}{})", box.sealed,
                       box.sealed_for, more);
  }
  std::string put(const std::string& name, const std::string& more,
                  const std::string& destination = "dst:b") {
    return text("job.put", fmt::format(R"({{"name":"{}","source":"src:a","destination":"{}"{}}})",
                                       name, destination, more));
  }
  std::string export_key(const std::string& job, const std::string& more = "") {
    return text("job.export_key",
                fmt::format(R"({{"name":"{}","public_key":"{}"{}}})", job,
                            format_sealing_key(generate_sealing_keypair().public_key), more));
  }
  std::string sealed(const std::string& job) {
    return store::Keys(store->db()).find(job).value()->sealed;
  }
  std::vector<EventMessage> exports() const {
    std::vector<EventMessage> found;
    for (const EventMessage& event : sent<EventMessage>())
      if (event.kind == "job.key_exported") found.push_back(event);
    return found;
  }
};

TEST_CASE("an encrypted job needs passwords that a worker can open, and keeps its first ones") {
  Rig rig;
  CHECK_THAT(rig.put("photos", R"(,"encryption":true)"), Contains("crypt_key: is missing"));
  CHECK_THAT(
      rig.put("photos", R"(,"encryption":true,"crypt_key":{"sealed":"AAEC","sealed_for":"dead"})"),
      Contains("no worker has the key 'dead'"));
  CHECK_THAT(rig.put("photos", R"(,"encryption":true)" + rig.key("photos")), Contains("\"job\""));
  const std::string first = rig.sealed("photos");
  CHECK_THAT(rig.put("photos", R"(,"encryption":true)" + rig.key("photos")), Contains("\"job\""));
  CHECK(rig.sealed("photos") == first);
  CHECK(open_crypt_key(rig.keys, "photos", first));
  CHECK_THAT(rig.text("job.show", R"({"name":"photos"})"), Contains(R"("exported_at":null)"));
  CHECK_THAT(rig.text("audit.list"), !Contains("sealed\":\""));
}

TEST_CASE("the passwords go along with every run of the job, and with no other") {
  Rig rig;
  rig.put("photos", R"(,"encryption":true)" + rig.key("photos"));
  rig.put("plain", "", "dst:plain");
  store::Jobs jobs(rig.store->db());
  const auto spec = [&](const char* name) {
    return jobs.run_spec(jobs.find(name).value()->id).value();
  };
  CHECK(spec("photos").crypt_key == rig.sealed("photos"));
  CHECK(spec("plain").crypt_key.empty());
}

TEST_CASE("passwords are handed out by a worker, once, and every time is written down") {
  Rig rig;
  rig.put("photos", R"(,"encryption":true)" + rig.key("photos"));
  CHECK_THAT(rig.export_key("photos"), Contains("no answer"));
  REQUIRE(rig.relays.size() == 1);
  const WorkerQuery& question = std::get<WorkerQuery>(rig.relays[0].question);
  CHECK(question.kind == "job.export_key");
  CHECK(question.spec.job == "photos");
  CHECK(question.spec.crypt_key == rig.sealed("photos"));
  CHECK(rig.exports().size() == 1);
  CHECK_THAT(rig.export_key("photos"), Contains("--again"));
  CHECK(rig.relays.size() == 1);
  rig.export_key("photos", R"(,"again":true)");
  CHECK(rig.relays.size() == 2);
  CHECK_THAT(rig.exports().at(0).body, Contains(R"("again":true)"));
  CHECK_THAT(rig.text("job.show", R"({"name":"photos"})"), Contains(R"("exported_by":"ann")"));
  CHECK_THAT(rig.text("audit.list"), Contains("job.export_key"));
  CHECK_THAT(rig.text("job.export_key", R"({"name":"photos","public_key":"x"})"),
             Contains("public_key"));
  CHECK_THAT(rig.ask("job.export_key", "{}", Role::notifier).message, Contains("administrator"));
}

TEST_CASE("what is not encrypted has no passwords, and those of a removed job stay") {
  Rig rig;
  rig.put("plain", "");
  CHECK_THAT(rig.export_key("plain"), Contains("is not encrypted"));
  CHECK_THAT(rig.export_key("nobody"), Contains("there is no job 'nobody'"));
  rig.put("photos", R"(,"encryption":true)" + rig.key("photos"), "dst:c");
  const std::string first = rig.sealed("photos");
  rig.text("job.remove", R"({"name":"photos"})");
  CHECK(rig.sealed("photos") == first);
  CHECK_THAT(rig.put("photos", R"(,"encryption":true)", "dst:c"), Contains("\"job\""));
  CHECK(rig.sealed("photos") == first);
}

TEST_CASE(
    "upload jobs have no source, take several files at once, and encrypt unless told not to") {
  Rig rig;
  const auto put = [&](const std::string& more) {
    return rig.text("job.put",
                    R"({"name":"in","kind":"upload","destination":"dst:in")" + more + "}");
  };
  CHECK_THAT(put(""), Contains("crypt_key: is missing"));
  CHECK_THAT(put(R"(,"source":"src:a","encryption":false)"),
             Contains("source: a job of kind upload"));
  CHECK_THAT(put(R"(,"encryption":false,"schedule":{"kind":"daily","at":"01:00"})"),
             Contains("schedule: a job of kind upload"));
  CHECK_THAT(put(R"(,"encryption":false)"), Contains(R"("overlap":"allow","max_concurrent":8)"));
  CHECK_THAT(rig.text("job.put", R"({"name":"x","destination":"dst:x"})"),
             Contains("source: is missing"));
}

TEST_CASE("the job that takes a client's files is found, or the way to make one is told") {
  Rig rig;
  CHECK_THAT(rig.text("upload.prepare"), Contains("dray job add default-uploads --kind upload"));
  const auto add = [&](const std::string& name) {
    rig.text("job.put", fmt::format(R"({{"name":"{0}","kind":"upload","encryption":false,)"
                                    R"("destination":"dst:{0}"}})",
                                    name));
  };
  add("one");
  CHECK_THAT(rig.text("upload.prepare"), Contains(R"("job":"one")"));
  add("two");
  CHECK_THAT(rig.text("upload.prepare"), Contains("choose one with --job"));
  CHECK_THAT(rig.text("upload.prepare", R"({"job":"two"})"), Contains(R"("job":"two")"));
  rig.add_job();
  CHECK_THAT(rig.text("upload.prepare", R"({"job":"photos"})"), Contains("takes no files"));
  CHECK_THAT(rig.text("upload.prepare", R"({"client":"nobody"})"), Contains("there is no client"));
}

TEST_CASE("a file comes with every run of an upload job and with no other, under a good name") {
  Rig rig;
  rig.text("job.put", R"({"name":"in","kind":"upload","encryption":false,"destination":"dst:in"})");
  rig.add_job();
  const auto enqueue = [&](const std::string& job, const std::string& task) {
    rig.posted.clear();
    Enqueue question;
    question.job = job;
    question.task = task;
    rig.shell->enqueue(question, {{50}, rig.next_id++, "dray@host"}, rig.now);
    rig.shell->finish_turn(rig.now);
    return rig.sent<Enqueued>().at(0);
  };
  const auto upload = [](const std::string& name) {
    return fmt::format(
        R"({{"approved":true,"upload":{{"name":"{}","size":5,"ticket_hash":"{}"}}}})", name,
        std::string(64, 'a'));
  };
  CHECK_THAT(enqueue("in", "").message, Contains("dray push"));
  CHECK_THAT(enqueue("photos", upload("a")).message, Contains("takes no files"));
  CHECK_THAT(enqueue("in", upload("../a")).message, Contains("holds '..'"));
  CHECK_THAT(enqueue("in", R"({"upload":{"name":"a"}})").message, Contains("ticket_hash"));
  CHECK_THAT(enqueue("in", "{").message, Contains("task"));
  const Enqueued good = enqueue("in", upload("a"));
  REQUIRE(good.code == 0);
  const RunRow* row = rig.shell->core().find_run(good.run);
  REQUIRE(row);
  CHECK_THAT(row->task, Contains(R"("name":"a")"));
  // Nothing but the file counts of what an asker sends along.
  CHECK_THAT(row->task, Contains(R"("approved":false)"));
}

}  // namespace
}  // namespace dray
