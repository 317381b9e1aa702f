// Sections of an rclone.conf (schemas/rclone_conf.h) turned into remotes of ours. Pure: files that
// settings point at are read through a function.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"
#include "schemas/job.h"
#include "schemas/rclone_conf.h"

namespace dray::ops {

struct ImportItem {
  std::string original;  // as rclone called it
  std::string name;      // as we call it; another one when rclone's has characters we do not take
  std::string type;
  RemoteSettings settings;  // ready to seal
  std::vector<std::string> refers_to;
  std::string refused;             // why it is not imported; "": it is
  std::vector<std::string> notes;  // what was changed, one sentence each
};

using ReadFile = std::function<Result<std::string>(const std::string& path)>;

// What an import would do, remotes before those that refer to them. `only`: these and what they
// refer to; empty: all. not_found: a name in `only` that the file does not have.
Result<std::vector<ImportItem>> plan_import(const std::vector<ConfSection>& sections,
                                            const std::vector<std::string>& only,
                                            const ReadFile& read_file);

// A private key or service account that a setting names by file is taken over as text: a worker has
// no such file. Changes `settings` and adds a note. Also used by `dray remote add`.
Status take_over_files(std::string_view type, RemoteSettings& settings, const ReadFile& read_file,
                       std::vector<std::string>& notes);

}  // namespace dray::ops
