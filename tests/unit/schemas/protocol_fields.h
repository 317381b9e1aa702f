// The fields of a message as the code has them, in the words of PROTOCOL.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "schemas/messages.h"
#include "schemas/wire.h"

namespace dray {

template <class T>
struct StructName {
  static constexpr std::string_view kName = "";
};
#define DRAY_STRUCTS(X)                                                                        \
  X(Token)                                                                                     \
  X(OwnerRow) X(HeldAttempt) X(Progress) X(CurrentFile) X(RunSpec) X(Endpoint) X(SealedRemote) \
      X(TransferOptions) X(CancelRow) X(BandwidthShare) X(Acting)
#define DRAY_STRUCT_NAME(Struct)                       \
  template <>                                          \
  struct StructName<Struct> {                          \
    static constexpr std::string_view kName = #Struct; \
  };
DRAY_STRUCTS(DRAY_STRUCT_NAME)
#undef DRAY_STRUCT_NAME

struct FieldRow {
  std::string name;
  std::string type;
  friend bool operator==(const FieldRow&, const FieldRow&) = default;
};

// "uint", "list of Token", "RunState", "text, optional"
template <class T>
std::string wire_type() {
  if constexpr (std::is_same_v<T, bool>) {
    return "bool";
  } else if constexpr (std::is_enum_v<T>) {
    return std::string(EnumNames<T>::kWhat);
  } else if constexpr (std::is_floating_point_v<T>) {
    return "float";
  } else if constexpr (std::is_unsigned_v<T> || wire::IsId<T>::value) {
    return "uint";
  } else if constexpr (std::is_integral_v<T>) {
    return "int";
  } else if constexpr (std::is_same_v<T, WallTime>) {
    return "time";
  } else if constexpr (std::is_same_v<T, std::string>) {
    return "text";
  } else if constexpr (wire::IsOptional<T>::value) {
    return wire_type<typename T::value_type>() + " or nil";
  } else if constexpr (wire::IsVector<T>::value) {
    return "list of " + wire_type<typename T::value_type>();
  } else {
    static_assert(!StructName<T>::kName.empty(), "add it to DRAY_STRUCTS");
    return std::string(StructName<T>::kName);
  }
}

struct FieldLister {
  std::vector<FieldRow>* rows;
  template <class T>
  void operator()(std::string_view name, const T&) {
    rows->push_back({std::string(name), wire_type<T>()});
  }
  template <class T>
  void optional(std::string_view name, const T&) {
    rows->push_back({std::string(name), wire_type<T>() + ", optional"});
  }
};

template <class Struct>
std::vector<FieldRow> fields_of() {
  std::vector<FieldRow> rows;
  const Struct sample;
  Struct::fields(sample, FieldLister{&rows});
  return rows;
}

}  // namespace dray
