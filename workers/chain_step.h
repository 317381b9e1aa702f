// A step of several processes, one after the other: what comes next is decided when one has ended.
// Base of the steps that keep, restore and prune versions.
//
// begin_chain() starts the first with run() or list(); the continuation of each starts another or
// calls finish(). A continuation is not called when the process was stopped, could not be started,
// or failed in a way that `tolerate` does not accept: then the step ends with that.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "workers/process_runner.h"
#include "workers/remote_listing.h"

namespace dray::worker {

class ChainStep : public Step {
 public:
  explicit ChainStep(AttemptState& state) : state_(state) {}
  ~ChainStep() override;

  void begin() final;
  void extend(Instant kill_at) final;
  void stop(StopReason reason) final;

 protected:
  struct Command {
    std::string label;  // behind the run in process lists
    std::string verb;   // "copyto"
    std::vector<std::string> operands;
    std::vector<std::string> flags = {};
    RcloneVerb kind = RcloneVerb::copy;  // how it is judged
    std::function<void(const StatsRecord&)> on_stats = {};
  };
  using Tolerate = std::function<bool(const ProcessEnd&, const StepEnd&)>;

  // invalid, io ...: the step ends with that failure.
  virtual Status begin_chain() = 0;

  AttemptState& state() { return state_; }
  void run(Command command, std::function<Status(const ProcessEnd&)> then, Tolerate tolerate = {});
  void list(ListingWanted wanted, EntrySink sink, std::function<Status(const ListingEnd&)> then);
  void finish(StepEnd end);
  // Of our own, not of a process.
  void fail_with(const Error& error, ErrorClass error_class = ErrorClass::resources);

 private:
  void go_on(const std::function<Status()>& then);

  AttemptState& state_;
  std::unique_ptr<ProcessRunner> runner_;
  std::unique_ptr<RemoteListing> listing_;
  ProgressModel moving_;  // of the process that runs, for the stall watch
  // Ended, but perhaps still on the stack.
  std::vector<std::unique_ptr<ProcessRunner>> old_runners_;
  std::vector<std::unique_ptr<RemoteListing>> old_listings_;
  size_t depth_ = 0;
  bool over_ = false;
};

// Is what was to be removed not there? For steps that may be repeated.
bool was_gone(const ProcessEnd& end, const StepEnd& step);

}  // namespace dray::worker
