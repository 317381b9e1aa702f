// Frames off the wire: whatever they hold is read or refused, and what was read writes and reads
// back as the same bytes.
#include <sstream>

#include "daemon/base/files.h"
#include "schemas/codec.h"
#include "tests/fuzz/target.h"

namespace dray::fuzz {
namespace {

template <class Message>
void check(const Envelope& envelope) {
  const auto message = envelope.decode<Message>();
  if (!message) return;
  const std::string bytes = encode_message(*message, envelope.id());
  bool again = false;
  const Status read = read_frame(bytes, [&](const Envelope& second) {
    const auto same = second.decode<Message>();
    again = same && second.id() == envelope.id() && encode_message(*same, second.id()) == bytes;
  });
  must(read.has_value() && again, "what was read can be written and read again");
}

}  // namespace

// The examples of the protocol's description.
std::vector<std::string> seeds() {
  std::vector<std::string> list;
  std::istringstream document(
      read_file(DRAY_SOURCE_DIR "/schemas/PROTOCOL.md", 1 << 20).value_or(std::string()));
  bool in_example = false;
  for (std::string line; std::getline(document, line);) {
    if (line == "```hex") list.emplace_back();
    if (line.starts_with("```")) {
      in_example = line == "```hex";
      continue;
    }
    if (!in_example) continue;
    std::istringstream pairs(line);
    for (std::string pair; pairs >> pair;)
      list.back() += static_cast<char>(std::stoi(pair, nullptr, 16));
  }
  return list;
}

std::vector<std::string_view> words() {
  return {std::string_view("\xdd\xff\xff\xff\xff", 5),
          std::string_view("\xdf\xff\xff\xff\xff", 5),
          std::string_view("\xc6\xff\xff\xff\xff", 5),
          std::string_view("\xdb\x7f\xff\xff\xff", 5),
          "\x94",
          "\x91\x91\x91\x91\x91\x91\x91\x91",
          "\xcb",
          "\xd3",
          "\xc7"};
}

}  // namespace dray::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dray;
  (void)read_frame(fuzz::text_of(data, size), [](const Envelope& envelope) {
    switch (envelope.type()) {
#define DRAY_FUZZ_MESSAGE(Struct, name) \
  case MessageType::name:               \
    return fuzz::check<Struct>(envelope);
      DRAY_MESSAGES(DRAY_FUZZ_MESSAGE)
#undef DRAY_FUZZ_MESSAGE
    }
  });
  return 0;
}
