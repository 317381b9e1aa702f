// Logins that workers renewed, and where jobs write that name no destination.
#include "daemon/scheduler/default_destination.h"
#include "tests/support/catch.h"
#include "tests/unit/scheduler/verbs_rig.h"

namespace dray {
namespace {

struct Rig : ShellRig {
  Rig() {
    worker_says_hello();
    put(1, "new");
  }
  void put(int version, const char* login) {
    const Response response =
        ask("remote.put",
            fmt::format(R"({{"name":"gdrive","type":"drive","version":{},"sealed":"AAEC",)"
                        R"("sealed_for":"{}","max_concurrent":4,"login":"{}"}})",
                        version, fingerprint(keys.public_key), login));
    INFO(response.message);
    REQUIRE(response.code == 0);
  }
  RemoteRefreshedAck refresh(uint32_t version, const std::string& sealed,
                             const std::string& name = "gdrive") {
    posted.clear();
    RemoteRefreshed message{"default", name, version, sealed, fingerprint(keys.public_key)};
    shell->remote_refreshed(message, {{7}, 99, "w1"}, now);
    CHECK(sent<RemoteRefreshedAck>().empty());  // not before the commit
    shell->finish_turn(now);
    REQUIRE(sent<RemoteRefreshedAck>().size() == 1);
    CHECK(posted.front().id == 99);
    return sent<RemoteRefreshedAck>().front();
  }
  SealedRemote stored() {
    return store::Catalog(store->db()).sealed_remote("default", "gdrive").value().value();
  }
};

TEST_CASE("A renewed login is stored over the version that the run was given, once") {
  Rig rig;
  rig.now.wall += hours{5};
  const RemoteRefreshedAck first = rig.refresh(1, "box2");
  CHECK(first.stored);
  CHECK(first.version == 2);
  CHECK(rig.stored().sealed == "box2");
  CHECK(rig.stored().max_concurrent == 4);
  CHECK(rig.text("remote.list").find(format_rfc3339(rig.now.wall)) != std::string::npos);
  // Its acknowledgement was lost.
  const RemoteRefreshedAck again = rig.refresh(1, "box2");
  CHECK(again.stored);
  CHECK(again.version == 2);
}

TEST_CASE("A renewed login does not replace a remote that was changed meanwhile") {
  Rig rig;
  rig.put(2, "kept");
  const RemoteRefreshedAck ack = rig.refresh(1, "box2");
  CHECK_FALSE(ack.stored);
  REQUIRE(ack.current);
  CHECK(ack.version == 2);
  CHECK(ack.current->sealed == rig.stored().sealed);
  const RemoteRefreshedAck gone = rig.refresh(1, "box2", "nosuch");
  CHECK_FALSE(gone.stored);
  CHECK(gone.version == 0);
  CHECK_FALSE(gone.current);
}

TEST_CASE("An account with a login takes one run at a time, whatever its cap says") {
  Rig rig;
  const auto cap = [&] {
    const auto accounts = store::Catalog(rig.store->db()).accounts().value();
    REQUIRE(accounts.size() == 1);
    return accounts[0].max_concurrent;
  };
  CHECK(cap() == 1);
  rig.put(2, "");
  CHECK(cap() == 4);
  CHECK(rig.text("remote.list").find("\"login_at\":null") != std::string::npos);
}

TEST_CASE("A changed remote whose login stayed keeps the age of the login") {
  Rig rig;
  const std::string age = format_rfc3339(rig.now.wall);
  rig.now.wall += hours{24};
  rig.put(2, "kept");
  CHECK(rig.text("remote.list").find("\"login_at\":\"" + age) != std::string::npos);
}

TEST_CASE("Questions about remotes go to a worker with the settings it needs") {
  Rig rig;
  struct Row {
    const char* verb;
    const char* body;
    const char* kind;
    size_t remotes;
  };
  const Row rows[] = {
      {"remote.about", R"({"name":"gdrive"})", "remote.about", 1},
      {"remote.browse", R"({"name":"gdrive","path":"a"})", "remote.browse", 1},
      {"remote.merge", R"({"name":"gdrive","patch":"AA=="})", "remote.merge", 1},
      {"remote.types", R"({"type":"s3"})", "remote.providers", 0},
      {"remote.host_key", R"({"host":"nas"})", "remote.host_key", 0},
  };
  for (const Row& row : rows) {
    INFO(row.verb);
    rig.relays.clear();
    CHECK(rig.ask(row.verb, row.body).message == "no answer");
    REQUIRE(rig.relays.size() == 1);
    const auto& query = std::get<WorkerQuery>(rig.relays[0].question);
    CHECK(query.kind == row.kind);
    CHECK(query.spec.remotes.size() == row.remotes);
  }
}

TEST_CASE("A job without a destination writes to the operator's store, below client and job") {
  JobSpec spec;
  spec.name = "photos";
  spec.client = "acme";
  struct Row {
    Endpoint store;
    const char* path;
  };
  const Row rows[] = {{{"store", "backups"}, "backups/acme/photos"},
                      {{"store", ""}, "acme/photos"},
                      {{"store", "/"}, "/acme/photos"}};
  for (const Row& row : rows)
    CHECK(scheduler::default_destination(row.store, spec).value() == Endpoint{"store", row.path});
  const auto none = scheduler::default_destination({}, spec);
  REQUIRE_FALSE(none);
  CHECK(none.error().message ==
        "job 'photos': destination: is missing, and the scheduler's configuration names no store "
        "in [destination.default]");
}

}  // namespace
}  // namespace dray
