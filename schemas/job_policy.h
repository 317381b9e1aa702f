// What protects, proves and bounds the runs of a job, beside source, destination and schedule. Pure
// data: part of JobSpec (job.h), stored as one JSON object, and sent to workers as that JSON text
// (RunSpec::policy). Enumerations are database values: append only, never renumber. Validation of
// all of it is in job_policy_check.h.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "daemon/base/enum_names.h"
#include "schemas/schedule.h"

namespace dray {

// Where the files lie in the destination.
enum class Layout : uint8_t {
  versioned = 1,  // <dest>/current/, <dest>/versions/<run>/ (replaced and deleted files),
                  // <dest>/manifests/
  mirror = 2,     // straight in <dest>; versions only where a separate path is given
};

template <>
struct EnumNames<Layout> {
  static constexpr std::string_view kWhat = "layout";
  static constexpr EnumRow<Layout> kRows[] = {{Layout::versioned, "versioned"},
                                              {Layout::mirror, "mirror"}};
};

// How many earlier states are kept. Both rules set: a version goes only when both let it go.
struct RetentionPolicy {
  uint32_t keep_last_n = 0;  // 0: no rule
  uint32_t keep_days = 0;    // 0: no rule; neither rule: everything is kept
  uint32_t floor = 1;        // so many good copies never go, whatever the rules say

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("keep_last_n", self.keep_last_n);
    visit.optional("keep_days", self.keep_days);
    visit.optional("floor", self.floor);
  }
  friend bool operator==(const RetentionPolicy&, const RetentionPolicy&) = default;
};

enum class ValidationMode : uint8_t { none = 0, size = 1, hash = 2, download = 3, sample = 4 };

template <>
struct EnumNames<ValidationMode> {
  static constexpr std::string_view kWhat = "validation mode";
  static constexpr EnumRow<ValidationMode> kRows[] = {{ValidationMode::none, "none"},
                                                      {ValidationMode::size, "size"},
                                                      {ValidationMode::hash, "hash"},
                                                      {ValidationMode::download, "download"},
                                                      {ValidationMode::sample, "sample"}};
};

enum class FailureAction : uint8_t { fail = 1, warn = 2, ignore = 3 };

template <>
struct EnumNames<FailureAction> {
  static constexpr std::string_view kWhat = "failure action";
  static constexpr EnumRow<FailureAction> kRows[] = {{FailureAction::fail, "fail"},
                                                     {FailureAction::warn, "warn"},
                                                     {FailureAction::ignore, "ignore"}};
};

struct ValidationPolicy {
  ValidationMode mode = ValidationMode::size;
  uint32_t sample_percent = 10;                    // sample: of the files, 1 to 100
  FailureAction on_failure = FailureAction::fail;  // fail or warn

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("mode", self.mode);
    visit.optional("sample_percent", self.sample_percent);
    visit.optional("on_failure", self.on_failure);
  }
  friend bool operator==(const ValidationPolicy&, const ValidationPolicy&) = default;
};

// When a run is held for approval instead of carried out.
struct GuardPolicy {
  bool empty_source = true;          // the source lists empty although there was something
  uint32_t max_delete_percent = 25;  // of the files known; 100: never
  uint32_t min_overwrites = 10;  // fewer replaced files never hold: small sets change as a whole
  bool learn = true;             // counts that approved or earlier runs had are not unusual

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("empty_source", self.empty_source);
    visit.optional("max_delete_percent", self.max_delete_percent);
    visit.optional("min_overwrites", self.min_overwrites);
    visit.optional("learn", self.learn);
  }
  friend bool operator==(const GuardPolicy&, const GuardPolicy&) = default;
};

// From `at` on these weekdays, until the next row begins.
struct BandwidthRow {
  WeekdaySet weekdays = 0x7f;
  std::string at = "00:00";  // wall time
  uint64_t kbps = 0;         // kilobytes (1000 B) per second; 0: no cap

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("weekdays", self.weekdays);
    visit("at", self.at);
    visit("kbps", self.kbps);
  }
  friend bool operator==(const BandwidthRow&, const BandwidthRow&) = default;
};
// Empty: the plain cap beside it holds always. The earliest row of a week also holds before it,
// from the last row of the week before.
struct BandwidthTable {
  std::string time_zone = "UTC";
  std::vector<BandwidthRow> rows;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("time_zone", self.time_zone);
    visit.optional("rows", self.rows);
  }
  friend bool operator==(const BandwidthTable&, const BandwidthTable&) = default;
};

// A time in which runs may start; a run that is on at its end is paused and goes on in the next.
struct RunWindow {
  WeekdaySet weekdays = 0x7f;
  std::string from = "00:00";  // wall time in the schedule's time zone
  std::string to = "24:00";    // before `from`: on the next day

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("weekdays", self.weekdays);
    visit("from", self.from);
    visit("to", self.to);
  }
  friend bool operator==(const RunWindow&, const RunWindow&) = default;
};

