// rclone's own configuration file, read. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"
#include "schemas/job.h"

namespace dray {

struct ConfSection {
  std::string name;
  int line = 0;             // of its [head]
  RemoteSettings settings;  // `type` included
};

// In the order of the file; a section that appears twice is one. invalid: "FILE:LINE: ...", never
// with the content of the line, which may be a secret; also an encrypted file, with what to do.
Result<std::vector<ConfSection>> parse_rclone_conf(std::string_view text,
                                                   std::string_view file_name);

}  // namespace dray
