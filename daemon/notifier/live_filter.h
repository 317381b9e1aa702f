// What a live connection wants to hear of, and may. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/notifier/identity.h"
#include "schemas/ids.h"

namespace dray::notifier {

// Pictures of progress are of this kind, beside the kinds of events ("run.finished").
inline constexpr std::string_view kProgressKind = "run.progress";

// What a message is about.
struct LiveSubject {
  std::string kind;
  std::string client;  // "": of nobody's, for those who see all
  std::string job;
  RunId run;
};

class LiveFilter {
 public:
  // "run.state,run.progress": separated by commas. A topic is a kind of event ("run.finished"), the
  // kinds that share the word before the dot ("worker"), "run.state" for all of a run but its
  // progress, or "run.progress". "": everything. invalid: no such word, or too many.
  static Result<LiveFilter> parse(Identity who, std::string_view topics, std::string client,
                                  std::string job, RunId run);

  // May it be shown, and is it wanted?
  bool matches(const LiveSubject& subject) const;
  // Of the topics alone: for what a query has chosen by rights, client, job and run.
  bool wants(std::string_view kind) const;

  const Identity& who() const { return who_; }
  const std::string& client() const { return client_; }
  const std::string& job() const { return job_; }
  RunId run() const { return run_; }

 private:
  Identity who_;
  std::vector<std::string> topics_;
  std::string client_;
  std::string job_;
  RunId run_;
};

}  // namespace dray::notifier
