// What one run has to do beyond its job, and what it is told of the job's past. Pure data: stored
// with the run and sent to the worker as JSON text (RunSpec::task); a run of a job by schedule has
// an empty one. Enumerations: append only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/base/time.h"
#include "schemas/ids.h"
#include "schemas/job_policy.h"
#include "schemas/outcome.h"

namespace dray {

// An earlier run whose result can be restored.
struct VersionRef {
  RunId run;
  WallTime at{};  // when it ended
  // Path below what holds versions/ and manifests/: "manifests/000000000812.jsonl.zst".
  std::string manifest;
  std::string archive;   // archive jobs: path of the first volume below the destination
  uint32_t volumes = 0;  // archive jobs
  uint64_t files = 0;
  uint64_t bytes = 0;
  Grade grade = Grade::none;
  std::string digest;  // of the manifest's lines, hex: runs that changed nothing share one manifest
  // Where it lies, however the job was changed since.
  std::string destination;  // of the job, "remote:path"
  Layout layout = Layout::versioned;
  std::string versions_path;  // mirror: where its versions/ and manifests/ are, "remote:path"

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("run", self.run);
    visit.optional("at", self.at);
    visit.optional("manifest", self.manifest);
    visit.optional("archive", self.archive);
    visit.optional("volumes", self.volumes);
    visit.optional("files", self.files);
    visit.optional("bytes", self.bytes);
    visit.optional("grade", self.grade);
    visit.optional("digest", self.digest);
    visit.optional("destination", self.destination);
    visit.optional("layout", self.layout);
    visit.optional("versions_path", self.versions_path);
  }
  friend bool operator==(const VersionRef&, const VersionRef&) = default;
};

// kind = restore: the job's state after a run, to another place.
struct RestoreTask {
  VersionRef version;
  std::string pattern;          // glob over paths; empty: everything
  std::string destination;      // "remote:path"
  uint32_t sample_percent = 0;  // a drill: so many percent of the files, at least one; 0: all
  bool drill = false;           // compare, then remove what was restored

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("version", self.version);
    visit.optional("pattern", self.pattern);
    visit.optional("destination", self.destination);
    visit.optional("sample_percent", self.sample_percent);
    visit.optional("drill", self.drill);
  }
  friend bool operator==(const RestoreTask&, const RestoreTask&) = default;
};

// kind = prune: these versions go; everything that a kept one needs stays.
struct PruneTask {
  std::vector<VersionRef> remove;
  std::vector<VersionRef> keep;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("remove", self.remove);
    visit.optional("keep", self.keep);
  }
  friend bool operator==(const PruneTask&, const PruneTask&) = default;
};

// kind = upload: a file that somebody hands in.
struct UploadTask {
  std::string name;         // canonical: file_name.h
  uint64_t size = 0;        // announced; kUnknownSize: not known
  std::string ticket_hash;  // SHA-256, in hex, of the secret that the sender shows with every chunk

  static constexpr uint64_t kUnknownSize = UINT64_MAX;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("name", self.name);
    visit.optional("size", self.size);
    visit.optional("ticket_hash", self.ticket_hash);
  }
  friend bool operator==(const UploadTask&, const UploadTask&) = default;
};

// What earlier good runs of the job did: the guard's second measure and the ETA's base.
struct LearnedCounts {
  uint64_t deletes = 0;  // the most of the last ten good runs
  uint64_t overwrites = 0;
  uint64_t duration_ms = 0;  // median
  uint64_t bytes = 0;        // median

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("deletes", self.deletes);
    visit.optional("overwrites", self.overwrites);
    visit.optional("duration_ms", self.duration_ms);
    visit.optional("bytes", self.bytes);
  }
  friend bool operator==(const LearnedCounts&, const LearnedCounts&) = default;
};

struct RunTask {
  bool approved = false;             // a person let a held run go: the guard asks no more
  std::vector<VersionRef> previous;  // the job's last kept version, if any
  LearnedCounts learned;
  RestoreTask restore;
  PruneTask prune;
  UploadTask upload;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("approved", self.approved);
    visit.optional("previous", self.previous);
    visit.optional("learned", self.learned);
    visit.optional("restore", self.restore);
    visit.optional("prune", self.prune);
    visit.optional("upload", self.upload);
  }
  friend bool operator==(const RunTask&, const RunTask&) = default;
};

}  // namespace dray
