// Every recorded rclone log, judged. The expected judgements are files; DRAY_UPDATE_GOLDEN=1
// rewrites them.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "workers/explain.h"

namespace dray {
namespace {

namespace fs = std::filesystem;

const fs::path kGolden = fs::path(DRAY_SOURCE_DIR) / "tests/golden";

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  REQUIRE(in);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string value_after(const std::string& text, const std::string& key) {
  const size_t at = text.find("\n" + key);
  if (at == std::string::npos) return {};
  const size_t begin = at + 1 + key.size();
  return text.substr(begin, text.find('\n', begin) - begin);
}

// "exit code: 1", "wait status: killed by signal 9 (SIGKILL)", "wait status: exited 2"
ExitFacts facts_of(const std::string& meta) {
  ExitFacts facts;
  const std::string version = value_after(meta, "rclone version: ");
  facts.version = parse_rclone_version(version.empty() ? "v1.60.1-DEV" : version);
  const std::string code = value_after(meta, "exit code: ");
  const std::string status = value_after(meta, "wait status: ");
  const std::string by_signal = "killed by signal ";
  if (!code.empty()) {
    facts.exit_code = std::stoi(code);
  } else if (status.starts_with(by_signal)) {
    facts.signal = std::stoi(status.substr(by_signal.size()));
  } else {
    facts.exit_code = std::stoi(status.substr(std::string("exited ").size()));
  }
  if (value_after(meta, "stopped by us: ") == "yes") facts.stop = StopReason::requested;
  return facts;
}

std::vector<std::string> fixture_names(const fs::path& folder) {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".jsonl") names.push_back(entry.path().stem());
  std::ranges::sort(names);
  return names;
}

Judgement explain(std::string_view log, const ExitFacts& facts, size_t chunk) {
  LogExplainer explainer;
  for (; !log.empty(); log.remove_prefix(std::min(chunk, log.size())))
    explainer.feed(std::span(log.data(), std::min(chunk, log.size())));
  return explainer.finish(facts);
}

void check_folder(const std::string& folder, const std::string& expected_folder) {
  const bool update = std::getenv("DRAY_UPDATE_GOLDEN") != nullptr;
  const std::vector<std::string> names = fixture_names(kGolden / folder);
  REQUIRE(names.size() > 0);
  for (const std::string& name : names) {
    INFO(name);
    const std::string log = read_file(kGolden / folder / (name + ".jsonl"));
    const ExitFacts facts = facts_of("\n" + read_file(kGolden / folder / (name + ".meta.txt")));
    const std::string json = to_json(explain(log, facts, 65536));
    const std::string pretty = nlohmann::ordered_json::parse(json).dump(2) + "\n";
    const fs::path expected = kGolden / expected_folder / (name + ".json");
    if (update) std::ofstream(expected, std::ios::binary) << pretty;
    CHECK(pretty == read_file(expected));
    CHECK(to_json(explain(log, facts, 7)) == json);
  }
}

TEST_CASE("every recorded log of rclone 1.60 is judged as its golden file says") {
  check_folder("rclone", "rclone_explained");
}

TEST_CASE("logs of newer rclone versions are judged as their golden files say") {
  check_folder("rclone_newer", "rclone_newer_explained");
}

}  // namespace
}  // namespace dray
