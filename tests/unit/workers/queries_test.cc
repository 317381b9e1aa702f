#include "workers/queries.h"

#include "schemas/answers_remotes.h"
#include "schemas/codec.h"
#include "schemas/json_fields.h"
#include "schemas/rclone_options.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/workers/process_rig.h"
#include "tests/unit/workers/sealed_remotes.h"
#include "workers/login_keeper.h"
#include "workers/rclone_backends.h"

namespace dray::worker {
namespace {

constexpr std::string_view kProviders = R"([
  {"Name":"webdav","Options":[{"Name":"url"},{"Name":"user"},{"Name":"pass","IsPassword":true},
    {"Name":"vendor"}]},
  {"Name":"alias","Options":[{"Name":"remote"}]}])";

ProcessFamily& family() {
  static ProcessFamily one;
  return one;
}

struct Rig : SealedRemotes {
  Rig() {
    backends = parse_backends(kProviders).value();
    add("dav", "webdav", {{"url", "http://old"}, {"user", "me"}, {"pass", "hidden"}});
  }
  WorkerAnswer ask(WorkerQuery query) {
    std::optional<WorkerAnswer> answer;
    board.start(std::move(query), [&](const WorkerAnswer& a) { answer = a; });
    CHECK_FALSE(answer);  // never from within start()
    REQUIRE(turn_until(loop, [&] { return answer.has_value(); }));
    return *answer;
  }
  WorkerAnswer ask(const std::string& kind, const std::string& body) {
    WorkerQuery query;
    query.kind = kind;
    query.body = body;
    query.spec.remotes = remotes;
    query.spec.source.remote = "dav";
    return ask(std::move(query));
  }
  // As `dray remote edit` asks.
  WorkerAnswer merge(const SettingsPatch& patch, uint32_t version = 2) {
    SealedRemote next = remotes.front();
    next.version = version;
    const std::string box =
        seal(keys.public_key, seal_context(next) + std::string(kPatchContext), to_json(patch));
    return ask("remote.merge", fmt::format(R"({{"patch":"{}"}})", base64_encode(box)));
  }
  RemoteSettings settings_of(const WorkerAnswer& answer) {
    INFO(answer.message);
    REQUIRE(answer.code == 0);
    const auto merged = from_json<MergedRemote>(answer.body);
    REQUIRE(merged);
    SealedRemote next = remotes.front();
    next.version = merged->version;
    next.sealed = base64_decode(merged->sealed).value();
    const auto settings = open_remote(next, keys, nullptr);
    REQUIRE(settings);
    return *settings;
  }

  TempDir dir;
  EventLoop loop;
  SystemClock clock;
  LogStore logs{dir / "logs", 1 << 20};
  RcloneBackends backends;
  LoginKeeper logins{loop, keys, dir / "logins"};
  RunContext context{loop,
                     clock,
                     family(),
                     logs,
                     keys,
                     bin("fake-rclone"),
                     bin("dray-guard"),
                     dir / "work",
                     {},
                     {},
                     RcloneVersion{1, 60, 1},
                     "v1.60.1-DEV",
                     seconds{1},
                     &backends,
                     &logins};
  QueryBoard board{context};
};

TEST_CASE("a question of an unknown kind is answered with a refusal") {
  Rig rig;
  const WorkerAnswer answer = rig.ask("remote.paint", "{}");
  CHECK(from_wire_code(answer.code) == ErrorCode::invalid);
  CHECK_THAT(answer.message, Catch::Matchers::Contains("'remote.paint'"));
}

TEST_CASE("a worker tells what its rclone can talk to") {
  Rig rig;
  const auto all = from_json<ProvidersAnswer>(rig.ask("remote.providers", "{}").body);
  REQUIRE(all);
  CHECK(all->rclone_version == "v1.60.1-DEV");
  CHECK(all->backends.size() == 2);
  CHECK(all->backends[0].options.empty());
  const auto one =
      from_json<ProvidersAnswer>(rig.ask("remote.providers", R"({"type":"webdav"})").body);
  REQUIRE(one);
  CHECK(one->backends.at(0).options.size() == 4);
  CHECK(from_wire_code(rig.ask("remote.providers", R"({"type":"x"})").code) ==
        ErrorCode::not_found);
}

