// What the verbs about bandwidth and pauses answer (see answers.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/time.h"
#include "schemas/ids.h"
#include "schemas/job_policy.h"
#include "schemas/json_fields.h"
#include "schemas/run_state.h"

namespace dray {

// A cap that is configured. Rates are bytes per second.
struct BandwidthCapView {
  std::string scope;  // "global", "client", "job"
  std::string name;   // of the client or job
  uint64_t cap = 0;   // in force now; 0: none
  bool from_table = false;
  WallTime next_change{};  // of the table
  uint64_t given = 0;      // to its runs
  uint64_t used = 0;       // by its runs
  uint32_t runs = 0;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("scope", self.scope);
    visit("name", self.name);
    visit("cap", self.cap);
    visit("from_table", self.from_table);
    visit("next_change", self.next_change);
    visit("given", self.given);
    visit("used", self.used);
    visit("runs", self.runs);
  }
};

struct BandwidthShareView {
  RunId run;
  std::string job;
  std::string client;
  std::string worker;
  uint64_t weight = 1;
  uint64_t share = 0;  // 0: no cap
  uint64_t used = 0;
  std::optional<uint64_t> wants;  // null: all it can get
  bool confirmed = true;          // the worker says that the share is in force
  bool live = true;               // it follows changes while it runs
  std::string limited_by;         // "global", "client", "job", "itself"; "": nothing
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("run", self.run);
    visit("job", self.job);
    visit("client", self.client);
    visit("worker", self.worker);
    visit("weight", self.weight);
    visit("share", self.share);
    visit("used", self.used);
    visit.optional("wants", self.wants);
    visit("confirmed", self.confirmed);
    visit("live", self.live);
    visit("limited_by", self.limited_by);
  }
};

struct BandwidthAnswer {  // bandwidth.show
  std::vector<BandwidthCapView> caps;
  std::vector<BandwidthShareView> runs;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("caps", self.caps);
    visit("runs", self.runs);
  }
};

// What is configured in one place.
struct BandwidthSetAnswer {  // bandwidth.set
  std::string scope;
  std::string name;
  uint64_t kbps = 0;  // the plain cap; 0: none
  BandwidthTable table;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("scope", self.scope);
    visit("name", self.name);
    visit("kbps", self.kbps);
    visit("table", self.table);
  }
};

struct PauseRow {
  RunId run;
  uint8_t code = 0;                   // 0: the request is durable; otherwise ErrorCode + 1
  RunState state = RunState::queued;  // after this request
  std::string message;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("run", self.run);
    visit("code", self.code);
    visit("state", self.state);
    visit("message", self.message);
  }
};

struct PauseAnswer {  // run.pause, run.resume, run.priority, job.pause, client.pause, queue.pause
  std::vector<PauseRow> runs;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("runs", self.runs);
  }
};

}  // namespace dray
