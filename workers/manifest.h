// Manifests: what lay somewhere, one JSON object per line, sorted by the bytes of the path, zstd.
//
//   {"path":"a/b.txt","size":12,"mtime":"2026-11-20T12:25:19.834792Z"}
//   {"path_base64":"aW52/w==","size":1,"mtime":null}     a path that is no UTF-8
//   {"path":"letter","size":null,...}                    a size that is not known
//   {..., "hashes":{"sha256":"..."}}                     where hashes were asked for
//
// Those of archives (archive_manifest.h) are read as well.
//
// The same entries always make the same bytes. Reading is streamed: memory is bounded by one line.
// Blocks on the local disk; the caller's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/result.h"
#include "workers/listing_parser.h"

namespace dray::worker {

struct ManifestSummary {
  uint64_t files = 0;
  uint64_t bytes = 0;  // of the files whose size is known
  std::string digest;  // of all lines: a chain of SHA-256, hex
};

class ManifestWriter {
 public:
  // A new file, 0600.
  static Result<ManifestWriter> create(const std::string& path);
  ManifestWriter(ManifestWriter&&) noexcept;
  ManifestWriter& operator=(ManifestWriter&&) noexcept;
  ~ManifestWriter();

  // In ascending order of paths; of several with the same path the first counts. exhausted, io: the
  // disk.
  Status add(const RemoteEntry& entry);
  Result<ManifestSummary> finish();

 private:
  struct Impl;
  explicit ManifestWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// A stream of entries in ascending order of paths.
class EntrySource {
 public:
  virtual ~EntrySource() = default;
  // nullopt: the end. corrupt: what was read is no such stream.
  virtual Result<std::optional<RemoteEntry>> next() = 0;
};

enum class ManifestOf : uint8_t {
  state,
  archive,  // in the order in which it was packed; its folders and what is not in it are left out
};

class ManifestReader final : public EntrySource {
 public:
  static Result<std::unique_ptr<ManifestReader>> open(const std::string& path,
                                                      ManifestOf what = ManifestOf::state);
  ~ManifestReader() override;
  // corrupt: damaged, cut short, out of order (of a state), or a path that leads out of its
  // directory.
  Result<std::optional<RemoteEntry>> next() override;

 private:
  struct Impl;
  explicit ManifestReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Brings entries in order, whatever their number: what is more than a bounded amount goes to files
// beside `prefix`, which go with it.
class EntrySorter {
 public:
  explicit EntrySorter(std::string prefix, size_t in_memory = kInMemory);
  ~EntrySorter();
  EntrySorter(const EntrySorter&) = delete;
  EntrySorter& operator=(const EntrySorter&) = delete;

  // Some 40 MB.
  static constexpr size_t kInMemory = 200'000;

  // The first failure is kept for sorted().
  void add(const RemoteEntry& entry);
  // All of them, once. The source must not outlive this.
  Result<std::unique_ptr<EntrySource>> sorted();

 private:
  Status spill();

  std::string prefix_;
  size_t in_memory_;
  std::vector<RemoteEntry> entries_;
  std::vector<std::string> files_;
  Status state_;
};

}  // namespace dray::worker
