#include "workers/zstd_stream.h"

#include <zstd.h>

#include <vector>

namespace dray::worker {
namespace {

// A compressed block and its header: what the library hands out at once.
constexpr size_t kOutBytes = 256 << 10;
// The largest window that is read: what `zstd -d` takes without being told. Bounds memory.
constexpr int kMaxWindowLog = 27;

}  // namespace

struct ZstdCompressor::Impl {
  Impl(int level, int workers, ByteSink sink_in)
      : context(ZSTD_createCCtx()), sink(std::move(sink_in)), out(kOutBytes) {
    DRAY_CHECK(context != nullptr, "no memory for a zstd context");
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    // Refused by a library without threads: it compresses on ours then.
    if (workers > 0) ZSTD_CCtx_setParameter(context, ZSTD_c_nbWorkers, workers);
  }
  ~Impl() { ZSTD_freeCCtx(context); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Status run(std::span<const char> bytes, ZSTD_EndDirective mode);

  ZSTD_CCtx* context;
  ByteSink sink;
  std::vector<char> out;
};

Status ZstdCompressor::Impl::run(std::span<const char> bytes, ZSTD_EndDirective mode) {
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  for (;;) {
    ZSTD_outBuffer produced{out.data(), out.size(), 0};
    const size_t left = ZSTD_compressStream2(context, &produced, &in, mode);
    if (ZSTD_isError(left) != 0)
      return fail(ErrorCode::exhausted, "compress: {}", ZSTD_getErrorName(left));
    if (produced.pos > 0) DRAY_TRY(sink({out.data(), produced.pos}));
    if (mode == ZSTD_e_end ? left == 0 : in.pos == in.size) return {};
  }
}

ZstdCompressor::ZstdCompressor(int level, int workers, ByteSink sink)
    : impl_(std::make_unique<Impl>(level, workers, std::move(sink))) {}
ZstdCompressor::~ZstdCompressor() = default;
ZstdCompressor::ZstdCompressor(ZstdCompressor&&) noexcept = default;
ZstdCompressor& ZstdCompressor::operator=(ZstdCompressor&&) noexcept = default;

Status ZstdCompressor::write(std::span<const char> bytes) {
  return impl_->run(bytes, ZSTD_e_continue);
}
Status ZstdCompressor::finish() {
  return impl_->run({}, ZSTD_e_end);
}

struct ZstdDecompressor::Impl {
  explicit Impl(ByteSink sink_in)
      : context(ZSTD_createDCtx()), sink(std::move(sink_in)), out(kOutBytes) {
    DRAY_CHECK(context != nullptr, "no memory for a zstd context");
    ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, kMaxWindowLog);
  }
  ~Impl() { ZSTD_freeDCtx(context); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  ZSTD_DCtx* context;
  ByteSink sink;
  std::vector<char> out;
  size_t expected = 0;  // 0: between frames
};

ZstdDecompressor::ZstdDecompressor(ByteSink sink)
    : impl_(std::make_unique<Impl>(std::move(sink))) {}
ZstdDecompressor::~ZstdDecompressor() = default;
ZstdDecompressor::ZstdDecompressor(ZstdDecompressor&&) noexcept = default;
ZstdDecompressor& ZstdDecompressor::operator=(ZstdDecompressor&&) noexcept = default;

Status ZstdDecompressor::write(std::span<const char> bytes) {
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  for (;;) {
    ZSTD_outBuffer produced{impl_->out.data(), impl_->out.size(), 0};
    impl_->expected = ZSTD_decompressStream(impl_->context, &produced, &in);
    if (ZSTD_isError(impl_->expected) != 0)
      return fail(ErrorCode::corrupt, "decompress: {}", ZSTD_getErrorName(impl_->expected));
    if (produced.pos > 0) DRAY_TRY(impl_->sink({impl_->out.data(), produced.pos}));
    // A full buffer may have more behind it.
    if (in.pos == in.size && produced.pos < produced.size) return {};
  }
}

Status ZstdDecompressor::finish() {
  if (impl_->expected != 0) return fail(ErrorCode::corrupt, "decompress: the data ends too early");
  return {};
}

}  // namespace dray::worker
