#include "workers/rclone_command.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tests/support/catch.h"

namespace dray::worker {
namespace {

std::string golden(const std::string& name, const std::vector<std::string>& argv) {
  const std::string path = std::string(DRAY_SOURCE_DIR) + "/tests/golden/argv/" + name + ".txt";
  std::string text;
  for (const std::string& argument : argv)
    text += argument + "\n";
  if (std::getenv("DRAY_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << text;
  std::ifstream file(path);
  std::stringstream wanted;
  wanted << file.rdbuf();
  CHECK(text == wanted.str());
  return text;
}

std::vector<std::string> argv_of(const RunSpec& spec, std::vector<std::string> allowed = {}) {
  const auto argv = rclone_argv("/usr/bin/rclone", spec, "src:photos/2024", "dst:-v:x",
                                RunPaths{"/run/dray/worker/run-812-1-7"}, allowed);
  REQUIRE(argv);
  return *argv;
}

TEST_CASE("the plain sync command is the template") {
  golden("sync", argv_of({}));
}

TEST_CASE("every option of a job has its place in the command") {
  RunSpec spec;
  spec.kind = JobKind::copy;
  spec.dry_run = true;
  spec.bandwidth_bytes_per_second = 1'000'000;
  spec.options.filters = {"- *.tmp"};
  spec.options.transfers = 16;
  spec.options.checkers = 32;
  spec.options.max_delete = 0;
  spec.options.file_log = true;
  spec.options.flags = {"--checksum", "--buffer-size=32M", "--our-flag=x"};
  golden("copy-all-options", argv_of(spec, {"--our-flag"}));
}

TEST_CASE("a probe has short time-outs and tries once") {
  golden("probe",
         question_argv("/usr/bin/rclone", "lsf", "src:photos", RunPaths{"/run/dray/worker/probe-1"},
                       std::vector<std::string>{"--max-depth", "1", "--format", "p"}));
}

TEST_CASE("the environment is ours alone") {
  golden("environment", rclone_environment(RunPaths{"/run/dray/worker/run-812-1-7"}));
}

TEST_CASE("flags outside the allow-list are refused however they are spelled") {
  for (const char* flag :
       {"--rc", "--rc=true", "--config=/etc/passwd", "--password-command=touch x", "-vv",
        "--log-file=/tmp/x", "--dump=headers", "--metadata-mapper=touch", "--links",
        "dst:elsewhere", "", "-", "--", "--checksum --rc"}) {
    RunSpec spec;
    spec.options.flags = {flag};
    INFO(flag);
    CHECK_FALSE(rclone_argv("/usr/bin/rclone", spec, "src:", "dst:", RunPaths{"/d"}, {}));
  }
}

TEST_CASE("filter rules go to a file, one a line, and nothing that is no rule does") {
  TransferOptions options;
  options.filters = {"- *.tmp", "+ /docs/**"};
  CHECK(filter_file(options).value() == "- *.tmp\n+ /docs/**\n");
  options.filters = {"- a\n+ b"};
  CHECK_FALSE(filter_file(options));
  options.filters = {"/etc/passwd"};
  CHECK_FALSE(filter_file(options));
}

}  // namespace
}  // namespace dray::worker
