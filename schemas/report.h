// What an attempt found out beyond its outcome. Pure data: travels as JSON text in
// AttemptResult::report (empty: nothing) and is stored in the tables that ask for it. A worker
// fills in what applies and leaves the rest out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/base/time.h"
#include "schemas/ids.h"
#include "schemas/job_policy.h"
#include "schemas/outcome.h"
#include "schemas/run_task.h"

namespace dray {

struct GuardReport {
  bool held = false;   // the run was not carried out: Outcome::held
  std::string reason;  // for the person who approves
  uint64_t known_files = 0;
  uint64_t source_files = 0;
  uint64_t deletes = 0;
  uint64_t overwrites = 0;
  uint64_t creates = 0;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("held", self.held);
    visit.optional("reason", self.reason);
    visit.optional("known_files", self.known_files);
    visit.optional("source_files", self.source_files);
    visit.optional("deletes", self.deletes);
    visit.optional("overwrites", self.overwrites);
    visit.optional("creates", self.creates);
  }
  friend bool operator==(const GuardReport&, const GuardReport&) = default;
};

struct ValidationReport {
  ValidationMode mode = ValidationMode::none;
  std::string tool;  // "check", "cryptcheck", "download"
  Grade grade = Grade::none;
  uint64_t compared = 0;        // objects whose content or size was compared
  uint64_t not_comparable = 0;  // no common hash
  uint64_t differences = 0;
  uint64_t missing = 0;         // on one side only
  uint64_t unreadable = 0;      // could not be read for the comparison
  uint64_t source_changed = 0;  // differ because the source changed meanwhile: no damage
  std::string excerpt;          // of the differences, one path per line, cleaned

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("mode", self.mode);
    visit.optional("tool", self.tool);
    visit.optional("grade", self.grade);
    visit.optional("compared", self.compared);
    visit.optional("not_comparable", self.not_comparable);
    visit.optional("differences", self.differences);
    visit.optional("missing", self.missing);
    visit.optional("excerpt", self.excerpt);
    visit.optional("unreadable", self.unreadable);
    visit.optional("source_changed", self.source_changed);
  }
  friend bool operator==(const ValidationReport&, const ValidationReport&) = default;
};

struct DeletedVersion {
  RunId run;
  std::string path;  // below the destination
  uint64_t files = 0;
  uint64_t bytes = 0;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("run", self.run);
    visit("path", self.path);
    visit.optional("files", self.files);
    visit.optional("bytes", self.bytes);
  }
  friend bool operator==(const DeletedVersion&, const DeletedVersion&) = default;
};

struct ReceiptReport {
  std::string name;
  std::string path;  // "remote:path"
  uint64_t size = 0;
  uint32_t crc32 = 0;
  std::string sha256;  // hex
  uint64_t partial_clears = 0;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("name", self.name);
    visit.optional("path", self.path);
    visit.optional("size", self.size);
    visit.optional("crc32", self.crc32);
    visit.optional("sha256", self.sha256);
    visit.optional("partial_clears", self.partial_clears);
  }
  friend bool operator==(const ReceiptReport&, const ReceiptReport&) = default;
};

// One part of the attempt, as it went.
struct StepReport {
  std::string name;
  Outcome outcome = Outcome::none;
  uint64_t duration_ms = 0;
  std::string note;
  std::string output;  // the end of what a hook or command said, cleaned

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.name);
    visit.optional("outcome", self.outcome);
    visit.optional("duration_ms", self.duration_ms);
    visit.optional("note", self.note);
    visit.optional("output", self.output);
  }
  friend bool operator==(const StepReport&, const StepReport&) = default;
};

struct AttemptReport {
  std::vector<StepReport> steps;
  std::vector<GuardReport> guard;  // none or one, as all lists here
  std::vector<ValidationReport> validation;
  std::vector<VersionRef> version;      // what can be restored from now on
  std::vector<DeletedVersion> deleted;  // any number
  std::vector<ReceiptReport> receipt;
  std::vector<std::string> failing_paths;  // a few, cleaned
  std::string sandbox;                     // how the processes were confined, and why not

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("steps", self.steps);
    visit.optional("guard", self.guard);
    visit.optional("validation", self.validation);
    visit.optional("version", self.version);
    visit.optional("deleted", self.deleted);
    visit.optional("receipt", self.receipt);
    visit.optional("failing_paths", self.failing_paths);
    visit.optional("sandbox", self.sandbox);
  }
  friend bool operator==(const AttemptReport&, const AttemptReport&) = default;
};

}  // namespace dray
