// What the verbs about versions and retention answer (see answers.h), and what a worker is asked to
// find in manifests.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/base/time.h"
#include "schemas/ids.h"
#include "schemas/json_fields.h"
#include "schemas/outcome.h"

namespace dray {

// A state that can be restored.
struct VersionView {
  RunId run;
  std::string job;
  std::string client;
  WallTime at{};
  std::string state;  // "kept", "pruning", "pruned"
  uint64_t files = 0;
  uint64_t bytes = 0;
  Grade grade = Grade::none;
  bool good = false;   // counts for retention
  std::string pinned;  // why; "": not pinned
  RunId prune_run;
  std::string destination;  // "remote:path"
  std::string manifest;     // below the destination, or below versions_path
  std::string versions_path;
  std::string archive;  // first volume; "": plain objects

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("run", self.run);
    visit("job", self.job);
    visit("client", self.client);
    visit("at", self.at);
    visit("state", self.state);
    visit("files", self.files);
    visit("bytes", self.bytes);
    visit("grade", self.grade);
    visit("good", self.good);
    visit("pinned", self.pinned);
    visit("prune_run", self.prune_run);
    visit("destination", self.destination);
    visit("manifest", self.manifest);
    visit("versions_path", self.versions_path);
    visit("archive", self.archive);
  }
};

struct VersionListAnswer {  // version.list, newest first
  std::vector<VersionView> versions;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("versions", self.versions);
  }
};

struct DeletionView {
  WallTime at{};
  RunId run;      // the prune
  RunId version;  // whose files they were
  std::string path;
  uint64_t files = 0;
  uint64_t bytes = 0;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("at", self.at);
    visit("run", self.run);
    visit("version", self.version);
    visit("path", self.path);
    visit("files", self.files);
    visit("bytes", self.bytes);
  }
};

struct VersionAnswer {  // version.show, version.pin
  VersionView version;
  std::vector<DeletionView> deletions;  // of what was replaced or deleted under its name
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("version", self.version);
    visit("deletions", self.deletions);
  }
};

struct RetentionView {
  RunId run;
  WallTime at{};
  bool keep = true;
  std::string why;
  uint64_t files = 0;
  uint64_t bytes = 0;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("run", self.run);
    visit("at", self.at);
    visit("keep", self.keep);
    visit("why", self.why);
    visit("files", self.files);
    visit("bytes", self.bytes);
  }
};

struct RetentionPreviewAnswer {  // newest first
  std::vector<RetentionView> versions;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("versions", self.versions);
  }
};

// ── A worker's question of kind "versions.find" ─────────────────────────────────────────────────

struct FindInManifests {
  static constexpr size_t kMaxManifests = 500;
  struct Manifest {
    RunId run;
    std::string path;      // below the place: "manifests/000000000812.jsonl.zst"
    bool archive = false;  // it is that of an archive
    template <class Self, class Visitor>
    static void fields(Self& self, Visitor&& visit) {
      visit("run", self.run);
      visit("path", self.path);
      visit("archive", self.archive);
    }
  };
  std::string pattern;
  std::vector<Manifest> manifests;  // newest first
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("pattern", self.pattern);
    visit("manifests", self.manifests);
  }
};

struct FoundFile {
  RunId run;
  std::string path;  // made safe to show
  std::optional<uint64_t> size;
  WallTime mtime{};
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("run", self.run);
    visit("path", self.path);
    visit("size", self.size);
    visit("mtime", self.mtime);
  }
};

struct VersionFindAnswer {
  std::vector<FoundFile> files;
  bool truncated = false;  // there are more
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("files", self.files);
    visit("truncated", self.truncated);
  }
};

}  // namespace dray
