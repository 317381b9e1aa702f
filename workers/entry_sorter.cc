#include <algorithm>

#include "daemon/base/files.h"
#include "workers/manifest.h"

namespace dray::worker {
namespace {

class FromMemory final : public EntrySource {
 public:
  explicit FromMemory(const std::vector<RemoteEntry>& entries) : entries_(entries) {}
  Result<std::optional<RemoteEntry>> next() override {
    if (at_ == entries_.size()) return std::nullopt;
    return entries_[at_++];
  }

 private:
  const std::vector<RemoteEntry>& entries_;
  size_t at_ = 0;
};

// Always the smallest of what its parts have next. There are a handful of parts.
class Merged final : public EntrySource {
 public:
  Status add(std::unique_ptr<EntrySource> source) {
    DRAY_TRY_ASSIGN(std::optional<RemoteEntry> first, source->next());
    if (first) parts_.push_back({std::move(source), std::move(*first)});
    return {};
  }
  Result<std::optional<RemoteEntry>> next() override {
    if (parts_.empty()) return std::nullopt;
    const auto least = std::ranges::min_element(
        parts_, [](const Part& a, const Part& b) { return a.head.path < b.head.path; });
    RemoteEntry found = std::move(least->head);
    DRAY_TRY_ASSIGN(std::optional<RemoteEntry> following, least->source->next());
    if (following) {
      least->head = std::move(*following);
    } else {
      parts_.erase(least);
    }
    return found;
  }

 private:
  struct Part {
    std::unique_ptr<EntrySource> source;
    RemoteEntry head;
  };
  std::vector<Part> parts_;
};

}  // namespace

EntrySorter::EntrySorter(std::string prefix, size_t in_memory)
    : prefix_(std::move(prefix)), in_memory_(in_memory) {}

EntrySorter::~EntrySorter() {
  // What cannot be removed now goes with the attempt's directory.
  for (const std::string& file : files_)
    [[maybe_unused]] const Status removed = remove_tree(file);
}

void EntrySorter::add(const RemoteEntry& entry) {
  if (!state_) return;
  entries_.push_back(entry);
  if (entries_.size() >= in_memory_) state_ = spill();
}

Status EntrySorter::spill() {
  std::ranges::sort(entries_, {}, &RemoteEntry::path);
  const std::string file = fmt::format("{}.{}", prefix_, files_.size());
  DRAY_TRY_ASSIGN(ManifestWriter writer, ManifestWriter::create(file));
  files_.push_back(file);
  for (const RemoteEntry& entry : entries_)
    DRAY_TRY(writer.add(entry));
  DRAY_TRY(writer.finish());
  entries_.clear();
  return {};
}

Result<std::unique_ptr<EntrySource>> EntrySorter::sorted() {
  if (!state_) return std::unexpected(state_.error());
  std::ranges::sort(entries_, {}, &RemoteEntry::path);
  auto rest = std::make_unique<FromMemory>(entries_);
  if (files_.empty()) return rest;
  auto merged = std::make_unique<Merged>();
  for (const std::string& file : files_) {
    DRAY_TRY_ASSIGN(std::unique_ptr<ManifestReader> reader, ManifestReader::open(file));
    DRAY_TRY(merged->add(std::move(reader)));
  }
  DRAY_TRY(merged->add(std::move(rest)));
  return merged;
}

}  // namespace dray::worker
