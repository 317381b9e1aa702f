// What a running run shows of itself. Pure data: workers/progress.h computes it from rclone's stats
// records, it travels in PROGRESS messages and is stored as the last picture of a run. Progress is
// a picture, never a fact: any of it may be lost or late. Wire and database values: append only,
// never renumber.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "daemon/base/enum_names.h"

namespace dray {

// preparing to deleting in the order in which a transfer passes them; it may skip one, but never
// goes back. The others stand around the transfer.
enum class Phase : uint8_t {
  queued = 0,        // no process yet
  preparing = 1,     // rclone starts and opens both remotes; no stats record yet
  listing = 2,       // walks and compares, nothing to transfer found so far
  transferring = 3,  // data moves; listing may still go on (see totals_are_lower_bounds)
  deleting = 4,      // transfers ended, removes what the source no longer has
  done = 5,          // nothing of the run is left to do
  checking = 6,      // what would change, before anything does: guard, preflight
  hooks = 7,         // programs of the administrator, before or after
  validating = 8,    // compares destination and source
  recording = 9,     // writes the manifest of what can be restored
  cleaning = 10,     // removes what retention lets go, or what a drill restored
};

template <>
struct EnumNames<Phase> {
  static constexpr std::string_view kWhat = "phase";
  static constexpr EnumRow<Phase> kRows[] = {
      {Phase::queued, "queued"},         {Phase::preparing, "preparing"},
      {Phase::listing, "listing"},       {Phase::transferring, "transferring"},
      {Phase::deleting, "deleting"},     {Phase::done, "done"},
      {Phase::checking, "checking"},     {Phase::hooks, "hooks"},
      {Phase::validating, "validating"}, {Phase::recording, "recording"},
      {Phase::cleaning, "cleaning"},
  };
};

// One file on its way. `name` is as rclone shows it: relative to the remote's root, control
// characters replaced, hostile all the same (escape it for wherever it is shown).
struct CurrentFile {
  std::string name;
  int64_t bytes = 0;
  int64_t size = -1;  // -1: unknown (a stream)
  int percent = 0;    // 0 to 100; 0 when the size is unknown

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.name);
    visit.optional("bytes", self.bytes);
    visit.optional("size", self.size);
    visit.optional("percent", self.percent);
  }
  friend bool operator==(const CurrentFile&, const CurrentFile&) = default;
};

struct Progress {
  // More current files than this are not carried.
  static constexpr size_t kMaxFiles = 16;

  Phase phase = Phase::queued;
  double percent = 0;  // of the whole run, 0 to 100, weighted over the phases; never falls
  int64_t bytes_done = 0;
  int64_t bytes_total = 0;
  int64_t files_done = 0;
  int64_t files_total = 0;
  int64_t checks_done = 0;
  int64_t checks_total = 0;
  int64_t deletes = 0;  // attempts, as rclone counts them
  int64_t errors = 0;
  int64_t bytes_per_second = 0;         // exponentially weighted average over about 10 s
  int64_t eta_seconds = -1;             // -1: unknown
  bool totals_are_lower_bounds = true;  // the listing has not ended: totals may still grow
  int64_t elapsed_ms = 0;               // since the process was started
  std::vector<CurrentFile> files;       // at most kMaxFiles
  std::string stage;                    // what a command calls its part; cleaned

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("phase", self.phase);
    visit("percent", self.percent);
    visit.optional("bytes_done", self.bytes_done);
    visit.optional("bytes_total", self.bytes_total);
    visit.optional("files_done", self.files_done);
    visit.optional("files_total", self.files_total);
    visit.optional("checks_done", self.checks_done);
    visit.optional("checks_total", self.checks_total);
    visit.optional("deletes", self.deletes);
    visit.optional("errors", self.errors);
    visit.optional("bytes_per_second", self.bytes_per_second);
    visit.optional("eta_seconds", self.eta_seconds);
    visit.optional("totals_are_lower_bounds", self.totals_are_lower_bounds);
    visit.optional("elapsed_ms", self.elapsed_ms);
    visit.optional("files", self.files);
    visit.optional("stage", self.stage);
  }
  friend bool operator==(const Progress&, const Progress&) = default;
};

}  // namespace dray
