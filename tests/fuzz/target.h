// A fuzz target: one entry point that must hold on any bytes, and inputs to begin with. driver.cc
// runs it; the name of the entry point is that of libFuzzer, which g++ does not have.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace dray::fuzz {

// Good inputs, which mutations begin with.
std::vector<std::string> seeds();
// Words of the format, which mutations put in.
std::vector<std::string_view> words();

inline std::string_view text_of(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// What every target must hold, besides not crashing.
inline void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

}  // namespace dray::fuzz
