// Fields whose JSON form is not that of their type: a number that is a set of weekdays, a text that
// is raw bytes. One row for each; json_fields.h asks them by the name of the field.
#pragma once

#include <string_view>

#include "schemas/job.h"
#include "schemas/messages.h"

namespace dray {

enum class JsonForm { plain, base64, weekdays };

template <class Struct>
struct JsonForms {
  static constexpr JsonForm of(std::string_view) { return JsonForm::plain; }
};
template <>
struct JsonForms<Schedule> {
  static constexpr JsonForm of(std::string_view field) {
    return field == "weekdays" ? JsonForm::weekdays : JsonForm::plain;
  }
};
template <>
struct JsonForms<BandwidthRow> : JsonForms<Schedule> {};
template <>
struct JsonForms<RunWindow> : JsonForms<Schedule> {};
template <>
struct JsonForms<SealedRemote> {
  static constexpr JsonForm of(std::string_view field) {
    return field == "sealed" ? JsonForm::base64 : JsonForm::plain;
  }
};
template <>
struct JsonForms<LogChunk> {
  static constexpr JsonForm of(std::string_view field) {
    return field == "data" ? JsonForm::base64 : JsonForm::plain;
  }
};
template <>
struct JsonForms<Hello> {
  static constexpr JsonForm of(std::string_view field) {
    return field == "public_key" ? JsonForm::base64 : JsonForm::plain;
  }
};

}  // namespace dray
