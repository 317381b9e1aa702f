// What a client sends over a WebSocket: read the same however it is cut, in bounded memory; what
// came compressed is unpacked within its bound, and what we compress comes back the same.
#include "daemon/notifier/live_deflate.h"
#include "daemon/notifier/live_filter.h"
#include "daemon/notifier/live_frames.h"
#include "tests/fuzz/target.h"

namespace dray::fuzz {
namespace {

using notifier::FrameReader;

constexpr size_t kMost = 4096;

std::vector<std::string> read_all(std::string_view bytes, size_t step) {
  std::vector<std::string> heard;
  FrameReader reader(kMost, true);
  while (!bytes.empty()) {
    const std::string_view part = bytes.substr(0, std::min(step, bytes.size()));
    bytes.remove_prefix(part.size());
    const auto broken = reader.feed(part, [&](FrameReader::Message&& message) {
      must(message.payload.size() <= kMost, "a message is bounded");
      heard.push_back(fmt::format("{} {} {}", static_cast<int>(message.opcode), message.deflated,
                                  message.payload));
    });
    if (!broken) continue;
    heard.push_back(fmt::format("broken {}", static_cast<int>(*broken)));
    break;
  }
  return heard;
}

void check_compression(std::string_view text) {
  if (const auto unpacked = notifier::inflate(text, kMost))
    must(unpacked->size() <= kMost, "what is unpacked is bounded");
  static notifier::Deflater deflater;
  const auto again = notifier::inflate(deflater.deflate(text), text.size());
  must(again && *again == text, "what is compressed comes back the same");
}

}  // namespace

std::vector<std::string> seeds() {
  const std::string mask("\x01\x02\x03\x04", 4);
  return {"\x81\x84" + mask + "ping",
          "\x01\x82" + mask + "ab\x80\x82" + mask + "cd",
          "\xc1\x85" + mask + "\xab\xcd\x02\x03\x04",
          "\x89\x80" + mask + "\x88\x82" + mask + "ab",
          std::string("\x81\xfe\x00\x80", 4) + mask + std::string(128, 'x'),
          "permessage-deflate; client_max_window_bits=10, foo; bar",
          "run.state,run.progress"};
}

std::vector<std::string_view> words() {
  return {"\x81", "\x80", "\xfe", "\xff", "permessage-deflate", ";", ",", "run.", "worker"};
}

}  // namespace dray::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dray;
  const std::string_view text = fuzz::text_of(data, size);
  const auto whole = fuzz::read_all(text, SIZE_MAX);
  for (const size_t step : {1, 2, 5, 64})
    fuzz::must(fuzz::read_all(text, step) == whole, "messages are the same however they are cut");
  fuzz::check_compression(text);
  (void)notifier::accept_deflate(text);
  (void)notifier::LiveFilter::parse({}, text, "", "", {});
  return 0;
}
