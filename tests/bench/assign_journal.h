// When a worker received each ASSIGN and each START: bench-assign appends records, bench-load reads
// them. Times are nanoseconds of the boot clock, the same for all processes of a machine.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "daemon/base/files.h"
#include "daemon/base/result.h"

namespace dray::bench {

struct AssignRecord {
  uint64_t run = 0;
  int64_t assigned = 0;  // 0: the record is about START
  int64_t started = 0;   // 0: the record is about ASSIGN
};

inline Result<std::vector<AssignRecord>> read_assign_journal(const std::string& path) {
  DRAY_TRY_ASSIGN(const std::string bytes, read_file(path, size_t{1} << 30));
  std::vector<AssignRecord> records(bytes.size() / sizeof(AssignRecord));
  std::memcpy(records.data(), bytes.data(), records.size() * sizeof(AssignRecord));
  return records;
}

}  // namespace dray::bench
