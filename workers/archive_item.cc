#include "workers/archive_item.h"

#include <cstring>

#include "workers/zstd_file.h"

namespace dray::worker {
namespace {

struct Record {
  uint64_t size = 0;
  int64_t mtime_ns = 0;
  uint32_t path_bytes = 0;
  uint32_t is_dir = 0;
};

// Longer than any path that a remote has; bounds what a damaged file may ask for.
constexpr uint32_t kMaxPath = 1 << 20;

}  // namespace

struct ItemWriter::Impl {
  ZstdFileWriter file;
};

Result<ItemWriter> ItemWriter::create(const std::string& path) {
  DRAY_TRY_ASSIGN(ZstdFileWriter file, ZstdFileWriter::create(path));
  return ItemWriter(std::unique_ptr<Impl>(new Impl{std::move(file)}));
}
ItemWriter::ItemWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ItemWriter::~ItemWriter() = default;
ItemWriter::ItemWriter(ItemWriter&&) noexcept = default;
ItemWriter& ItemWriter::operator=(ItemWriter&&) noexcept = default;

Status ItemWriter::add(const ArchiveItem& item) {
  const Record record{item.size, item.mtime_ns, static_cast<uint32_t>(item.path.size()),
                      item.is_dir ? 1U : 0U};
  char raw[sizeof record];
  std::memcpy(raw, &record, sizeof record);
  DRAY_TRY(impl_->file.write(std::string_view(raw, sizeof raw)));
  return impl_->file.write(item.path);
}
Status ItemWriter::finish() {
  return impl_->file.finish();
}

struct ItemReader::Impl {
  ZstdFileReader file;
};

Result<ItemReader> ItemReader::open(const std::string& path) {
  DRAY_TRY_ASSIGN(ZstdFileReader file, ZstdFileReader::open(path));
  return ItemReader(std::unique_ptr<Impl>(new Impl{std::move(file)}));
}
ItemReader::ItemReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ItemReader::~ItemReader() = default;
ItemReader::ItemReader(ItemReader&&) noexcept = default;
ItemReader& ItemReader::operator=(ItemReader&&) noexcept = default;

Result<bool> ItemReader::next(ArchiveItem& item) {
  Record record;
  char raw[sizeof record];
  DRAY_TRY_ASSIGN(const size_t got, impl_->file.read(raw));
  if (got == 0) return false;
  std::memcpy(&record, raw, sizeof record);
  if (got != sizeof raw || record.path_bytes > kMaxPath)
    return fail(ErrorCode::corrupt, "the run's list of files is damaged");
  item.path.resize(record.path_bytes);
  DRAY_TRY_ASSIGN(const size_t path, impl_->file.read(item.path));
  if (path != item.path.size())
    return fail(ErrorCode::corrupt, "the run's list of files is cut short");
  item.size = record.size;
  item.mtime_ns = record.mtime_ns;
  item.is_dir = record.is_dir != 0;
  return true;
}

}  // namespace dray::worker
