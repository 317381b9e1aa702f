// One short rclone command on a remote, with the attempt's own machinery: sealed settings, a
// private directory, a guard, and its failure explained. For listings, quotas, tests of remotes.
//
// Thread: that of the loop. Bounded in time (Wanted::timeout) and memory (CapturedCommand).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/result.h"
#include "schemas/messages.h"
#include "workers/run_context.h"

namespace dray::worker {

struct QuestionWanted {
  std::string name;  // of the private directory: "probe-7"; a row of run_directory.cc
  std::string verb;  // "lsf"
  std::vector<std::string> flags;
  Endpoint endpoint;
  std::vector<SealedRemote> remotes;  // the endpoint's and all they refer to
  // The endpoint is the destination of an encrypted job: its name and its sealed passwords.
  std::optional<RunSpec> crypt = {};
  Duration timeout = seconds{45};
};

struct QuestionResult {
  bool ok = false;
  std::string output;  // when ok
  bool cut = false;    // there was more output than is kept
  // Otherwise:
  ErrorClass error_class = ErrorClass::none;
  std::string hint;           // a sentence for a person
  std::string deciding_line;  // of rclone, cleaned
};

class RcloneQuestion {
 public:
  // `context` outlives this. `done` is called once, never within this call; it may destroy us.
  RcloneQuestion(const RunContext& context, QuestionWanted wanted,
                 std::function<void(QuestionResult)> done);
  ~RcloneQuestion();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// "HINT (rclone said: LINE)" with the code that fits the class of a failure.
Error to_error(const QuestionResult& result);

}  // namespace dray::worker
