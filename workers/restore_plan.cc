#include "workers/restore_plan.h"

#include <fcntl.h>

#include <algorithm>

#include "daemon/base/fd.h"
#include "daemon/base/files.h"
#include "daemon/base/quote.h"
#include "workers/remote_listing.h"

namespace dray::worker {
namespace {

constexpr size_t kPending = 64 << 10;

// FNV-1a over the path, then mixed so that near seeds choose different files (splitmix64).
uint64_t mixed_hash(std::string_view path, uint64_t seed) {
  uint64_t hash = 0xcbf29ce484222325ull ^ (seed * 0x9e3779b97f4a7c15ull);
  for (const char c : path)
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9ull;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebull;
  return hash ^ (hash >> 31);
}

}  // namespace

Status RestorePartWriter::add(const RemoteEntry& entry, const std::optional<VersionDir>& place) {
  if (!fits_path_list(entry.path))
    return fail(ErrorCode::invalid, "{} holds a control character and cannot be restored by name",
                quoted(entry.path));
  Open& open = open_[place];
  if (!open.begun) {
    open.begun = true;
    const std::string name = place ? dir_name(*place) : "current";
    open.part.from = place ? below_place(versions_, name) : objects_;
    open.part.list = fmt::format("{}/part-{}", directory_, name);
  }
  ++open.part.files;
  if (entry.size != RemoteEntry::kUnknownSize) open.part.bytes += entry.size;
  open.pending += entry.path;
  open.pending += '\n';
  return open.pending.size() < kPending ? Status{} : flush(open);
}

Status RestorePartWriter::flush(Open& open) {
  const std::string& path = open.part.list;
  const UniqueFd fd(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return fail_errno(errno, path);
  DRAY_TRY(write_all(fd.get(), open.pending, path));
  open.pending.clear();
  return {};
}

Result<std::vector<RestorePart>> RestorePartWriter::finish() {
  std::vector<RestorePart> parts;
  for (auto& [place, open] : open_) {
    DRAY_TRY(flush(open));
    parts.push_back(std::move(open.part));
  }
  open_.clear();
  return parts;
}

void RestoreSample::add(const RemoteEntry& entry, const std::optional<VersionDir>& place) {
  const uint64_t hash = mixed_hash(entry.path, seed_);
  if (chosen_.size() == wanted_) {
    const auto last = std::prev(chosen_.end());
    if (hash >= last->first) return;
    chosen_.erase(last);
  }
  chosen_.emplace(hash, Chosen{entry, place});
}

size_t RestoreSample::size_for(uint64_t files, uint32_t percent) {
  const uint64_t share = files / 100 * percent + files % 100 * percent / 100;
  return static_cast<size_t>(std::clamp<uint64_t>(share, 1, kMost));
}

}  // namespace dray::worker
