// What the verbs about jobs, clients and remotes answer (see answers.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/time.h"
#include "schemas/answers_runs.h"
#include "schemas/ids.h"
#include "schemas/job.h"

namespace dray {

// The fields of the JobSpec and these beside them.
struct JobView {
  JobId id;
  JobSpec spec;
  WallTime created_at{};
  WallTime updated_at{};
  WallTime next_due{};
  std::string paused;  // why no run of it starts; empty: not paused
  std::optional<RunView> last_run;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("id", self.id);
    JobSpec::fields(self.spec, visit);
    visit("created_at", self.created_at);
    visit("updated_at", self.updated_at);
    visit("next_due", self.next_due);
    visit.optional("paused", self.paused);
    visit.optional("last_run", self.last_run);
  }
};

struct JobListAnswer {  // by name; `after` = the last name asks for the next page
  std::vector<JobView> jobs;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("jobs", self.jobs);
  }
};

struct JobsImported {  // job.import
  uint64_t imported = 0;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("imported", self.imported);
  }
};

struct JobAnswer {  // job.put, job.enable
  JobView job;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("job", self.job);
  }
};

// Of an encrypted job; nobody but a worker can read the key itself.
struct JobKeyView {
  WallTime created_at{};
  WallTime exported_at{};  // never: nobody could read the data without Drayage
  std::string exported_by;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("created_at", self.created_at);
    visit("exported_at", self.exported_at);
    visit("exported_by", self.exported_by);
  }
};

struct JobShowAnswer {
  JobView job;
  WallTime next_due{};
  std::vector<RunView> last_runs;
  std::optional<JobKeyView> key;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("job", self.job);
    visit("next_due", self.next_due);
    visit("last_runs", self.last_runs);
    visit.optional("key", self.key);
  }
};

struct OccurrenceView {
  WallTime at{};
  std::string local;
  std::string abbreviation;
  bool shifted_by_gap = false;
  bool repeated_hour = false;
  bool dst_day = false;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("at", self.at);
    visit("local", self.local);
    visit("abbreviation", self.abbreviation);
    visit("shifted_by_gap", self.shifted_by_gap);
    visit("repeated_hour", self.repeated_hour);
    visit("dst_day", self.dst_day);
  }
};

struct OccurrencesAnswer {  // job.next, schedule.preview
  std::vector<OccurrenceView> occurrences;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("occurrences", self.occurrences);
  }
};

struct ClientView {
  ClientId id;
  ClientSpec spec;
  uint64_t jobs = 0;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("id", self.id);
    ClientSpec::fields(self.spec, visit);
    visit("jobs", self.jobs);
  }
};

struct ClientListAnswer {
  std::vector<ClientView> clients;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("clients", self.clients);
  }
};

struct ClientAnswer {
  ClientView client;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("client", self.client);
  }
};

struct RemoteView {  // without its settings: nobody but a worker can read them
  RemoteId id;
  std::string name;
  std::string client;
  std::string type;
  uint32_t version = 1;
  std::vector<std::string> refers_to;
  uint32_t max_concurrent = 0;
  std::string sealed_for;
  WallTime updated_at{};
  WallTime login_at{};  // when the login in its settings was made or renewed; never: it has none
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("id", self.id);
    visit("name", self.name);
    visit("client", self.client);
    visit("type", self.type);
    visit("version", self.version);
    visit("refers_to", self.refers_to);
    visit("max_concurrent", self.max_concurrent);
    visit("sealed_for", self.sealed_for);
    visit("updated_at", self.updated_at);
    visit.optional("login_at", self.login_at);
  }
};

struct RemoteListAnswer {
  std::vector<RemoteView> remotes;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("remotes", self.remotes);
  }
};

struct RemoteAnswer {
  RemoteView remote;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("remote", self.remote);
  }
};

struct SealKeyAnswer {
  std::string public_key;  // format_sealing_key() of daemon/base/seal.h
  std::string fingerprint;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("public_key", self.public_key);
    visit("fingerprint", self.fingerprint);
  }
};

DRAY_JSON_ONCE(extern, JobView);

}  // namespace dray
