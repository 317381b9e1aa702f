// The demo's source: a few hundred files of mixed size with the names that real people have.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/base/result.h"

namespace dray::ops {

struct DemoFile {
  std::string path;  // relative
  uint64_t bytes = 0;
};

// What the demo copies; the same on every machine. Pure.
std::vector<DemoFile> demo_files();

struct TreeSize {
  uint64_t files = 0;
  uint64_t bytes = 0;
};

// Writes what is missing or has another size, and one file that is new at every start, so that a
// second run has something to do.
Result<TreeSize> make_demo_source(const std::string& root);

// Are two directories equal, name by name and byte by byte? The first few differences as
// sentences; empty: equal.
struct Comparison {
  TreeSize size;  // of `a`
  std::vector<std::string> differences;
};
Result<Comparison> compare_trees(const std::string& a, const std::string& b);

}  // namespace dray::ops
