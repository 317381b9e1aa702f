#include "workers/archive_unpacker.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <vector>

#include "daemon/base/files.h"
#include "workers/archive_item.h"
#include "workers/quiet_thread.h"

namespace dray::worker {
namespace {

constexpr size_t kReadBytes = 256 << 10;
constexpr uint32_t kBatchesAtOnce = 2;
constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;

std::string tar_error(archive* tar) {
  const char* text = archive_error_string(tar);
  return text == nullptr ? "unknown error" : text;
}

}  // namespace

bool stays_inside(std::string_view path) {
  if (path.empty() || path.contains('\0')) return false;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    if (part.empty() || part == "." || part == "..") return false;
    begin = end + 1;
  }
  return true;
}

// One pass over the archive, on the unpacker's thread.
struct ArchiveUnpacker::Unpack {
  explicit Unpack(ArchiveUnpacker& owner_in) : owner(owner_in), tar(archive_read_new()) {
    if (owner.options_.digest) digest.emplace(*owner.options_.digest);
    DRAY_CHECK(tar != nullptr, "no memory for an archive");
  }
  ~Unpack() { archive_read_free(tar); }
  Unpack(const Unpack&) = delete;
  Unpack& operator=(const Unpack&) = delete;

  static la_ssize_t feed(archive* tar, void* self, const void** bytes);
  Result<size_t> next_bytes();
  Status all();
  Status entry(archive_entry* header);
  Status hand_out(const UnpackedFile& file);
  Status gather(const UnpackedFile& file);
  Status stream(const UnpackedFile& file);
  Status folder(const std::string& path);
  Status content(int fd, const UnpackedFile& file);  // fd < 0: to nowhere
  Status open_batch();
  Status close_batch();

  ArchiveUnpacker& owner;
  archive* tar;
  std::optional<Digest> digest;
  std::optional<Error> error;  // behind what libarchive says
  UniqueFd volume;
  uint32_t volumes_read = 0;
  std::vector<char> buffer = std::vector<char>(kReadBytes);
  uint32_t batches = 0;
  std::string batch;  // directory; empty: none
  uint64_t batch_bytes = 0;
  uint32_t batch_files = 0;
};

// 0: the last volume has ended.
Result<size_t> ArchiveUnpacker::Unpack::next_bytes() {
  for (;;) {
    if (!volume) {
      if (volumes_read == owner.volumes_) return 0;
      owner.handlers_.volume_wanted(++volumes_read);
      DRAY_TRY(owner.wait([this] { return static_cast<bool>(owner.volume_); }));
      const std::lock_guard lock(owner.mutex_);
      volume = std::move(owner.volume_);
    }
    const ssize_t got = read(volume.get(), buffer.data(), buffer.size());
    if (got > 0) return static_cast<size_t>(got);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(errno, "read a volume");
    volume.reset();
  }
}

la_ssize_t ArchiveUnpacker::Unpack::feed(archive* tar, void* self, const void** bytes) {
  auto* unpack = static_cast<Unpack*>(self);
  Result<size_t> got = unpack->next_bytes();
  if (!got) {
    unpack->error = std::move(got.error());
    archive_set_error(tar, EIO, "the volume could not be read");
    return ARCHIVE_FATAL;
  }
  *bytes = unpack->buffer.data();
  return static_cast<la_ssize_t>(*got);
}

Status ArchiveUnpacker::Unpack::all() {
  archive_read_support_filter_zstd(tar);
  archive_read_support_format_tar(tar);
  int state = archive_read_open(tar, this, nullptr, &Unpack::feed, nullptr);
  archive_entry* header = nullptr;
  while (state == ARCHIVE_OK || state == ARCHIVE_WARN) {
    state = archive_read_next_header(tar, &header);
    if (state == ARCHIVE_OK || state == ARCHIVE_WARN) DRAY_TRY(entry(header));
  }
  if (error) return std::unexpected(*error);
  if (state != ARCHIVE_EOF) return fail(ErrorCode::corrupt, "read the archive: {}", tar_error(tar));
  return close_batch();
}

Status ArchiveUnpacker::Unpack::entry(archive_entry* header) {
  const char* name = archive_entry_pathname(header);
  UnpackedFile file;
  file.path = name == nullptr ? "" : name;
  const auto type = archive_entry_filetype(header);
  if (type == AE_IFDIR && file.path.ends_with('/')) file.path.pop_back();
  const bool fits = stays_inside(file.path) && (type == AE_IFREG || type == AE_IFDIR) &&
                    archive_entry_hardlink(header) == nullptr;
  if (!fits) {
    owner.handlers_.problem(file.path, "it is no file or folder that may be restored");
    return {};
  }
  if (owner.options_.wanted && (type == AE_IFDIR || !owner.options_.wanted(file.path))) return {};
  file.size = static_cast<uint64_t>(archive_entry_size(header));
  file.mtime_ns =
      archive_entry_mtime(header) * kNanosecondsPerSecond + archive_entry_mtime_nsec(header);
  if (type == AE_IFDIR) return owner.options_.only_read ? Status() : folder(file.path);
  DRAY_TRY(hand_out(file));
  if (owner.handlers_.file) owner.handlers_.file(file, digest ? digest->finish_hex() : "");
  const std::lock_guard lock(owner.mutex_);
  ++owner.files_;
  return {};
}

Status ArchiveUnpacker::Unpack::hand_out(const UnpackedFile& file) {
  if (owner.options_.only_read) return content(-1, file);
  return file.size >= owner.options_.large_bytes ? stream(file) : gather(file);
}

