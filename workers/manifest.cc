#include "workers/manifest.h"

#include <fcntl.h>
#include <simdjson.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>

#include "daemon/base/digest.h"
#include "daemon/base/fd.h"
#include "daemon/base/files.h"
#include "daemon/base/quote.h"
#include "daemon/base/seal.h"
#include "daemon/base/text.h"
#include "schemas/json_text.h"

namespace dray::worker {
namespace {

constexpr int kLevel = 3;
constexpr size_t kBuffer = 128 << 10;
// A path of 32 KiB, each byte as \u00xx.
constexpr size_t kMaxLine = 256 << 10;

struct CloseStream {
  void operator()(ZSTD_CCtx* stream) const { ZSTD_freeCCtx(stream); }
  void operator()(ZSTD_DCtx* stream) const { ZSTD_freeDCtx(stream); }
};

// With microseconds, as far as there are any.
std::string format_exact(WallTime time) {
  const auto whole = std::chrono::floor<seconds>(time);
  std::string text = format_rfc3339(whole);
  const int64_t rest = (time - whole).count();
  if (rest != 0) text.insert(text.size() - 1, fmt::format(".{:06}", rest));
  return text;
}

std::string line_of(const RemoteEntry& entry) {
  JsonWriter writer;
  writer.begin_object();
  if (is_valid_utf8(entry.path)) {
    writer.key("path");
    writer.text(entry.path);
  } else {
    writer.key("path_base64");
    writer.text(base64_encode(entry.path));
  }
  writer.key("size");
  if (entry.size == RemoteEntry::kUnknownSize) {
    writer.null();
  } else {
    writer.unsigned_integer(entry.size);
  }
  writer.key("mtime");
  if (entry.mtime == WallTime{}) {
    writer.null();
  } else {
    writer.text(format_exact(entry.mtime));
  }
  if (!entry.hashes.empty()) {
    writer.key("hashes");
    writer.begin_object();
    for (const auto& [name, hash] : entry.hashes) {
      writer.key(name);
      writer.text(hash);
    }
    writer.end_object();
  }
  writer.end_object();
  return writer.take() + "\n";
}

}  // namespace

// ── Writing ─────────────────────────────────────────────────────────────────────────────────────

struct ManifestWriter::Impl {
  std::string path;
  UniqueFd fd;
  std::unique_ptr<ZSTD_CCtx, CloseStream> stream{ZSTD_createCCtx()};
  std::string pending;  // lines that were not compressed yet
  std::vector<char> packed = std::vector<char>(ZSTD_CStreamOutSize());
  std::string last;    // path
  std::string digest;  // so far, raw
  ManifestSummary summary;

  Status press(ZSTD_EndDirective how);
};

Status ManifestWriter::Impl::press(ZSTD_EndDirective how) {
  // Cut by lines and sizes alone, so the same entries always make the same chain.
  digest = sha256(digest + pending);
  ZSTD_inBuffer in{pending.data(), pending.size(), 0};
  for (;;) {
    ZSTD_outBuffer out{packed.data(), packed.size(), 0};
    const size_t left = ZSTD_compressStream2(stream.get(), &out, &in, how);
    if (ZSTD_isError(left) != 0)
      return fail(ErrorCode::io, "{}: {}", path, ZSTD_getErrorName(left));
    DRAY_TRY(write_all(fd.get(), {packed.data(), out.pos}, path));
    const bool done = how == ZSTD_e_end ? left == 0 : in.pos == in.size;
    if (done) break;
  }
  pending.clear();
  return {};
}

ManifestWriter::ManifestWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ManifestWriter::ManifestWriter(ManifestWriter&&) noexcept = default;
ManifestWriter& ManifestWriter::operator=(ManifestWriter&&) noexcept = default;
ManifestWriter::~ManifestWriter() = default;

Result<ManifestWriter> ManifestWriter::create(const std::string& path) {
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  impl->fd =
      UniqueFd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!impl->fd) return fail_errno(errno, path);
  ZSTD_CCtx_setParameter(impl->stream.get(), ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_setParameter(impl->stream.get(), ZSTD_c_checksumFlag, 1);
  return ManifestWriter(std::move(impl));
}

Status ManifestWriter::add(const RemoteEntry& entry) {
  if (entry.path == impl_->last) return {};
  impl_->last = entry.path;
  const std::string line = line_of(entry);
  ++impl_->summary.files;
  if (entry.size != RemoteEntry::kUnknownSize) impl_->summary.bytes += entry.size;
  impl_->pending += line;
  return impl_->pending.size() < kBuffer ? Status{} : impl_->press(ZSTD_e_continue);
}

Result<ManifestSummary> ManifestWriter::finish() {
  DRAY_TRY(impl_->press(ZSTD_e_end));
  impl_->summary.digest = to_hex(impl_->digest);
  return std::move(impl_->summary);
}

// ── Reading ─────────────────────────────────────────────────────────────────────────────────────

struct ManifestReader::Impl {
  std::string path;
  ManifestOf what = ManifestOf::state;
  UniqueFd fd;
  std::unique_ptr<ZSTD_DCtx, CloseStream> stream{ZSTD_createDCtx()};
  std::vector<char> packed = std::vector<char>(ZSTD_DStreamInSize());
  std::vector<char> plain = std::vector<char>(ZSTD_DStreamOutSize());
  ZSTD_inBuffer in{nullptr, 0, 0};
  size_t frame_left = 1;  // 0: a whole frame was read
  bool more = false;      // there was no room for all plain bytes
  std::string text;       // plain bytes that were not handed out
  size_t at = 0;
  bool ended = false;
  std::string last;  // path
  simdjson::dom::parser parser;

