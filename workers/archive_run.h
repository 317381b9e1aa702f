// What the steps of one archive run share: making, verifying, cleaning up.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "workers/archive_names.h"
#include "workers/attempt_state.h"
#include "workers/manifest.h"
#include "workers/process_runner.h"
#include "workers/volume_sink.h"

namespace dray::worker {

struct ArchiveRun {
  ArchiveNames names;
  ArchiveCut cut;
  std::optional<DigestKind> other_hash;  // that the destination can tell, beside SHA-256
  bool tells_sha256 = false;             // the destination can
  bool streams = false;                  // it takes data of unknown size; else rclone spools it
  std::vector<Volume> volumes;           // that have been uploaded
  uint64_t manifest_bytes = 0;
  // Of a restore: what came out, by its bytes of path, with the hash that can be compared.
  std::unique_ptr<EntrySorter> unpacked;
  bool begun = false;     // something of it may lie in the destination
  bool verified = false;  // it is there as a whole

  // The hash that both sides know; none: only sizes can be compared.
  std::optional<DigestKind> common_hash() const {
    return tells_sha256 ? std::optional(DigestKind::sha256) : other_hash;
  }
};

// Where the archive's folder is in the destination, as minted.
std::string archive_place(const AttemptState& state);

// A process of the attempt that runs rclone: "rcat", "copyto", "serve".
ProcessPlan archive_process(AttemptState& state, std::string_view label, std::string_view verb,
                            std::vector<std::string> operands, std::vector<std::string> flags);

// Steps that are not the first leave the attempt's own end alone: their failure is an end.
StepEnd archive_failure(ErrorClass error_class, bool retry, std::string hint);

}  // namespace dray::worker