struct RunLimits {
  uint64_t max_duration_seconds = 0;  // of one attempt: stopped then (class limit); 0: none
  uint64_t memory_bytes = 0;          // of the run's processes; 0: the worker's default
  std::vector<RunWindow> windows;     // empty: always
  uint32_t cpu_percent = 0;           // 100: one processor; 0: the worker's default

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("max_duration_seconds", self.max_duration_seconds);
    visit.optional("memory_bytes", self.memory_bytes);
    visit.optional("windows", self.windows);
    visit.optional("cpu_percent", self.cpu_percent);
  }
  friend bool operator==(const RunLimits&, const RunLimits&) = default;
};

// A program of the administrator's allow-list ([hooks.NAME] on the worker).
struct HookCall {
  std::string name;
  FailureAction on_failure = FailureAction::fail;
  uint64_t timeout_seconds = 60;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.name);
    visit.optional("on_failure", self.on_failure);
    visit.optional("timeout_seconds", self.timeout_seconds);
  }
  friend bool operator==(const HookCall&, const HookCall&) = default;
};

// kind = command: a program of the administrator ([commands.NAME] on the worker) with settings that
// its template takes.
struct CommandCall {
  std::string name;
  std::map<std::string, std::string> settings;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("name", self.name);
    visit.optional("settings", self.settings);
  }
  friend bool operator==(const CommandCall&, const CommandCall&) = default;
};

struct ArchiveOptions {
  uint32_t level = 3;         // zstd, 1 to 19
  uint64_t volume_bytes = 0;  // largest volume; 0: as large as the destination takes
  uint32_t fetchers = 16;     // source objects fetched at the same time

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("level", self.level);
    visit.optional("volume_bytes", self.volume_bytes);
    visit.optional("fetchers", self.fetchers);
  }
  friend bool operator==(const ArchiveOptions&, const ArchiveOptions&) = default;
};

// Where the run's processes live. worker_default: what the worker's configuration says; the worker
// may also enforce one.
enum class Sandbox : uint8_t { worker_default = 0, local_process = 1, sandboxed_process = 2 };

template <>
struct EnumNames<Sandbox> {
  static constexpr std::string_view kWhat = "sandbox";
  static constexpr EnumRow<Sandbox> kRows[] = {{Sandbox::worker_default, "worker_default"},
                                               {Sandbox::local_process, "local_process"},
                                               {Sandbox::sandboxed_process, "sandboxed_process"}};
};

enum class DrillPeriod : uint8_t { never = 0, daily = 1, weekly = 2, monthly = 3 };

template <>
struct EnumNames<DrillPeriod> {
  static constexpr std::string_view kWhat = "restore drill";
  static constexpr EnumRow<DrillPeriod> kRows[] = {{DrillPeriod::never, "never"},
                                                   {DrillPeriod::daily, "daily"},
                                                   {DrillPeriod::weekly, "weekly"},
                                                   {DrillPeriod::monthly, "monthly"}};
};

struct JobPolicy {
  Layout layout = Layout::versioned;
  std::string versions_path;  // mirror: where replaced files go, "remote:path"; empty: nowhere
  bool encryption = false;    // rclone crypt around the destination
  RetentionPolicy retention;
  DrillPeriod restore_drill = DrillPeriod::never;
  ValidationPolicy validation;
  GuardPolicy guard;
  BandwidthTable bandwidth_table;  // overrides bandwidth_kbps when it has rows
  uint32_t bandwidth_weight = 1;   // share among runs of one client, 1 to 1000
  RunLimits limits;
  std::vector<HookCall> before;
  std::vector<HookCall> after;
  CommandCall command;
  ArchiveOptions archive;
  Sandbox sandbox = Sandbox::worker_default;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("layout", self.layout);
    visit.optional("versions_path", self.versions_path);
    visit.optional("encryption", self.encryption);
    visit.optional("retention", self.retention);
    visit.optional("restore_drill", self.restore_drill);
    visit.optional("validation", self.validation);
    visit.optional("guard", self.guard);
    visit.optional("bandwidth_table", self.bandwidth_table);
    visit.optional("bandwidth_weight", self.bandwidth_weight);
    visit.optional("limits", self.limits);
    visit.optional("before", self.before);
    visit.optional("after", self.after);
    visit.optional("command", self.command);
    visit.optional("archive", self.archive);
    visit.optional("sandbox", self.sandbox);
  }
  friend bool operator==(const JobPolicy&, const JobPolicy&) = default;
};

}  // namespace dray
