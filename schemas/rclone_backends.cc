#include "schemas/rclone_backends.h"

namespace dray {

RcloneBackends::RcloneBackends(std::vector<RcloneBackend> backends) : all_(std::move(backends)) {
  for (size_t i = 0; i < all_.size(); ++i) {
    by_name_.emplace(all_[i].name, i);
    for (const std::string& alias : all_[i].aliases)
      by_name_.emplace(alias, i);
  }
}

const RcloneBackend* RcloneBackends::find(std::string_view type) const {
  const auto found = by_name_.find(type);
  return found == by_name_.end() ? nullptr : &all_[found->second];
}

}  // namespace dray
