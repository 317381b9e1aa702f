// What the verbs of verbs.h answer, field by field, as JSON (json_fields.h). The scheduler writes
// them, the command line and the API read them; readers ignore fields that they do not know. Pure
// data; times that did not happen yet are null.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "daemon/base/time.h"
#include "schemas/answers_jobs.h"
#include "schemas/answers_runs.h"
#include "schemas/json_fields.h"

namespace dray {

struct WorkerView {
  std::string name;
  uint64_t epoch = 0;
  std::string version;
  std::string rclone_version;
  uint32_t slots = 0;
  uint32_t busy = 0;  // slots taken
  bool connected = false;
  bool drain = false;
  WallTime last_seen{};
  std::string seal_fingerprint;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.name);
    visit("epoch", self.epoch);
    visit("version", self.version);
    visit("rclone_version", self.rclone_version);
    visit("slots", self.slots);
    visit("busy", self.busy);
    visit("connected", self.connected);
    visit("drain", self.drain);
    visit("last_seen", self.last_seen);
    visit("seal_fingerprint", self.seal_fingerprint);
  }
};

struct WorkerListAnswer {
  std::vector<WorkerView> workers;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("workers", self.workers);
  }
};

struct SettingView {
  JsonText value;
  JsonText default_value;
  std::string description;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("value", self.value);
    visit("default", self.default_value);
    visit("description", self.description);
  }
};

struct SettingsAnswer {
  std::map<std::string, SettingView> settings;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("settings", self.settings);
  }
};

struct AuditEntry {
  uint64_t id = 0;
  WallTime at{};
  std::string asked_by;  // the person, as the peer names them
  std::string peer;      // proven
  std::string address;   // from where the person came, as the notifier saw it; "": not over HTTP
  std::string verb;
  std::string target;
  JsonText before;  // null when there was nothing
  JsonText after;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("id", self.id);
    visit("at", self.at);
    visit("asked_by", self.asked_by);
    visit("peer", self.peer);
    visit.optional("address", self.address);
    visit("verb", self.verb);
    visit("target", self.target);
    visit("before", self.before);
    visit("after", self.after);
  }
};

struct AuditListAnswer {  // newest first
  std::vector<AuditEntry> entries;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("entries", self.entries);
  }
};

struct CheckView {
  std::string name;
  bool ok = true;
  std::string detail;
  std::string fix;  // "" when it is ok
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.name);
    visit("ok", self.ok);
    visit("detail", self.detail);
    visit("fix", self.fix);
  }
};

struct SystemCheckAnswer {
  std::vector<CheckView> checks;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("checks", self.checks);
  }
};

struct BackupAnswer {
  uint64_t bytes = 0;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("bytes", self.bytes);
  }
};

struct SchedulerView {
  std::string version;
  uint64_t epoch = 0;
  WallTime now{};
  WallTime started_at{};
  bool accepting = true;  // false: the database cannot be written, see problem
  std::string problem;
  bool queue_paused = false;
  std::string queue_paused_reason;
  uint64_t database_bytes = 0;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("version", self.version);
    visit("epoch", self.epoch);
    visit("now", self.now);
    visit("started_at", self.started_at);
    visit("accepting", self.accepting);
    visit("problem", self.problem);
    visit("queue_paused", self.queue_paused);
    visit("queue_paused_reason", self.queue_paused_reason);
    visit("database_bytes", self.database_bytes);
  }
};

struct DueView {
  std::string job;
  std::string client;
  WallTime at{};
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("job", self.job);
    visit("client", self.client);
    visit("at", self.at);
  }
};

// Each list holds the first few; `counts` counts all: "jobs", "clients", "remotes", "workers",
// "workers_connected", "slots", "slots_busy", and the open runs by the name of their state.
struct StatusAnswer {
  SchedulerView scheduler;
  std::map<std::string, uint64_t> counts;
  std::vector<RunView> running;
  std::vector<RunView> queued;
  std::vector<RunView> failing;  // last run of each enabled job whose last run failed
  std::vector<DueView> next;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("scheduler", self.scheduler);
    visit("counts", self.counts);
    visit("running", self.running);
    visit("queued", self.queued);
    visit("failing", self.failing);
    visit("next", self.next);
  }
};

}  // namespace dray
