// The database's shapes in order, as they stand in schemas/sql/NNN_name.sql; put into the program
// by the build. store.h says how a shape is changed.
#pragma once

#include <span>
#include <string_view>

namespace dray {

struct Migration {
  int version;  // NNN, from 1, without gaps
  std::string_view name;
  std::string_view sql;
};

std::span<const Migration> migrations();

}  // namespace dray
