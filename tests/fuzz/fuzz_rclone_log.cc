// Output of rclone, whole or torn: it is judged and shown the same however it is cut into pieces,
// and nothing in it reaches a terminal as a control character.
#include <algorithm>
#include <filesystem>
#include <span>

#include "daemon/base/files.h"
#include "tests/fuzz/target.h"
#include "workers/explain.h"

namespace dray::fuzz {
namespace {

struct Seen {
  std::string judgement;
  std::string text;
};

// In pieces of this many bytes.
Seen read(std::string_view log, size_t piece) {
  LogExplainer explainer;
  LogRenderer renderer;
  Seen seen;
  for (size_t at = 0; at < log.size(); at += piece) {
    const std::string_view part = log.substr(at, piece);
    explainer.feed(std::span(part));
    renderer.feed(std::span(part), seen.text);
  }
  renderer.finish(seen.text);
  seen.judgement = to_json(explainer.finish(ExitFacts{1}));
  return seen;
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t';
}

}  // namespace

std::vector<std::string> seeds() {
  std::vector<std::string> list;
  std::error_code ignored;
  for (const auto& entry :
       std::filesystem::directory_iterator(DRAY_SOURCE_DIR "/tests/golden/rclone", ignored))
    if (entry.path().extension() == ".jsonl")
      list.push_back(read_file(entry.path(), 1 << 20).value_or(std::string()));
  std::ranges::sort(list);
  return list;
}

std::vector<std::string_view> words() {
  return {"\n",         "\"stats\":{",   "\"level\":\"error\"",
          "\"msg\":\"", "\"object\":\"", "\\u001b",
          "\x1b[31m",   "\\ud800",       "1e999",
          "-1",         "null",          "{\"",
          "\"bytes\":", "Errors:",       "2026/11/20 05:54:38 NOTICE: "};
}

}  // namespace dray::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dray::fuzz;
  if (size == 0) return 0;
  const std::string_view log = text_of(data, size).substr(1);
  const Seen whole = read(log, std::max<size_t>(log.size(), 1));
  const Seen cut = read(log, static_cast<size_t>(data[0]) + 1);
  must(whole.judgement == cut.judgement, "a log means the same however it is cut");
  must(whole.text == cut.text, "a log looks the same however it is cut");
  must(std::ranges::none_of(whole.text, is_control), "no control character is shown");
  return 0;
}
