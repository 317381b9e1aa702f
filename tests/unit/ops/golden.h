// Texts that must not change by accident. DRAY_UPDATE_GOLDEN=1 writes them anew.
#pragma once

#include <cstdlib>
#include <string>

#include "daemon/base/files.h"

namespace dray::ops::test {

inline std::string golden(const std::string& name, const std::string& actual) {
  const std::string path = std::string(DRAY_SOURCE_DIR) + "/tests/golden/cli/" + name;
  if (std::getenv("DRAY_UPDATE_GOLDEN") != nullptr) {
    if (!write_file_atomic(path, actual, 0644)) return "cannot write " + path;
  }
  const auto expected = read_file(path, 1 << 20);
  return expected ? *expected : expected.error().message;
}

}  // namespace dray::ops::test
