// Questions about remotes that a worker answers: does it work, what lies there, how much room is
// left, which key does a server show. A row of kQuestions per verb.
#include <algorithm>

#include "daemon/base/quote.h"
#include "daemon/scheduler/verbs.h"
#include "schemas/job_check.h"

namespace dray::verbs {
namespace {

struct RemoteArgs {
  std::string name;
  std::string client = "default";
  std::string path;
  bool files = false;  // remote.browse
  std::string patch;   // remote.merge: a sealed box, base64
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.name);
    visit.optional("client", self.client);
    visit.optional("path", self.path);
    visit.optional("files", self.files);
    visit.optional("patch", self.patch);
  }
};

struct BrowseBody {
  bool files = false;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("files", self.files);
  }
};

struct MergeBody {
  std::string patch;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("patch", self.patch);
  }
};

// Two of rclone that renew one login can make it worthless: while a run uses it, nobody else does.
Status check_login_free(Context& context, const std::string& client,
                        const std::vector<SealedRemote>& remotes) {
  std::vector<std::string> logins;
  for (const SealedRemote& remote : remotes) {
    DRAY_TRY_ASSIGN(const auto view, context.catalog.remote(client, remote.name));
    if (view && view->login_at != WallTime{}) logins.push_back(remote.name);
  }
  if (logins.empty()) return {};
  for (const scheduler::WorkerView& worker : context.core.status().workers) {
    for (const RunId id : worker.runs) {
      const RunRow* run = context.core.find_run(id);
      if (run == nullptr || run->client != client) continue;
      DRAY_TRY_ASSIGN(const auto job, context.jobs.find(run->job));
      if (!job) continue;
      DRAY_TRY_ASSIGN(const JobPlan plan, context.jobs.plan(*job));
      for (const std::string& name : logins)
        if (std::ranges::find(plan.accounts, name) != plan.accounts.end())
          return fail(
              ErrorCode::conflict,
              "run {} of job {} uses the login of remote {} now; try again when it has ended", id,
              quoted(job->spec.name), quoted(name));
    }
  }
  return {};
}

struct Asked {
  RemoteArgs args;
  std::vector<SealedRemote> remotes;
  SessionId worker;
};

Result<Asked> ask_of(Context& context, const JsonValue& body, bool connects) {
  Asked asked;
  DRAY_TRY_ASSIGN(asked.args, arguments<RemoteArgs>(body));
  const RemoteArgs& args = asked.args;
  DRAY_TRY(check_path(args.path));
  DRAY_TRY_ASSIGN(asked.remotes, context.catalog.remote_closure(args.client, args.name));
  if (connects) DRAY_TRY(check_login_free(context, args.client, asked.remotes));
  DRAY_TRY_ASSIGN(asked.worker, any_worker(context.core));
  return asked;
}

Result<std::string> relay(Context& context, Asked asked, std::string_view kind, std::string body) {
  WorkerQuery query;
  query.kind = kind;
  query.body = std::move(body);
  query.spec.client = asked.args.client;
  query.spec.source = {asked.args.name, asked.args.path};
  query.spec.remotes = std::move(asked.remotes);
  context.later = Relay{asked.worker, std::move(query)};
  return "";
}

}  // namespace

Result<std::string> remote_test(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(Asked asked, ask_of(context, body, true));
  Probe probe;
  probe.endpoint = {asked.args.name, asked.args.path};
  probe.remotes = std::move(asked.remotes);
  context.later = Relay{asked.worker, std::move(probe)};
  return "";
}

Result<std::string> remote_about(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(Asked asked, ask_of(context, body, true));
  return relay(context, std::move(asked), "remote.about", "{}");
}

Result<std::string> remote_browse(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(Asked asked, ask_of(context, body, true));
  std::string question = to_json(BrowseBody{asked.args.files});
  return relay(context, std::move(asked), "remote.browse", std::move(question));
}

// The worker opens the settings, changes them and seals them again; nothing is stored: that is what
// remote.put is for.
Result<std::string> remote_merge(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(Asked asked, ask_of(context, body, false));
  std::string question = to_json(MergeBody{std::move(asked.args.patch)});
  return relay(context, std::move(asked), "remote.merge", std::move(question));
}

// Questions that no remote is needed for: their bodies go to the worker as they are.
Result<std::string> remote_types(Context& context, const JsonValue& body) {
  Asked asked;
  DRAY_TRY_ASSIGN(asked.worker, any_worker(context.core));
  return relay(context, std::move(asked), "remote.providers", body.dump());
}

Result<std::string> remote_host_key(Context& context, const JsonValue& body) {
  Asked asked;
  DRAY_TRY_ASSIGN(asked.worker, any_worker(context.core));
  return relay(context, std::move(asked), "remote.host_key", body.dump());
}

}  // namespace dray::verbs
