#include "workers/log_store.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "daemon/base/files.h"
#include "schemas/codec.h"

namespace dray::worker {
namespace {

constexpr std::string_view kPlain = ".jsonl";
constexpr std::string_view kPacked = ".zst";
constexpr std::string_view kUnfinished = ".tmp";
// A read that crosses the dropped part is longer by the note.
constexpr size_t kMaxNote = 64;
// Level 1 packs rclone's records ten to one at 400 MB/s.
constexpr int kLevel = 1;

// In front of the frames: a skippable frame of zstd's format, little-endian.
struct Header {
  uint32_t magic = ZSTD_MAGIC_SKIPPABLE_START;
  uint32_t size = sizeof(uint64_t) * 4;
  uint64_t head = 0;
  uint64_t tail_begin = 0;
  uint64_t total = 0;
  uint64_t note = 0;  // bytes of the text that stands for what was dropped
};
static_assert(sizeof(Header) == 40);

std::string dropped_note(const LogShape& shape) {
  if (shape.tail_begin == shape.head) return "";
  return fmt::format("... {} bytes dropped ...\n", shape.tail_begin - shape.head);
}

class Mapping {
 public:
  static Result<Mapping> open(const std::string& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!fd) return fail_errno(errno, path);
    struct stat info {};
    if (fstat(fd.get(), &info) != 0) return fail_errno(errno, path);
    const size_t size = static_cast<size_t>(info.st_size);
    if (size < sizeof(Header)) return fail(ErrorCode::corrupt, "{}: cut short", path);
    void* data = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
    if (data == MAP_FAILED) return fail_errno(errno, path);
    return Mapping(static_cast<const char*>(data), size);
  }
  Mapping(Mapping&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Mapping& operator=(Mapping&&) = delete;
  ~Mapping() {
    if (data_ != nullptr) munmap(const_cast<char*>(data_), size_);
  }
  std::string_view bytes() const { return {data_, size_}; }

 private:
  Mapping(const char* data, size_t size) : data_(data), size_(size) {}
  const char* data_;
  size_t size_;
};

// Bytes [from, from + max) of the unpacked content.
Result<std::string> unpack(std::string_view frames, uint64_t from, size_t max) {
  std::string text;
  std::string slice;
  uint64_t at = 0;
  while (!frames.empty() && text.size() < max) {
    const size_t packed = ZSTD_findFrameCompressedSize(frames.data(), frames.size());
    const unsigned long long size = ZSTD_getFrameContentSize(frames.data(), frames.size());
    if (ZSTD_isError(packed) != 0 || size > LogStore::kSliceBytes)
      return fail(ErrorCode::corrupt, "a damaged frame");
    if (at + size > from) {
      slice.resize(size);
      const size_t got = ZSTD_decompress(slice.data(), slice.size(), frames.data(), packed);
      if (ZSTD_isError(got) != 0 || got != size) return fail(ErrorCode::corrupt, "a damaged frame");
      const size_t skip = from > at ? from - at : 0;
      text.append(slice, skip, max - text.size());
    }
    at += size;
    frames.remove_prefix(packed);
  }
  return text;
}

}  // namespace

// ── PackJob ─────────────────────────────────────────────────────────────────────────────────────

PackJob::PackJob(std::unique_ptr<RunLog> log) : log_(std::move(log)) {}

Status PackJob::begin() {
  const std::string path = log_->path() + std::string(kPacked) + std::string(kUnfinished);
  out_.reset(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!out_) return fail_errno(errno, path);
  const LogShape& shape = log_->shape();
  Header header;
  header.head = shape.head;
  header.tail_begin = shape.tail_begin;
  header.total = shape.total;
  header.note = dropped_note(shape).size();
  return write_all(out_.get(), {reinterpret_cast<const char*>(&header), sizeof header}, path);
}

Result<bool> PackJob::step() {
  if (!out_) {
    DRAY_TRY(begin());
  }
  DRAY_TRY_ASSIGN(const std::string slice, log_->read(offset_, LogStore::kSliceBytes - kMaxNote));
  if (slice.empty()) {
    DRAY_TRY(finish());
    return true;
  }
  std::string packed(ZSTD_compressBound(slice.size()), '\0');
  const size_t size =
      ZSTD_compress(packed.data(), packed.size(), slice.data(), slice.size(), kLevel);
  if (ZSTD_isError(size) != 0)
    return fail(ErrorCode::io, "{}: {}", log_->path(), ZSTD_getErrorName(size));
  DRAY_TRY(write_all(out_.get(), std::string_view(packed).substr(0, size), log_->path()));
  return false;
}

Status PackJob::finish() {
  out_.reset();
  const std::string packed = log_->path() + std::string(kPacked);
  if (rename((packed + std::string(kUnfinished)).c_str(), packed.c_str()) != 0)
    return fail_errno(errno, packed);
  for (const std::string_view suffix : {"", ".1", ".2"})
    unlink((log_->path() + std::string(suffix)).c_str());
  return {};
}

// ── LogStore ────────────────────────────────────────────────────────────────────────────────────

LogStore::LogStore(std::string dir, uint64_t max_bytes)
    : dir_(std::move(dir)), max_bytes_(max_bytes) {}

std::string LogStore::path(RunId run, uint32_t attempt) const {
  return fmt::format("{}/{}-{}{}", dir_, run, attempt, kPlain);
}

Status LogStore::open() {
  DRAY_TRY(ensure_private_dir(dir_));
  DRAY_TRY_ASSIGN(const std::vector<std::string> names, list_dir(dir_));
  for (const std::string& name : names) {
    const std::string full = dir_ + "/" + name;
    if (name.ends_with(kUnfinished)) unlink(full.c_str());
    if (name.ends_with(kPlain)) DRAY_TRY(recover(full));
  }
  return {};
}

std::unique_ptr<RunLog> LogStore::create(RunId run, uint32_t attempt) const {
  return std::make_unique<RunLog>(path(run, attempt), max_bytes_);
}

// The plain files of a log that was cut off, one after the other; where its middle was dropped, the
// pieces join without a note.
Status LogStore::recover(const std::string& path) const {
  const std::string old = path + ".old";
  if (rename(path.c_str(), old.c_str()) != 0) return fail_errno(errno, path);
  std::vector<std::string> parts = {old};
  for (const std::string_view suffix : {".1", ".2"}) {
    const std::string part = path + std::string(suffix);
    const std::string kept = old + std::string(suffix);
    if (rename(part.c_str(), kept.c_str()) == 0) parts.push_back(kept);
  }
  auto log = std::make_unique<RunLog>(path, max_bytes_ * 2);
  std::vector<char> buffer(kSliceBytes);
  for (const std::string& part : parts) {
    const UniqueFd fd(::open(part.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    ssize_t got = 0;
    while (fd && (got = ::read(fd.get(), buffer.data(), buffer.size())) > 0)
      log->write(std::span(buffer.data(), static_cast<size_t>(got)), Instant{});
    unlink(part.c_str());
  }
  log->finish();
  PackJob job(std::move(log));
  for (;;) {
    DRAY_TRY_ASSIGN(const bool done, job.step());
    if (done) return {};
  }
}

Result<LogChunk> LogStore::read(RunId run, uint32_t attempt, uint64_t offset, size_t max) const {
  const std::string file = path(run, attempt) + std::string(kPacked);
  DRAY_TRY_ASSIGN(const Mapping mapping, Mapping::open(file));
  std::string_view bytes = mapping.bytes();
  Header header;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.magic != ZSTD_MAGIC_SKIPPABLE_START || header.head > header.tail_begin ||
      header.tail_begin > header.total)
    return fail(ErrorCode::corrupt, "{}: not a packed log", file);
  bytes.remove_prefix(sizeof header);
  // In the file the note stands between head and tail.
  const uint64_t joint = header.head + header.note;
  uint64_t from = std::min(offset, header.total);
  if (from > header.head)
    from = from < header.tail_begin ? header.head : joint + (from - header.tail_begin);
  LogChunk chunk;
  DRAY_TRY_ASSIGN(chunk.data, annotate(unpack(bytes, from, std::min(max, kMaxChunk)), file));
  const uint64_t end = from + chunk.data.size();
  chunk.next_offset = end <= header.head ? end
                      : end < joint      ? header.tail_begin
                                         : header.tail_begin + (end - joint);
  chunk.total_bytes = header.total;
  chunk.ended = true;
  return chunk;
}

Result<size_t> LogStore::remove_older_than(Duration keep, WallTime now) const {
  DRAY_TRY_ASSIGN(const std::vector<std::string> names, list_dir(dir_));
  const auto limit = now - std::chrono::duration_cast<microseconds>(keep);
  size_t removed = 0;
  for (const std::string& name : names) {
    const std::string full = dir_ + "/" + name;
    struct stat info {};
    if (!name.ends_with(kPacked) || lstat(full.c_str(), &info) != 0) continue;
    if (from_unix_us(info.st_mtim.tv_sec * 1'000'000) >= limit) continue;
    if (unlink(full.c_str()) == 0) ++removed;
  }
  return removed;
}

LogChunk read_log(const LogStore& store, const RunLog* live, const LogRead& question) {
  LogChunk chunk;
  const size_t max = std::clamp<size_t>(question.max_bytes, 1, LogStore::kMaxChunk);
  const auto refuse = [&chunk](const Error& error) {
    chunk.code = to_wire_code(error.code);
    chunk.message = error.message;
  };
  if (live == nullptr) {
    Result<LogChunk> packed = store.read(question.run, question.attempt, question.offset, max);
    if (packed) return std::move(*packed);
    refuse(packed.error().code == ErrorCode::not_found
               ? Error{ErrorCode::not_found,
                       fmt::format("the worker has no log of run {} attempt {} (any more)",
                                   question.run, question.attempt)}
               : packed.error());
    return chunk;
  }
  chunk.next_offset = question.offset;
  Result<std::string> text = live->read(chunk.next_offset, max);
  if (!text) {
    refuse(text.error());
    return chunk;
  }
  chunk.data = std::move(*text);
  chunk.total_bytes = live->shape().total;
  return chunk;
}

}  // namespace dray::worker
