// PROTOCOL.md says what the code does: every message and structure with its fields in order, and an
// example of every message that the code reads and writes the same way.
#include <map>
#include <sstream>

#include "daemon/base/files.h"
#include "schemas/codec.h"
#include "tests/support/catch.h"
#include "tests/unit/schemas/protocol_fields.h"

namespace dray {
namespace {

struct Section {
  std::vector<FieldRow> fields;
  std::string example;  // bytes
};

std::string from_hex(const std::string& text) {
  std::string bytes;
  std::istringstream in(text);
  for (std::string pair; in >> pair;)
    bytes += static_cast<char>(std::stoi(pair, nullptr, 16));
  return bytes;
}

// "| `name` | type | meaning |"
std::optional<FieldRow> field_row(const std::string& line) {
  if (!line.starts_with("| `")) return std::nullopt;
  const size_t name_end = line.find("` | ", 3);
  const size_t type_end = line.find(" | ", name_end + 4);
  if (name_end == std::string::npos || type_end == std::string::npos) return std::nullopt;
  return FieldRow{line.substr(3, name_end - 3), line.substr(name_end + 4, type_end - name_end - 4)};
}

// By heading: "### HELLO (20)", "### struct Token".
std::map<std::string, Section> read_document() {
  const auto text = read_file(DRAY_SOURCE_DIR "/schemas/PROTOCOL.md", 1 << 20);
  REQUIRE(text.has_value());
  std::map<std::string, Section> sections;
  Section* section = nullptr;
  bool in_example = false;
  std::string hex;
  std::istringstream in(*text);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("#")) {
      section = line.starts_with("### ") ? &sections[line.substr(4)] : nullptr;
    } else if (section != nullptr && line == "```hex") {
      in_example = true;
      hex.clear();
    } else if (in_example && line == "```") {
      in_example = false;
      section->example = from_hex(hex);
    } else if (in_example) {
      hex += line + " ";
    } else if (const auto row = field_row(line); section != nullptr && row) {
      section->fields.push_back(*row);
    }
  }
  return sections;
}

std::string heading(MessageType type) {
  std::string name(to_string(type));
  for (char& c : name)
    c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return fmt::format("{} ({})", name, static_cast<int>(type));
}

void check_fields(const std::map<std::string, Section>& document, const std::string& title,
                  const std::vector<FieldRow>& wanted) {
  INFO(title);
  const auto section = document.find(title);
  REQUIRE(section != document.end());
  REQUIRE(section->second.fields.size() == wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i) {
    CHECK(section->second.fields[i].name == wanted[i].name);
    INFO(wanted[i].name);
    CHECK(section->second.fields[i].type == wanted[i].type);
  }
}

template <class Message>
void check_example(const std::map<std::string, Section>& document, const std::string& title) {
  INFO(title);
  const std::string& example = document.at(title).example;
  REQUIRE_FALSE(example.empty());
  size_t envelopes = 0;
  const Status read = read_frame(example, [&](const Envelope& envelope) {
    ++envelopes;
    const auto message = envelope.decode<Message>();
    REQUIRE(message.has_value());
    CHECK(encode_message(*message, envelope.id()) == example);
  });
  CHECK(read.has_value());
  CHECK(envelopes == 1);
}

}  // namespace

TEST_CASE("the protocol document has every message with the fields of the code") {
  const auto document = read_document();
  size_t messages = 0;
#define DRAY_CHECK_MESSAGE(Struct, name)                                   \
  check_fields(document, heading(MessageType::name), fields_of<Struct>()); \
  check_example<Struct>(document, heading(MessageType::name));             \
  ++messages;
  DRAY_MESSAGES(DRAY_CHECK_MESSAGE)
#undef DRAY_CHECK_MESSAGE
  size_t documented = 0;
  for (const auto& [title, section] : document)
    documented += title.ends_with(")") ? 1 : 0;
  CHECK(documented == messages);
}

TEST_CASE("the protocol document has every structure with the fields of the code") {
  const auto document = read_document();
#define DRAY_CHECK_STRUCT(Struct) check_fields(document, "struct " #Struct, fields_of<Struct>());
  DRAY_STRUCTS(DRAY_CHECK_STRUCT)
#undef DRAY_CHECK_STRUCT
}

TEST_CASE("the protocol document names every value of the enumerations on the wire") {
  const auto text = read_file(DRAY_SOURCE_DIR "/schemas/PROTOCOL.md", 1 << 20).value();
  const auto check = [&](const auto& rows) {
    for (const auto& row : rows) {
      INFO(row.name);
      const auto wanted = fmt::format("{} `{}`", static_cast<int>(row.value), row.name);
      CHECK_THAT(text, Catch::Matchers::Contains(wanted));
    }
  };
  check(EnumNames<Role>::kRows);
  check(EnumNames<RunState>::kRows);
  check(EnumNames<Outcome>::kRows);
  check(EnumNames<ErrorClass>::kRows);
  check(EnumNames<Phase>::kRows);
  check(EnumNames<JobKind>::kRows);
  for (int code = 0; code <= static_cast<int>(ErrorCode::corrupt); ++code)
    CHECK_THAT(text, Catch::Matchers::Contains(
                         fmt::format("{} `{}`", code, to_string(static_cast<ErrorCode>(code)))));
}

}  // namespace dray
