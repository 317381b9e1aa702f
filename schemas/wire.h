// The primitive values on the wire, and the visitors that walk a message's fields() over them. The
// only users of msgpack-cxx are wire.cc and nobody else; see codec.h for whole messages.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/base/time.h"
#include "schemas/ids.h"
#include "schemas/limits.h"

namespace dray::wire {

// Appends msgpack values to a string. Owner: the caller of the constructor keeps `out` alive.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(&out) {}
  void array(size_t items);
  void nil();
  void boolean(bool value);
  void unsigned_integer(uint64_t value);
  void signed_integer(int64_t value);
  void floating(double value);
  void text(std::string_view value);

 private:
  std::string* out_;
};

// One decoded value, borrowed from the Document that it came from.
class Value {
 public:
  explicit Value(const void* object) : object_(object) {}
  bool is_nil() const;
  std::optional<size_t> array_size() const;
  Value at(size_t index) const;  // index < array_size()
  std::optional<bool> boolean() const;
  std::optional<uint64_t> unsigned_integer() const;
  std::optional<int64_t> signed_integer() const;
  std::optional<double> floating() const;
  std::optional<std::string_view> text() const;

 private:
  const void* object_;
};

// ── Encode ──────────────────────────────────────────────────────────────────────────────────────

struct FieldCounter {
  size_t count = 0;
  template <class T>
  void operator()(std::string_view, const T&) {
    ++count;
  }
  template <class T>
  void optional(std::string_view, const T&) {
    ++count;
  }
};

template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};
template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <class T>
struct IsId : std::false_type {};
template <class Tag>
struct IsId<Id<Tag>> : std::true_type {};

template <class T>
void encode(Writer& writer, const T& value);

struct FieldEncoder {
  Writer* writer;
  template <class T>
  void operator()(std::string_view, const T& value) {
    encode(*writer, value);
  }
  template <class T>
  void optional(std::string_view, const T& value) {
    encode(*writer, value);
  }
};

template <class T>
void encode(Writer& writer, const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    writer.boolean(value);
  } else if constexpr (std::is_enum_v<T>) {
    writer.unsigned_integer(static_cast<uint64_t>(value));
  } else if constexpr (std::is_floating_point_v<T>) {
    writer.floating(value);
  } else if constexpr (std::is_unsigned_v<T>) {
    writer.unsigned_integer(value);
  } else if constexpr (std::is_integral_v<T>) {
    writer.signed_integer(value);
  } else if constexpr (IsId<T>::value) {
    writer.unsigned_integer(value.value);
  } else if constexpr (std::is_same_v<T, WallTime>) {
    writer.signed_integer(to_unix_us(value));
  } else if constexpr (std::is_same_v<T, std::string>) {
    writer.text(value);
  } else if constexpr (IsOptional<T>::value) {
    if (value) {
      encode(writer, *value);
    } else {
      writer.nil();
    }
  } else if constexpr (IsVector<T>::value) {
    writer.array(value.size());
    for (const auto& item : value)
      encode(writer, item);
  } else {
    FieldCounter counter;
    T::fields(value, counter);
    writer.array(counter.count);
    T::fields(value, FieldEncoder{&writer});
  }
}

// ── Decode ──────────────────────────────────────────────────────────────────────────────────────

// Where the first problem is ("spec.remotes[2].type") and what it is. Empty: none yet.
struct DecodeError {
  std::string path;
  std::string problem;
  void wrong(std::string_view what) { problem = what; }
  void grow(std::string_view field) {
    path = path.empty()          ? std::string(field)
           : path.front() == '[' ? fmt::format("{}{}", field, path)
                                 : fmt::format("{}.{}", field, path);
  }
};

template <class T>
bool decode(const Value& value, T& out, DecodeError& error);

// Walks the elements of a struct's array. Elements past the known fields are ignored: a newer peer
// sent them.
struct FieldDecoder {
  Value array;
  size_t size;
  DecodeError* error;
  size_t index = 0;
  bool ok = true;

