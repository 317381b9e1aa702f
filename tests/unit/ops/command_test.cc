#include "ops/command.h"

#include <set>

#include "ops/edit_job.h"
#include "ops/help.h"
#include "tests/support/catch.h"
#include "tests/unit/ops/fake_backend.h"
#include "tests/unit/ops/golden.h"

using namespace dray;
using namespace dray::ops;
using namespace dray::ops::test;

namespace {

const Command& command(const std::string& path) {
  for (const Command& one : all_commands())
    if (one.path == path) return one;
  FAIL("no command " << path);
  return all_commands().front();
}

std::string found(std::vector<std::string> words) {
  size_t used = 0;
  const auto result = find_command(words, used);
  return result ? fmt::format("{}/{}", (*result)->path, used) : result.error().message;
}

Json fields(std::vector<std::string> words) {
  const auto args = parse_args(command("job edit"), std::move(words));
  REQUIRE(args);
  const auto json = job_fields(*args);
  REQUIRE(json);
  return *json;
}

std::string refusal(std::vector<std::string> words) {
  const auto args = parse_args(command("job edit"), std::move(words));
  if (!args) return args.error().message;
  const auto json = job_fields(*args);
  return json ? "taken" : json.error().message;
}

}  // namespace

TEST_CASE("every command has a summary, an example of itself and a handler") {
  std::set<std::string_view> paths;
  for (const Command& one : all_commands()) {
    INFO(one.path);
    CHECK(paths.insert(one.path).second);
    CHECK(one.summary.ends_with('.'));
    CHECK(one.example.find(fmt::format("dray {}", one.path.substr(0, one.path.find(' ')))) !=
          std::string::npos);
    CHECK(one.run != nullptr);
    for (const OptionSpec& spec : one.options)
      CHECK_FALSE(spec.help.empty());
  }
}

TEST_CASE("the examples in the help are accepted by the parser") {
  for (const Command& one : all_commands()) {
    if (one.path == "up" || one.path == "help") continue;
    std::string_view rest = one.example;
    while (!rest.empty()) {
      std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      if (const size_t pipe = line.find("| "); pipe != std::string_view::npos)
        line.remove_prefix(pipe + 2);
      line = line.substr(0, std::min(line.find(" > "), line.find(" < ")));
      std::vector<std::string> words;
      std::string word;
      char quote = 0;
      for (const char c : std::string(line) + " ") {
        if (quote != 0 ? c == quote : c == '\'' || c == '"') {
          quote = quote != 0 ? 0 : c;
        } else if (c == ' ' && quote == 0) {
          if (!word.empty()) words.push_back(std::exchange(word, ""));
        } else {
          word += c;
        }
      }
      INFO(line);
      REQUIRE(words.front() == "dray");
      words.erase(words.begin());
      size_t used = 0;
      const auto which = find_command(words, used);
      REQUIRE(which);
      words.erase(words.begin(), words.begin() + static_cast<ptrdiff_t>(used));
      const auto args = parse_args(**which, words);
      INFO((args ? "" : args.error().message));
      CHECK(args);
    }
  }
}

TEST_CASE("words find their command") {
  CHECK(found({"job", "add", "x"}) == "job add/2");
  CHECK(found({"jobs"}) == "job list/1");
  CHECK(found({"runs", "--job", "x"}) == "runs list/1");
  CHECK(found({"clients"}) == "client list/1");
  CHECK(found({"run", "show"}) == "run/1");
  CHECK(found({}) == "help/0");
}

TEST_CASE("a word that means nothing brings the nearest one") {
  CHECK(found({"statu"}).find("did you mean status?") != std::string::npos);
  CHECK(found({"job", "shw"}).find("did you mean show?") != std::string::npos);
  CHECK(found({"\x1b[2Jx"}).find('\x1b') == std::string::npos);
}

TEST_CASE("options are read in every usual form") {
  const auto args =
      parse_args(command("job add"),
                 {"photos", "--from=a:x", "--to", "b:y", "--filter", "- *.tmp",
                  "--filter=+ /docs/**", "--priority", "-5", "--flag=--checksum", "--json"});
  REQUIRE(args);
  CHECK(args->text("NAME") == "photos");
  CHECK(args->text("--from") == "a:x");
  CHECK(args->all("--filter") == std::vector<std::string>{"- *.tmp", "+ /docs/**"});
  CHECK(args->text("--priority") == "-5");
  CHECK(args->text("--flag") == "--checksum");
  CHECK(args->has("--json"));
}

TEST_CASE("a wrong command line is refused with the option and the fix") {
  struct Case {
    std::string path;
    std::vector<std::string> words;
    std::string_view message;
  };
  const Case cases[] = {
      {"run", {}, "JOB is missing; for example: dray run photos --wait"},
      {"run", {"a", "b"}, "one word too many"},
      {"run", {"a", "--wiat"}, "did you mean --wait?"},
      {"bandwidth set", {"--client", "a"}, "RATE is missing"},
      {"job add",
       {"a", "--from", "x:", "--to", "y:", "--kind", "mirror"},
       "--kind: 'mirror' is not one of sync, copy, move, archive, check, command, upload"},
      {"cancel", {"1", "--reason"}, "--reason"},
      {"completion", {"tcsh"}, "bash, zsh, fish"},
  };
  for (const Case& c : cases) {
    const auto args = parse_args(command(c.path), c.words);
    REQUIRE_FALSE(args);
    INFO(args.error().message);
    CHECK(args.error().message.find(c.message) != std::string::npos);
    CHECK(args.error().code == ErrorCode::invalid);
  }
}

