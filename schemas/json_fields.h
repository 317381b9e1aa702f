// Any struct with fields() as JSON text and back: what --json prints, what verbs take and give,
// what the database keeps of a job. The same declaration that serves the wire serves here.
//
// How values look: enums by name, times as RFC 3339 ("never", the epoch, is null), ids as numbers,
// an Endpoint as "remote:path", weekdays as "mon,tue", raw bytes as base64 (see json_forms.h).
//
// Pure and safe on any input (see json_text.h).
#pragma once

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "daemon/base/enum_names.h"
#include "daemon/base/result.h"
#include "daemon/base/time.h"
#include "schemas/ids.h"
#include "schemas/job.h"
#include "schemas/json_forms.h"
#include "schemas/json_text.h"
#include "schemas/report.h"
#include "schemas/run_task.h"
#include "schemas/wire.h"

namespace dray {

struct JsonReadOptions {
  bool unknown_keys = false;  // false: refused, with the closest allowed key
  // Patch: a missing field keeps the value that it has. Structs inside are patched too; lists,
  // endpoints and schedules are replaced as a whole. Complete: fields that are not optional must be
  // there, and optional ones keep their defaults.
  bool patch = false;
};

// A value that is JSON text already: passed through as it is.
struct JsonText {
  std::string json = "null";
  friend bool operator==(const JsonText&, const JsonText&) = default;
};

template <class T>
void write_json(JsonWriter& writer, const T& value);
template <class T>
std::string to_json(const T& value) {
  JsonWriter writer;
  write_json(writer, value);
  return writer.take();
}

// Reads into `out`, which keeps its values where the text says nothing. On failure `out` is half
// changed: read into a copy. invalid: "options.transfers: must be a whole number from 0 to ...".
template <class T>
Status read_json(const JsonValue& value, T& out, const JsonReadOptions& options = {});
template <class T>
Result<T> from_json(std::string_view text, const JsonReadOptions& options = {}) {
  DRAY_TRY_ASSIGN(const JsonDocument document, JsonDocument::parse(text));
  T out;
  DRAY_TRY(read_json(document.root(), out, options));
  return out;
}

// ── How it is done ──────────────────────────────────────────────────────────────────────────────

namespace json_detail {

template <class T>
struct IsMap : std::false_type {};
template <class T>
struct IsMap<std::map<std::string, T>> : std::true_type {};

std::string bytes_to_text(std::string_view bytes);
bool bytes_from_text(std::string_view text, std::string& out, wire::DecodeError& error);
std::string weekdays_to_text(WeekdaySet set);
bool weekdays_from(const JsonValue& value, WeekdaySet& out, wire::DecodeError& error);
std::string endpoint_to_text(const Endpoint& endpoint);
bool endpoint_from(const JsonValue& value, Endpoint& out, wire::DecodeError& error);
bool time_from(const JsonValue& value, WallTime& out, wire::DecodeError& error);
void wrong_integer(wire::DecodeError& error, int64_t min, uint64_t max);
void wrong_enum(wire::DecodeError& error, const JsonValue& value, std::string_view what,
                std::vector<std::string_view> names);
// False when `object` holds a key that is not in `known`.
bool check_keys(const JsonValue& object, const std::vector<std::string_view>& known,
                wire::DecodeError& error);

template <class Struct>
struct FieldWriter {
  JsonWriter* writer;
  template <class T>
  void operator()(std::string_view name, const T& value) {
    writer->key(name);
    const JsonForm form = JsonForms<Struct>::of(name);
    if constexpr (std::is_same_v<T, std::string>) {
      if (form == JsonForm::base64) return writer->text(bytes_to_text(value));
    }
    if constexpr (std::is_same_v<T, WeekdaySet>) {
      if (form == JsonForm::weekdays) return writer->text(weekdays_to_text(value));
    }
    write_json(*writer, value);
  }
  template <class T>
  void optional(std::string_view name, const T& value) {
    (*this)(name, value);
  }
};

template <class T>
bool read_value(const JsonValue& value, T& out, const JsonReadOptions& options,
                wire::DecodeError& error);

template <class Struct>
struct FieldReader {
  JsonValue object;
  const JsonReadOptions* options;
  wire::DecodeError* error;
  bool ok = true;
  std::vector<std::string_view> known{};