  template <class T>
  void operator()(std::string_view name, T& field) {
    read(name, field, true);
  }
  template <class T>
  void optional(std::string_view name, T& field) {
    read(name, field, false);
  }

 private:
  template <class T>
  void read(std::string_view name, T& field, bool required) {
    if (!ok) return;
    const size_t i = index++;
    if (i >= size) {
      if (!required) return;
      ok = false;
      error->wrong("is missing");
      error->grow(name);
    } else if (!decode(array.at(i), field, *error)) {
      ok = false;
      error->grow(name);
    }
  }
};

template <class T, class Source>
bool assign_integer(std::optional<Source> source, T& out, DecodeError& error) {
  if (!source || static_cast<Source>(static_cast<T>(*source)) != *source) {
    error.wrong("must be an integer in range");
    return false;
  }
  out = static_cast<T>(*source);
  return true;
}

template <class T>
bool decode_vector(const Value& value, std::vector<T>& out, DecodeError& error) {
  const auto size = value.array_size();
  if (!size) {
    error.wrong("must be an array");
    return false;
  }
  out.clear();
  out.reserve(std::min<size_t>(*size, 1024));
  for (size_t i = 0; i < *size; ++i) {
    if (!decode(value.at(i), out.emplace_back(), error)) {
      error.grow(fmt::format("[{}]", i));
      return false;
    }
  }
  return true;
}

template <class T>
bool decode_fields(const Value& value, T& out, DecodeError& error) {
  const auto size = value.array_size();
  if (!size) {
    error.wrong("must be an array");
    return false;
  }
  FieldDecoder decoder{value, *size, &error};
  T::fields(out, decoder);
  return decoder.ok;
}

template <class T>
bool assign_or_wrong(std::optional<T> source, T& out, std::string_view what, DecodeError& error) {
  if (!source) {
    error.wrong(what);
    return false;
  }
  out = *source;
  return true;
}

template <class T>
bool decode_enum(const Value& value, T& out, DecodeError& error) {
  std::underlying_type_t<T> number{};
  if (!assign_integer(value.unsigned_integer(), number, error)) return false;
  if (!is_known(static_cast<T>(number))) {
    error.wrong("is not a known value");
    return false;
  }
  out = static_cast<T>(number);
  return true;
}

template <class T>
bool decode(const Value& value, T& out, DecodeError& error) {
  if constexpr (std::is_same_v<T, bool>) {
    return assign_or_wrong(value.boolean(), out, "must be a boolean", error);
  } else if constexpr (std::is_enum_v<T>) {
    return decode_enum(value, out, error);
  } else if constexpr (std::is_floating_point_v<T>) {
    return assign_or_wrong(value.floating(), out, "must be a number", error);
  } else if constexpr (std::is_unsigned_v<T>) {
    return assign_integer(value.unsigned_integer(), out, error);
  } else if constexpr (std::is_integral_v<T>) {
    return assign_integer(value.signed_integer(), out, error);
  } else if constexpr (IsId<T>::value) {
    return assign_integer(value.unsigned_integer(), out.value, error);
  } else if constexpr (std::is_same_v<T, WallTime>) {
    int64_t us = 0;
    if (!assign_integer(value.signed_integer(), us, error)) return false;
    out = from_unix_us(us);
    return true;
  } else if constexpr (std::is_same_v<T, std::string>) {
    const auto text = value.text();
    if (!text) {
      error.wrong("must be a text");
      return false;
    }
    out.assign(*text);
    return true;
  } else if constexpr (IsOptional<T>::value) {
    if (value.is_nil()) {
      out.reset();
      return true;
    }
    return decode(value, out.emplace(), error);
  } else if constexpr (IsVector<T>::value) {
    return decode_vector(value, out, error);
  } else {
    return decode_fields(value, out, error);
  }
}

}  // namespace dray::wire
