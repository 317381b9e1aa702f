// What an operator asks for: clients, remotes and jobs as the command line, the API and the
// database speak of them. Validation of all of it is in job_check.h.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "daemon/base/enum_names.h"
#include "daemon/base/time.h"
#include "schemas/ids.h"
#include "schemas/job_policy.h"
#include "schemas/schedule.h"

namespace dray {

// What a run does. restore and prune are kinds of runs only, never of jobs.
enum class JobKind : uint8_t {
  sync = 1,     // makes the destination equal
  copy = 2,     // never deletes
  move = 3,     // removes from the source what was copied
  archive = 4,  // one compressed stream per run
  check = 5,    // compares only
  restore = 6,
  prune = 7,
  upload = 8,   // takes files that are handed in
  command = 9,  // a program of the administrator
};

constexpr bool is_job_kind(JobKind kind) {
  return kind != JobKind::restore && kind != JobKind::prune;
}

template <>
struct EnumNames<JobKind> {
  static constexpr std::string_view kWhat = "job kind";
  static constexpr EnumRow<JobKind> kRows[] = {
      {JobKind::sync, "sync"},       {JobKind::copy, "copy"},     {JobKind::move, "move"},
      {JobKind::archive, "archive"}, {JobKind::check, "check"},   {JobKind::restore, "restore"},
      {JobKind::prune, "prune"},     {JobKind::upload, "upload"}, {JobKind::command, "command"},
  };
};

// "remote:path". The remote is one of ours by name; the path never holds rclone syntax.
struct Endpoint {
  std::string remote;
  std::string path;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("remote", self.remote);
    visit.optional("path", self.path);
  }
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

// What rclone is told beside source and destination.
struct TransferOptions {
  std::vector<std::string> filters;  // rclone filter rules in order: "- *.tmp", "+ /docs/**"
  uint32_t transfers = 4;
  uint32_t checkers = 8;
  int64_t max_delete = -1;         // files one run may delete; -1: no limit
  bool file_log = false;           // a record per file; slows many small files by 40 %
  uint64_t stall_seconds = 1800;   // no counter moved for this long: stop and retry; 0: never
  std::vector<std::string> flags;  // extra rclone flags from the allow-list, "--checksum"

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("filters", self.filters);
    visit.optional("transfers", self.transfers);
    visit.optional("checkers", self.checkers);
    visit.optional("max_delete", self.max_delete);
    visit.optional("file_log", self.file_log);
    visit.optional("stall_seconds", self.stall_seconds);
    visit.optional("flags", self.flags);
  }
  friend bool operator==(const TransferOptions&, const TransferOptions&) = default;
};

struct RetryPolicy {
  uint32_t max_attempts = 3;      // the first one counts
  uint32_t backoff_seconds = 30;  // before the second attempt; doubles, with jitter of 25 %
  uint32_t backoff_max_seconds = 1800;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("max_attempts", self.max_attempts);
    visit.optional("backoff_seconds", self.backoff_seconds);
    visit.optional("backoff_max_seconds", self.backoff_max_seconds);
  }
  friend bool operator==(const RetryPolicy&, const RetryPolicy&) = default;
};

struct JobSpec {
  std::string name;  // unique
  std::string client = "default";
  JobKind kind = JobKind::sync;
  Endpoint source;       // none for kind = upload
  Endpoint destination;  // not given: [destination.default] of the scheduler, when it is stored
  Schedule schedule;
  bool enabled = true;
  int32_t priority = 0;  // higher first, -100 to 100
  MisfirePolicy misfire = MisfirePolicy::run_once;
  uint32_t misfire_max = 10;  // run_all: this many at most
  OverlapPolicy overlap = OverlapPolicy::skip;
  uint32_t max_concurrent = 1;  // only with overlap = allow more than one makes sense
  uint64_t bandwidth_kbps = 0;  // kilobytes (1000 B) per second; 0: no cap of the job's own
  RetryPolicy retry;
  TransferOptions options;
  JobPolicy policy;  // its fields stand beside the others in JSON

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.name);
    visit.optional("client", self.client);
    visit.optional("kind", self.kind);
    visit.optional("source", self.source);
    visit.optional("destination", self.destination);
    visit.optional("schedule", self.schedule);
    visit.optional("enabled", self.enabled);
    visit.optional("priority", self.priority);
    visit.optional("misfire", self.misfire);
    visit.optional("misfire_max", self.misfire_max);
    visit.optional("overlap", self.overlap);
    visit.optional("max_concurrent", self.max_concurrent);
    visit.optional("bandwidth_kbps", self.bandwidth_kbps);
    visit.optional("retry", self.retry);
    visit.optional("options", self.options);
    JobPolicy::fields(self.policy, visit);
  }
  friend bool operator==(const JobSpec&, const JobSpec&) = default;
};