  Error damaged(std::string_view why) const {
    return {ErrorCode::corrupt, fmt::format("the manifest is damaged: {}", why)};
  }
  Status fill();
  Result<std::optional<std::string_view>> line();
  // nullopt: a line about something else.
  Result<std::optional<RemoteEntry>> entry(std::string_view line_text);
};

Status ManifestReader::Impl::fill() {
  text.erase(0, at);
  at = 0;
  if (in.pos == in.size && !more) {
    const ssize_t got = ::read(fd.get(), packed.data(), packed.size());
    if (got < 0) return fail_errno(errno, path);
    if (got == 0) {
      if (frame_left != 0) return std::unexpected(damaged("it ends in the middle"));
      ended = true;
      return {};
    }
    in = {packed.data(), static_cast<size_t>(got), 0};
  }
  ZSTD_outBuffer out{plain.data(), plain.size(), 0};
  frame_left = ZSTD_decompressStream(stream.get(), &out, &in);
  if (ZSTD_isError(frame_left) != 0) return std::unexpected(damaged(ZSTD_getErrorName(frame_left)));
  more = out.pos == out.size;
  text.append(plain.data(), out.pos);
  return {};
}

Result<std::optional<std::string_view>> ManifestReader::Impl::line() {
  size_t looked = at;
  for (;;) {
    const size_t newline = text.find('\n', looked);
    if (newline != std::string::npos) {
      const std::string_view found = std::string_view(text).substr(at, newline - at);
      at = newline + 1;
      return found;
    }
    if (text.size() - at > kMaxLine) return std::unexpected(damaged("a line is too long"));
    if (ended) {
      if (at != text.size()) return std::unexpected(damaged("its last line is cut"));
      return std::nullopt;
    }
    looked = text.size() - at;
    DRAY_TRY(fill());
  }
}

Result<std::optional<RemoteEntry>> ManifestReader::Impl::entry(std::string_view line_text) {
  simdjson::dom::object object;
  if (parser.parse(line_text).get(object) != simdjson::SUCCESS)
    return std::unexpected(
        damaged(fmt::format("a line is no JSON object: {}", dray::quoted(line_text))));
  RemoteEntry found;
  found.size = RemoteEntry::kUnknownSize;
  bool is_file = true;
  for (const auto& [key, value] : object) {
    std::string_view word;
    uint64_t number = 0;
    simdjson::dom::object hashes;
    if (key == "size" && value.get(number) == simdjson::SUCCESS) {
      found.size = number;
    } else if (key == "hashes" && value.get(hashes) == simdjson::SUCCESS) {
      for (const auto& [name, hash] : hashes)
        if (hash.get(word) == simdjson::SUCCESS) found.hashes[std::string(name)] = word;
    } else if (key == "volume" || key == "dir") {
      is_file = false;
    } else if (value.get(word) != simdjson::SUCCESS) {
      continue;
    } else if (key == "path") {
      found.path = word;
    } else if (key == "path_base64") {
      DRAY_TRY_ASSIGN(found.path, base64_decode(word));
    } else if (key == "mtime") {
      DRAY_TRY_ASSIGN(found.mtime, parse_rfc3339(word));
    } else if (key == "sha256") {
      found.hashes[std::string(key)] = word;
    }
  }
  if (what == ManifestOf::archive && (!is_file || found.size == RemoteEntry::kUnknownSize))
    return std::nullopt;
  if (found.path.empty() || leads_out(found.path))
    return std::unexpected(damaged(fmt::format("{} is no path", dray::quoted(found.path))));
  return found;
}

ManifestReader::ManifestReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ManifestReader::~ManifestReader() = default;

Result<std::unique_ptr<ManifestReader>> ManifestReader::open(const std::string& path,
                                                             ManifestOf what) {
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  impl->what = what;
  impl->fd = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!impl->fd) return fail_errno(errno, path);
  return std::unique_ptr<ManifestReader>(new ManifestReader(std::move(impl)));
}

Result<std::optional<RemoteEntry>> ManifestReader::next() {
  for (;;) {
    DRAY_TRY_ASSIGN(const std::optional<std::string_view> line, impl_->line());
    if (!line) return std::nullopt;
    DRAY_TRY_ASSIGN(std::optional<RemoteEntry> entry, impl_->entry(*line));
    if (!entry) continue;
    if (impl_->what == ManifestOf::archive) return entry;
    if (!impl_->last.empty() && entry->path <= impl_->last)
      return std::unexpected(impl_->damaged("its paths are not in order"));
    impl_->last = entry->path;
    return entry;
  }
}

}  // namespace dray::worker