TEST_CASE("the options of a job become its fields, and only those that were given") {
  CHECK(fields({"x", "--bandwidth", "8M"}) == Json::parse(R"({"name":"x","bandwidth_kbps":8389})"));
  CHECK(fields({"x", "--bandwidth", "500k"})["bandwidth_kbps"] == 512);
  CHECK(fields({"x", "--bandwidth", "off"})["bandwidth_kbps"] == 0);
  CHECK(fields({"x", "--weekly", "mon,thu@02:30", "--tz", "Europe/Oslo"})["schedule"] ==
        Json::parse(R"({"kind":"weekly","weekdays":"mon,thu","at":"02:30",)"
                    R"("time_zone":"Europe/Oslo"})"));
  CHECK(fields({"x", "--every", "6h"})["schedule"]["every_seconds"] == 21'600);
  CHECK(fields({"x", "--daily", "02:30"})["schedule"] ==
        Json::parse(R"({"kind":"daily","at":"02:30"})"));
  CHECK(fields({"x", "--retry-attempts", "5", "--retry-backoff", "10m"})["retry"] ==
        Json::parse(R"({"max_attempts":5,"backoff_seconds":600})"));
  CHECK(fields({"x", "--filter", "- *.tmp", "--transfers", "8", "--max-delete", "-1", "--file-log",
                "--flag=--checksum"})["options"] ==
        Json::parse(R"({"filters":["- *.tmp"],"transfers":8,"max_delete":-1,"file_log":true,)"
                    R"("flags":["--checksum"]})"));
  CHECK(fields({"x", "--disabled"})["enabled"] == false);
}

TEST_CASE("impossible values of a job name the option and what is allowed") {
  CHECK(refusal({"x", "--daily", "02:30", "--cron", "* * * * *"}).find("exclude each other") !=
        std::string::npos);
  CHECK(refusal({"x", "--weekly", "mon"}).find("mon,thu@02:30") != std::string::npos);
  CHECK(refusal({"x", "--bandwidth", "fast"}).find("--bandwidth") == 0);
  CHECK(refusal({"x", "--priority", "101"}).find("-100 to 100") != std::string::npos);
  CHECK(refusal({"x", "--transfers", "4x"}).find("whole number") != std::string::npos);
  CHECK(refusal({"x", "--every", "soon"}).find("--every") == 0);
}

TEST_CASE("filter files lose blank lines and comments and nothing else") {
  CHECK(filter_lines("# a\n\n - *.tmp \r\n; b\n+ /x y/**") ==
        std::vector<std::string>{"- *.tmp", "+ /x y/**"});
}

TEST_CASE("help, manual and completions are made from the one table") {
  CHECK(overview_help(100) == golden("overview.txt", overview_help(100)));
  CHECK(command_help(command("job add"), 100) ==
        golden("job_add_help.txt", command_help(command("job add"), 100)));
  CHECK(exit_code_help() == golden("exit_codes.txt", exit_code_help()));
  const std::string man = man_page("0.1.0");
  for (const Command& one : all_commands())
    CHECK(man.find(fmt::format("dray {}", one.path).substr(0, 8)) != std::string::npos);
  for (const std::string_view shell : {"bash", "zsh", "fish"})
    CHECK(completion_script(shell)->find("max-delete") != std::string::npos);
  CHECK_FALSE(completion_script("tcsh"));
}

TEST_CASE("exit codes are stable") {
  CHECK(static_cast<int>(exit_of(ErrorCode::invalid)) == 2);
  CHECK(static_cast<int>(exit_of(ErrorCode::not_found)) == 3);
  CHECK(static_cast<int>(exit_of(ErrorCode::denied)) == 4);
  CHECK(static_cast<int>(exit_of(ErrorCode::conflict)) == 5);
  CHECK(static_cast<int>(exit_of(ErrorCode::timeout)) == 10);
  CHECK(static_cast<int>(exit_of(ErrorCode::unavailable)) == 9);
  CHECK(static_cast<int>(exit_of(ErrorCode::io)) == 1);
  CHECK(static_cast<int>(exit_of(RunState::succeeded)) == 0);
  CHECK(static_cast<int>(exit_of(RunState::failed)) == 1);
  CHECK(static_cast<int>(exit_of(RunState::failed, ErrorClass::integrity)) == 8);
  CHECK(static_cast<int>(exit_of(RunState::warning)) == 6);
  CHECK(static_cast<int>(exit_of(RunState::cancelled)) == 7);
  CHECK(static_cast<int>(exit_of(RunState::skipped)) == 5);
  CHECK(static_cast<int>(exit_of(RunState::running)) == 10);
}