TEST_CASE("settings are changed inside the seal") {
  Rig rig;
  const auto settings = rig.settings_of(rig.merge({{{"user", "you"}}, {}}));
  CHECK(settings == RemoteSettings{{"pass", "hidden"}, {"url", "http://old"}, {"user", "you"}});
  const auto less = rig.settings_of(rig.merge({{}, {"user"}}));
  CHECK_FALSE(less.contains("user"));
}

TEST_CASE("a change says whether there is a login and what the remote refers to") {
  Rig rig;
  const auto login = [&](const SettingsPatch& patch) {
    return from_json<MergedRemote>(rig.merge(patch).body)->login;
  };
  CHECK(login({{{"user", "you"}}, {}}).empty());
  CHECK(login({{{"token", "T"}}, {}}) == "new");
  rig.remotes.clear();
  rig.add("dav", "webdav", {{"url", "http://old"}, {"token", "T"}});
  CHECK(login({{{"user", "you"}}, {}}) == "kept");
  rig.remotes.clear();
  rig.add("dav", "alias", {{"remote", "base:x"}});
  CHECK(from_json<MergedRemote>(rig.merge({{{"remote", "other:y"}}, {}}).body)->refers_to ==
        std::vector<std::string>{"other"});
}

TEST_CASE("a change that would reach too far is refused") {
  Rig rig;
  struct Row {
    SettingsPatch patch;
    uint32_t version;
    ErrorCode code;
    const char* says;
  };
  const Row rows[] = {
      {{{{"url", "http://evil"}}, {}}, 2, ErrorCode::denied, "enter pass again"},
      {{{}, {"url"}}, 2, ErrorCode::denied, "enter pass again"},
      {{{{"user", "you"}}, {}}, 7, ErrorCode::conflict, "changed meanwhile"},
      {{{{"bearer_token_command", "id"}}, {}}, 2, ErrorCode::invalid, "runs a program"},
      {{{{"uesr", "x"}}, {}}, 2, ErrorCode::invalid, "did you mean user"},
  };
  for (const Row& row : rows) {
    INFO(row.says);
    const WorkerAnswer answer = rig.merge(row.patch, row.version);
    REQUIRE(answer.code != 0);
    CHECK(from_wire_code(answer.code) == row.code);
    CHECK_THAT(answer.message, Catch::Matchers::Contains(row.says));
    CHECK(answer.message.find("hidden") == std::string::npos);
  }
  // The same address, or the secret with the new one, is no harm.
  CHECK(rig.merge({{{"url", "http://old"}}, {}}).code == 0);
  CHECK(rig.merge({{{"url", "http://new"}, {"pass", "other"}}, {}}).code == 0);
}

TEST_CASE("a host that could be taken for an option is not looked at") {
  Rig rig;
  for (const char* body : {R"({"host":"-oProxyCommand=id"})", R"({"host":"a b"})", R"({})",
                           R"({"host":"nas","port":"22 -v"})"}) {
    INFO(body);
    CHECK(from_wire_code(rig.ask("remote.host_key", body).code) == ErrorCode::invalid);
  }
}

TEST_CASE("more questions at once than a worker answers are refused") {
  Rig rig;
  std::vector<uint8_t> codes;
  for (size_t i = 0; i <= QueryBoard::kMaxRunning; ++i)
    rig.board.start({"remote.providers", "{}", {}},
                    [&](const WorkerAnswer& answer) { codes.push_back(answer.code); });
  REQUIRE(turn_until(rig.loop, [&] { return codes.size() == QueryBoard::kMaxRunning + 1; }));
  CHECK(std::ranges::count(codes, to_wire_code(ErrorCode::exhausted)) == 1);
}

}  // namespace
}  // namespace dray::worker
