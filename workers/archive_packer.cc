#include "workers/archive_packer.h"

#include <vector>

#include "workers/archive_manifest.h"
#include "workers/quiet_thread.h"
#include "workers/tar_stream.h"

namespace dray::worker {

// One pass over the source, on the packer's thread.
struct ArchivePacker::Pack {
  Pack(ArchivePacker& owner_in, ZstdFileWriter manifest_in)
      : owner(owner_in),
        manifest(std::move(manifest_in)),
        compressor(owner.options_.level, owner.options_.compressors,
                   [this](std::span<const char> bytes) { return owner.sink_.write(bytes); }),
        tar([this](std::span<const char> bytes) { return compressor.write(bytes); }) {}

  Status all();
  Status add(SourceFile& file);
  Status content(const SourceFile& file, std::string& problem);
  Status record(const SourceFile& file, const std::string& sha256, const std::string& problem);

  ArchivePacker& owner;
  ZstdFileWriter manifest;
  ZstdCompressor compressor;
  TarStream tar;
  Digest digest{DigestKind::sha256};
};

Status ArchivePacker::Pack::all() {
  SourceFile file;
  for (;;) {
    DRAY_TRY_ASSIGN(const bool more, owner.source_->next(file));
    if (!more) break;
    DRAY_TRY(add(file));
  }
  DRAY_TRY(tar.finish());
  DRAY_TRY(compressor.finish());
  return owner.sink_.finish();
}

Status ArchivePacker::Pack::add(SourceFile& file) {
  {
    const std::lock_guard lock(owner.mutex_);
    owner.counts_.current = file.item.path;
    owner.counts_.current_bytes = 0;
    owner.counts_.current_size = file.size;
  }
  if (!file.problem) {
    Status begun =
        tar.begin({file.name, file.item.is_dir, file.size, file.item.mtime_ns, file.mode});
    if (!begun && begun.error().code != ErrorCode::invalid) return begun;
    if (!begun) file.problem = std::move(begun.error());
  }
  if (file.problem) return record(file, "", file.problem->message);
  std::string problem;
  std::string sha256;
  if (!file.item.is_dir) {
    DRAY_TRY(content(file, problem));
    sha256 = digest.finish_hex();
  }
  DRAY_TRY(tar.end());
  return record(file, problem.empty() ? sha256 : "", problem);
}

Status ArchivePacker::Pack::content(const SourceFile& file, std::string& problem) {
  uint64_t done = 0;
  for (;;) {
    Result<std::span<const char>> bytes = owner.source_->read();
    if (!bytes) {
      problem = bytes.error().message;
      if (done < file.size)
        problem += fmt::format("; the last {} of {} bytes are zeros", file.size - done, file.size);
      return {};
    }
    if (bytes->empty()) return {};
    digest.update(*bytes);
    DRAY_TRY(tar.write(*bytes));
    done += bytes->size();
    const std::lock_guard lock(owner.mutex_);
    owner.counts_.bytes += bytes->size();
    owner.counts_.current_bytes = done;
  }
}

Status ArchivePacker::Pack::record(const SourceFile& file, const std::string& sha256,
                                   const std::string& problem) {
  {
    const std::lock_guard lock(owner.mutex_);
    if (!file.item.is_dir && !file.problem) ++owner.counts_.files;
    if (!problem.empty()) ++owner.counts_.problems;
    if (file.problem) ++owner.counts_.missing;
  }
  if (!problem.empty()) owner.handlers_.problem(file.item.path, problem);
  return annotate(manifest.write(manifest_line(file, sha256, problem) + "\n"), "manifest");
}

ArchivePacker::ArchivePacker(PackOptions options, std::unique_ptr<ArchiveSource> source,
                             Handlers handlers)
    : options_(std::move(options)),
      source_(std::move(source)),
      handlers_(std::move(handlers)),
      sink_(options_.volume_bytes, options_.other_hash,
            {.wanted = handlers_.volume_wanted, .ended = handlers_.volume_ended}) {}

ArchivePacker::~ArchivePacker() {
  interrupt();
  if (thread_.joinable()) thread_.join();
}

void ArchivePacker::start() {
  thread_ = quiet_thread("archive", [this] { handlers_.ended(run()); });
}

Status ArchivePacker::run() {
  DRAY_TRY_ASSIGN(ZstdFileWriter manifest, ZstdFileWriter::create(options_.manifest));
  Pack pack(*this, std::move(manifest));
  DRAY_TRY(pack.all());
  for (const Volume& volume : sink_.volumes()) {
    const std::string name = options_.names.volume(volume.number);
    DRAY_TRY(annotate(pack.manifest.write(manifest_line(volume, name) + "\n"), "manifest"));
  }
  return annotate(pack.manifest.finish(), "manifest");
}

void ArchivePacker::provide(UniqueFd pipe) {
  sink_.provide(std::move(pipe));
}

void ArchivePacker::interrupt() {
  source_->interrupt();
  sink_.interrupt();
}

PackCounts ArchivePacker::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace dray::worker