Status ArchiveUnpacker::Unpack::open_batch() {
  if (!batch.empty()) return {};
  DRAY_TRY(owner.wait([this] { return owner.busy_ < kBatchesAtOnce; }));
  batch = owner.options_.spool + "/batch-" + std::to_string(++batches);
  if (mkdir(batch.c_str(), 0700) != 0) return fail_errno(errno, batch);
  batch_bytes = 0;
  batch_files = 0;
  return {};
}

Status ArchiveUnpacker::Unpack::close_batch() {
  if (batch.empty()) return {};
  {
    const std::lock_guard lock(owner.mutex_);
    ++owner.busy_;
  }
  owner.handlers_.batch_ready(std::exchange(batch, {}));
  return {};
}

// All folders on the way. The batch is ours alone and holds no link.
Status ArchiveUnpacker::Unpack::folder(const std::string& path) {
  DRAY_TRY(open_batch());
  for (size_t at = 0; at != std::string::npos;) {
    at = path.find('/', at + 1);
    const std::string part = batch + "/" + path.substr(0, at);
    if (mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno(errno, part);
  }
  ++batch_files;
  return {};
}

Status ArchiveUnpacker::Unpack::gather(const UnpackedFile& file) {
  const bool full = batch_files >= owner.options_.batch_files ||
                    (batch_bytes > 0 && batch_bytes + file.size > owner.options_.batch_bytes);
  if (full) DRAY_TRY(close_batch());
  DRAY_TRY(open_batch());
  if (const size_t slash = file.path.rfind('/'); slash != std::string::npos)
    DRAY_TRY(folder(file.path.substr(0, slash)));
  const std::string path = batch + "/" + file.path;
  const UniqueFd fd(
      open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return fail_errno(errno, path);
  DRAY_TRY(content(fd.get(), file));
  const SplitTime mtime = split_time(file.mtime_ns);
  const timespec when{mtime.seconds, mtime.nanoseconds};
  const timespec times[2] = {when, when};
  futimens(fd.get(), times);
  batch_bytes += file.size;
  ++batch_files;
  return {};
}

Status ArchiveUnpacker::Unpack::stream(const UnpackedFile& file) {
  DRAY_TRY(owner.wait([this] { return owner.busy_ == 0; }));
  {
    const std::lock_guard lock(owner.mutex_);
    ++owner.busy_;
  }
  owner.handlers_.pipe_wanted(file);
  DRAY_TRY(owner.wait([this] { return static_cast<bool>(owner.pipe_); }));
  UniqueFd pipe;
  {
    const std::lock_guard lock(owner.mutex_);
    pipe = std::move(owner.pipe_);
  }
  DRAY_TRY(content(pipe.get(), file));
  pipe.reset();
  owner.handlers_.pipe_filled();
  return {};
}

Status ArchiveUnpacker::Unpack::content(int fd, const UnpackedFile& file) {
  std::vector<char> part(kReadBytes);
  for (uint64_t done = 0;;) {
    const la_ssize_t got = archive_read_data(tar, part.data(), part.size());
    if (got < 0 && error) return std::unexpected(*error);
    if (got < 0)
      return fail(ErrorCode::corrupt, "read {} from the archive: {}", file.path, tar_error(tar));
    if (got == 0 && done == file.size) return {};
    if (got == 0) return fail(ErrorCode::corrupt, "{} is cut short in the archive", file.path);
    if (fd >= 0) DRAY_TRY(write_all(fd, {part.data(), static_cast<size_t>(got)}, file.path));
    if (digest) digest->update({part.data(), static_cast<size_t>(got)});
    done += static_cast<uint64_t>(got);
    const std::lock_guard lock(owner.mutex_);
    owner.bytes_ += static_cast<uint64_t>(got);
    if (owner.interrupted_) return fail(ErrorCode::conflict, "interrupted");
  }
}

ArchiveUnpacker::ArchiveUnpacker(uint32_t volumes, UnpackOptions options, Handlers handlers)
    : volumes_(volumes), options_(std::move(options)), handlers_(std::move(handlers)) {}

ArchiveUnpacker::~ArchiveUnpacker() {
  interrupt();
  if (thread_.joinable()) thread_.join();
}

void ArchiveUnpacker::start() {
  thread_ = quiet_thread("unpack", [this] { handlers_.ended(run()); });
}

Status ArchiveUnpacker::run() {
  Unpack unpack(*this);
  DRAY_TRY(unpack.all());
  return wait([this] { return busy_ == 0; });
}

template <class Ready>
Status ArchiveUnpacker::wait(Ready ready) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return interrupted_ || ready(); });
  if (interrupted_) return fail(ErrorCode::conflict, "interrupted");
  return {};
}

void ArchiveUnpacker::provide_volume(UniqueFd pipe) {
  const std::lock_guard lock(mutex_);
  volume_ = std::move(pipe);
  changed_.notify_all();
}
void ArchiveUnpacker::provide_pipe(UniqueFd pipe) {
  const std::lock_guard lock(mutex_);
  pipe_ = std::move(pipe);
  changed_.notify_all();
}
void ArchiveUnpacker::batch_done() {
  const std::lock_guard lock(mutex_);
  if (busy_ > 0) --busy_;
  changed_.notify_all();
}
void ArchiveUnpacker::interrupt() {
  const std::lock_guard lock(mutex_);
  interrupted_ = true;
  changed_.notify_all();
}
uint64_t ArchiveUnpacker::files() const {
  const std::lock_guard lock(mutex_);
  return files_;
}
uint64_t ArchiveUnpacker::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace dray::worker
