#include "workers/zstd_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "daemon/base/fd.h"
#include "daemon/base/files.h"
#include "workers/zstd_stream.h"

namespace dray::worker {
namespace {

// Names and hashes: most of what can be gained is gained by the fastest level.
constexpr int kLevel = 1;
constexpr size_t kReadBytes = 64 << 10;

}  // namespace

struct ZstdFileWriter::Impl {
  Impl(UniqueFd fd_in, std::string path_in)
      : fd(std::move(fd_in)),
        path(std::move(path_in)),
        compressor(kLevel, 0, [this](std::span<const char> bytes) {
          return write_all(fd.get(), {bytes.data(), bytes.size()}, path);
        }) {}

  UniqueFd fd;
  std::string path;
  ZstdCompressor compressor;
};

Result<ZstdFileWriter> ZstdFileWriter::create(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return fail_errno(errno, path);
  return ZstdFileWriter(std::make_unique<Impl>(std::move(fd), path));
}
ZstdFileWriter::ZstdFileWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ZstdFileWriter::~ZstdFileWriter() = default;
ZstdFileWriter::ZstdFileWriter(ZstdFileWriter&&) noexcept = default;
ZstdFileWriter& ZstdFileWriter::operator=(ZstdFileWriter&&) noexcept = default;

Status ZstdFileWriter::write(std::string_view bytes) {
  return impl_->compressor.write(bytes);
}
Status ZstdFileWriter::finish() {
  return impl_->compressor.finish();
}

struct ZstdFileReader::Impl {
  Impl(UniqueFd fd_in, std::string path_in)
      : fd(std::move(fd_in)),
        path(std::move(path_in)),
        raw(kReadBytes),
        decompressor([this](std::span<const char> bytes) -> Status {
          content.insert(content.end(), bytes.begin(), bytes.end());
          return {};
        }) {}

  Status fill();

  UniqueFd fd;
  std::string path;
  std::vector<char> raw;
  std::vector<char> content;  // decompressed, from `taken` on not handed out yet
  size_t taken = 0;
  bool ended = false;
  ZstdDecompressor decompressor;
};

Status ZstdFileReader::Impl::fill() {
  content.erase(content.begin(), content.begin() + static_cast<ptrdiff_t>(taken));
  taken = 0;
  ssize_t got = 0;
  do {
    got = ::read(fd.get(), raw.data(), raw.size());
  } while (got < 0 && errno == EINTR);
  if (got < 0) return fail_errno(errno, path);
  if (got > 0) return annotate(decompressor.write({raw.data(), static_cast<size_t>(got)}), path);
  ended = true;
  return annotate(decompressor.finish(), path);
}

Result<ZstdFileReader> ZstdFileReader::open(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return fail_errno(errno, path);
  return ZstdFileReader(std::make_unique<Impl>(std::move(fd), path));
}
ZstdFileReader::ZstdFileReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ZstdFileReader::~ZstdFileReader() = default;
ZstdFileReader::ZstdFileReader(ZstdFileReader&&) noexcept = default;
ZstdFileReader& ZstdFileReader::operator=(ZstdFileReader&&) noexcept = default;

Result<size_t> ZstdFileReader::read(std::span<char> into) {
  size_t filled = 0;
  while (filled < into.size()) {
    const size_t there = impl_->content.size() - impl_->taken;
    if (there == 0) {
      if (impl_->ended) break;
      DRAY_TRY(impl_->fill());
      continue;
    }
    const size_t step = std::min(there, into.size() - filled);
    std::copy_n(impl_->content.begin() + static_cast<ptrdiff_t>(impl_->taken), step,
                into.begin() + static_cast<ptrdiff_t>(filled));
    impl_->taken += step;
    filled += step;
  }
  return filled;
}

}  // namespace dray::worker
