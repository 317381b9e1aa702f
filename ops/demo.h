// `dray up --demo`: a real backup between two real servers, made through the same verbs that
// everybody uses, and compared in the end.
#pragma once

#include "ops/demo_server.h"
#include "ops/up_session.h"

namespace dray::ops {

// The servers of the demo; they live as long as this.
class Demo {
 public:
  Demo(Context& context, UpSession& session) : context_(context), session_(session) {}
  // Sets up, runs the job with a live view and compares. The exit code of the whole: ok only if the
  // run succeeded and the copy equals the source.
  Result<Exit> run();

 private:
  Status start_servers();
  Status make_remotes_and_job();
  Result<Exit> run_job();
  Result<Exit> compare(Exit outcome);
  std::string next_steps() const;

  Context& context_;
  UpSession& session_;
  std::string source_;
  std::string destination_;
  std::unique_ptr<DemoServer> from_;
  std::unique_ptr<DemoServer> to_;
};

}  // namespace dray::ops