struct ClientSpec {
  std::string name;
  uint32_t weight = 1;               // share of the queue, 1 to 1000
  uint32_t max_concurrent_jobs = 0;  // 0: no cap of the client's own
  uint64_t max_bandwidth_kbps = 0;   // 0: no cap of the client's own

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.name);
    visit.optional("weight", self.weight);
    visit.optional("max_concurrent_jobs", self.max_concurrent_jobs);
    visit.optional("max_bandwidth_kbps", self.max_bandwidth_kbps);
  }
  friend bool operator==(const ClientSpec&, const ClientSpec&) = default;
};

// A remote as it is stored and sent: settings sealed to the workers' key (daemon/base/seal.h), the
// rest in clear because the scheduler needs it.
struct SealedRemote {
  std::string name;  // unique per client
  std::string client = "default";
  std::string type;                    // rclone backend: "s3", "sftp", "crypt"
  uint32_t version = 1;                // rises with every change of the settings
  std::vector<std::string> refers_to;  // names of remotes that the settings point at (crypt, alias)
  uint32_t max_concurrent = 0;         // runs at once on this account; 0: no cap
  std::string sealed;      // raw bytes; opens to a JSON object of rclone option -> value
  std::string sealed_for;  // fingerprint of the workers' public key

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.name);
    visit("client", self.client);
    visit("type", self.type);
    visit("version", self.version);
    visit("refers_to", self.refers_to);
    visit("max_concurrent", self.max_concurrent);
    visit("sealed", self.sealed);
    visit("sealed_for", self.sealed_for);
  }
  friend bool operator==(const SealedRemote&, const SealedRemote&) = default;
};

using RemoteSettings = std::map<std::string, std::string>;  // rclone option -> value, in clear

// Everything a worker needs for one attempt.
struct RunSpec {
  std::string job;
  std::string client;
  JobKind kind = JobKind::sync;
  Endpoint source;
  Endpoint destination;
  std::vector<SealedRemote> remotes;  // source, destination and all they refer to
  TransferOptions options;
  bool dry_run = false;
  uint64_t bandwidth_bytes_per_second = 0;  // 0: no cap
  std::string policy;                       // JobPolicy as JSON; empty: all defaults
  std::string task;                         // RunTask as JSON; empty: nothing special
  // encryption: {"password", "password2"} of the crypt remote, sealed like a remote's settings but
  // apart from them.
  std::string crypt_key;
  WallTime scheduled_at{};
  bool live_bandwidth = false;  // SET_BANDWIDTH may follow, also when there is no cap now

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("job", self.job);
    visit("client", self.client);
    visit("kind", self.kind);
    visit("source", self.source);
    visit("destination", self.destination);
    visit("remotes", self.remotes);
    visit("options", self.options);
    visit("dry_run", self.dry_run);
    visit("bandwidth_bytes_per_second", self.bandwidth_bytes_per_second);
    visit.optional("policy", self.policy);
    visit.optional("task", self.task);
    visit.optional("crypt_key", self.crypt_key);
    visit.optional("scheduled_at", self.scheduled_at);
    visit.optional("live_bandwidth", self.live_bandwidth);
  }
  friend bool operator==(const RunSpec&, const RunSpec&) = default;
};

}  // namespace dray
