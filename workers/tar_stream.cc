#include "workers/tar_stream.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "daemon/base/quote.h"
#include "workers/archive_item.h"

namespace dray::worker {
namespace {

// libarchive takes the thread's locale for the names' character set. In UTF-8 a valid name stays
// what it is, and any other is written as the bytes that it is (hdrcharset=BINARY).
class Utf8Here {
 public:
  Utf8Here() : utf8_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (utf8_ != nullptr) before_ = uselocale(utf8_);
  }
  ~Utf8Here() {
    if (utf8_ == nullptr) return;
    uselocale(before_);
    freelocale(utf8_);
  }
  Utf8Here(const Utf8Here&) = delete;
  Utf8Here& operator=(const Utf8Here&) = delete;

 private:
  locale_t utf8_;
  locale_t before_ = nullptr;
};

}  // namespace

struct TarStream::Impl {
  explicit Impl(ByteSink sink_in) : sink(std::move(sink_in)), tar(archive_write_new()) {
    DRAY_CHECK(tar != nullptr, "no memory for an archive");
    entry = archive_entry_new();
    DRAY_CHECK(entry != nullptr, "no memory for an archive's entry");
    const bool ready = archive_write_set_format_pax(tar) == ARCHIVE_OK &&
                       archive_write_add_filter_none(tar) == ARCHIVE_OK &&
                       // Blocks go to the sink as they are made, without a copy.
                       archive_write_set_bytes_per_block(tar, 0) == ARCHIVE_OK &&
                       archive_write_set_bytes_in_last_block(tar, 1) == ARCHIVE_OK &&
                       archive_write_open(tar, this, nullptr, &Impl::take, nullptr) == ARCHIVE_OK;
    DRAY_CHECK(ready, "libarchive cannot write pax");
  }
  ~Impl() {
    sink = nullptr;  // freeing writes the end of the archive
    archive_entry_free(entry);
    archive_write_free(tar);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  static la_ssize_t take(archive* tar, void* self, const void* bytes, size_t size);
  // The sink's error before libarchive's, which only says that there was one.
  Status status(la_ssize_t got, std::string_view what);

  ByteSink sink;
  archive* tar;
  archive_entry* entry = nullptr;
  std::optional<Error> error;
  Utf8Here utf8;
};

la_ssize_t TarStream::Impl::take(archive* tar, void* self, const void* bytes, size_t size) {
  auto* impl = static_cast<Impl*>(self);
  if (!impl->sink) return static_cast<la_ssize_t>(size);
  if (Status taken = impl->sink({static_cast<const char*>(bytes), size}); !taken) {
    impl->error = std::move(taken.error());
    archive_set_error(tar, EIO, "the sink failed");
    return ARCHIVE_FATAL;
  }
  return static_cast<la_ssize_t>(size);
}

Status TarStream::Impl::status(la_ssize_t got, std::string_view what) {
  if (got >= ARCHIVE_OK || got == ARCHIVE_WARN) return {};
  if (error) return std::unexpected(*error);
  const char* text = archive_error_string(tar);
  return fail(got == ARCHIVE_FAILED ? ErrorCode::invalid : ErrorCode::io, "{}: {}", what,
              text == nullptr ? "unknown error" : text);
}

TarStream::TarStream(ByteSink sink) : impl_(std::make_unique<Impl>(std::move(sink))) {}
TarStream::~TarStream() = default;

Status TarStream::begin(const TarEntry& from) {
  archive_entry* entry = archive_entry_clear(impl_->entry);
  archive_entry_copy_pathname(entry, from.path.c_str());
  archive_entry_set_filetype(entry, from.is_dir ? AE_IFDIR : AE_IFREG);
  archive_entry_set_perm(entry, from.mode);
  archive_entry_set_size(entry, from.is_dir ? 0 : static_cast<la_int64_t>(from.size));
  const SplitTime mtime = split_time(from.mtime_ns);
  archive_entry_set_mtime(entry, mtime.seconds, mtime.nanoseconds);
  return impl_->status(archive_write_header(impl_->tar, entry),
                       fmt::format("write the header of {}", quoted(from.path)));
}

Status TarStream::write(std::span<const char> bytes) {
  while (!bytes.empty()) {
    const la_ssize_t wrote = archive_write_data(impl_->tar, bytes.data(), bytes.size());
    DRAY_TRY(impl_->status(wrote, "write an archive"));
    if (wrote <= 0) return fail(ErrorCode::invalid, "more content than was announced");
    bytes = bytes.subspan(std::min(bytes.size(), static_cast<size_t>(wrote)));
  }
  return {};
}

Status TarStream::end() {
  return impl_->status(archive_write_finish_entry(impl_->tar), "end an archive's entry");
}

Status TarStream::finish() {
  return impl_->status(archive_write_close(impl_->tar), "end an archive");
}

}  // namespace dray::worker