  template <class T>
  void operator()(std::string_view name, T& field) {
    read(name, field, !options->patch);
  }
  template <class T>
  void optional(std::string_view name, T& field) {
    read(name, field, false);
  }

 private:
  template <class T>
  void read(std::string_view name, T& field, bool required) {
    known.push_back(name);
    if (!ok) return;
    const std::optional<JsonValue> value = object.find(name);
    if (!value) {
      if (!required) return;
      ok = false;
      error->wrong("is missing");
    } else {
      ok = read_form(*value, JsonForms<Struct>::of(name), field);
    }
    if (!ok) error->grow(name);
  }
  template <class T>
  bool read_form(const JsonValue& value, JsonForm form, T& field) {
    if constexpr (std::is_same_v<T, std::string>) {
      if (form == JsonForm::base64) {
        const auto text = value.text();
        return bytes_from_text(text.value_or("?"), field, *error);
      }
    }
    if constexpr (std::is_same_v<T, WeekdaySet>) {
      if (form == JsonForm::weekdays) return weekdays_from(value, field, *error);
    }
    return read_value(value, field, *options, *error);
  }
};

template <class T>
bool read_fields(const JsonValue& value, T& out, const JsonReadOptions& options,
                 wire::DecodeError& error) {
  if (!value.is_object()) {
    error.wrong("must be an object");
    return false;
  }
  FieldReader<T> reader{value, &options, &error};
  T::fields(out, reader);
  if (!reader.ok) return false;
  return options.unknown_keys || check_keys(value, reader.known, error);
}

template <class T>
bool read_integer(const JsonValue& value, T& out, wire::DecodeError& error) {
  using Limits = std::numeric_limits<T>;
  if constexpr (std::is_unsigned_v<T>) {
    const auto number = value.unsigned_integer();
    if (number && *number <= Limits::max()) {
      out = static_cast<T>(*number);
      return true;
    }
  } else {
    const auto number = value.signed_integer();
    if (number && *number >= Limits::min() && *number <= Limits::max()) {
      out = static_cast<T>(*number);
      return true;
    }
  }
  wrong_integer(error, static_cast<int64_t>(Limits::min()), static_cast<uint64_t>(Limits::max()));
  return false;
}

template <class T>
bool read_enum(const JsonValue& value, T& out, wire::DecodeError& error) {
  std::vector<std::string_view> names;
  for (const EnumRow<T>& row : EnumNames<T>::kRows) {
    if (value.text() == row.name) {
      out = row.value;
      return true;
    }
    names.push_back(row.name);
  }
  wrong_enum(error, value, EnumNames<T>::kWhat, std::move(names));
  return false;
}

template <class T>
bool read_list(const JsonValue& value, std::vector<T>& out, const JsonReadOptions& options,
               wire::DecodeError& error) {
  if (!value.is_array()) {
    error.wrong("must be a list");
    return false;
  }
  out.clear();
  for (size_t i = 0; i < value.size(); ++i) {
    T item{};
    if (!read_value(value.at(i), item, options, error)) {
      error.grow(fmt::format("[{}]", i));
      return false;
    }
    out.push_back(std::move(item));
  }
  return true;
}

template <class T>
bool read_map(const JsonValue& value, std::map<std::string, T>& out, const JsonReadOptions& options,
              wire::DecodeError& error) {
  if (!value.is_object()) {
    error.wrong("must be an object");
    return false;
  }
  out.clear();
  for (const std::string_view key : value.keys()) {
    if (!read_value(*value.find(key), out[std::string(key)], options, error)) {
      error.grow(key);
      return false;
    }
  }
  return true;
}

template <class T, class Source>
bool take(std::optional<Source> source, T& out, std::string_view problem,
          wire::DecodeError& error) {
  if (!source) {
    error.wrong(problem);
    return false;
  }
  out = T(*source);
  return true;
}

template <class T>
bool read_value(const JsonValue& value, T& out, const JsonReadOptions& options,
                wire::DecodeError& error) {
  if constexpr (std::is_same_v<T, bool>) {
    return take(value.boolean(), out, "must be true or false", error);
  } else if constexpr (std::is_enum_v<T>) {
    return read_enum(value, out, error);
  } else if constexpr (std::is_floating_point_v<T>) {
    return take(value.floating(), out, "must be a number", error);
  } else if constexpr (std::is_integral_v<T>) {
    return read_integer(value, out, error);
  } else if constexpr (wire::IsId<T>::value) {
    return read_integer(value, out.value, error);
  } else if constexpr (std::is_same_v<T, WallTime>) {
    return time_from(value, out, error);
  } else if constexpr (std::is_same_v<T, std::string>) {
    return take(value.text(), out, "must be a text", error);
  } else if constexpr (std::is_same_v<T, JsonText>) {
    out.json = value.dump();
    return true;
  } else if constexpr (std::is_same_v<T, Endpoint>) {
    return endpoint_from(value, out, error);
  } else if constexpr (wire::IsOptional<T>::value) {
    if (value.is_null()) {
      out.reset();
      return true;
    }
    return read_value(value, out.emplace(), options, error);
  } else if constexpr (wire::IsVector<T>::value) {
    return read_list(value, out, options, error);
  } else if constexpr (IsMap<T>::value) {
    return read_map(value, out, options, error);
  } else if constexpr (std::is_same_v<T, Schedule>) {
    // A schedule is one thing: what is left of an old one would make no sense beside a new kind.
    out = Schedule{};
    JsonReadOptions complete = options;
    complete.patch = false;
    return read_fields(value, out, complete, error);
  } else {
    return read_fields(value, out, options, error);
  }
}

}  // namespace json_detail

template <class T>
void write_json(JsonWriter& writer, const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    writer.boolean(value);
  } else if constexpr (NamedEnum<T>) {
    writer.text(to_string(value));
  } else if constexpr (std::is_floating_point_v<T>) {
    writer.floating(value);
  } else if constexpr (std::is_unsigned_v<T>) {
    writer.unsigned_integer(value);
  } else if constexpr (std::is_integral_v<T>) {
    writer.signed_integer(value);
  } else if constexpr (wire::IsId<T>::value) {
    writer.unsigned_integer(value.value);
  } else if constexpr (std::is_same_v<T, WallTime>) {
    if (value == WallTime{}) return writer.null();
    writer.text(format_rfc3339(value));
  } else if constexpr (std::is_convertible_v<T, std::string_view>) {
    writer.text(value);
  } else if constexpr (std::is_same_v<T, JsonText>) {
    writer.raw(value.json);
  } else if constexpr (std::is_same_v<T, Endpoint>) {
    writer.text(json_detail::endpoint_to_text(value));
  } else if constexpr (wire::IsOptional<T>::value) {
    if (!value) return writer.null();
    write_json(writer, *value);
  } else if constexpr (wire::IsVector<T>::value) {
    writer.begin_array();
    for (const auto& item : value)
      write_json(writer, item);
    writer.end_array();
  } else if constexpr (json_detail::IsMap<T>::value) {
    writer.begin_object();
    for (const auto& [key, item] : value) {
      writer.key(key);
      write_json(writer, item);
    }
    writer.end_object();
  } else {
    writer.begin_object();
    T::fields(value, json_detail::FieldWriter<T>{&writer});
    writer.end_object();
  }
}

template <class T>
Status read_json(const JsonValue& value, T& out, const JsonReadOptions& options) {
  wire::DecodeError error;
  if (json_detail::read_value(value, out, options, error)) return {};
  if (error.path.empty()) return fail(ErrorCode::invalid, "{}", error.problem);
  return fail(ErrorCode::invalid, "{}: {}", error.path, error.problem);
}

// Structs that many files read and write are compiled once. DRAY_JSON_ONCE(extern, Struct) says so
// in a header, DRAY_JSON_ONCE(, Struct) does it in a source file of schemas.
#define DRAY_JSON_ONCE(linkage, Struct)                                       \
  linkage template bool json_detail::read_fields<Struct>(                     \
      const JsonValue&, Struct&, const JsonReadOptions&, wire::DecodeError&); \
  linkage template void write_json<Struct>(JsonWriter&, const Struct&)

DRAY_JSON_ONCE(extern, AttemptReport);
DRAY_JSON_ONCE(extern, JobSpec);
DRAY_JSON_ONCE(extern, RunTask);

}  // namespace dray
