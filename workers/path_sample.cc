#include "workers/path_sample.h"

#include "workers/listing_parser.h"

namespace dray::worker {
namespace {

// FNV-1a with a final mix: spreads well enough to choose by, and is the same everywhere.
uint64_t rank_of(std::string_view path, uint64_t seed) {
  uint64_t hash = 14695981039346656037ULL ^ (seed * 0x9e3779b97f4a7c15ULL);
  for (const char c : path)
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccdULL;
  return hash ^ (hash >> 33);
}

}  // namespace

void PathSample::offer(std::string_view path) {
  if (!fits_path_list(path)) return;
  const uint64_t rank = rank_of(path, seed_);
  if (rank < nearest_rank_) {
    nearest_rank_ = rank;
    nearest_ = path;
  }
  if (rank / (UINT64_MAX / 100) >= percent_) return;
  if (list_.size() + path.size() + 1 <= kMaxListBytes) list_.append(path) += '\n';
}

void PathSample::finish() {
  if (list_.empty() && !nearest_.empty()) list_ = nearest_ + "\n";
}

}  // namespace dray::worker
