// Remotes and the key that they are sealed to. Questions about them that a worker answers are in
// verbs_remote_questions.cc.
#include <algorithm>
#include <set>

#include "daemon/base/quote.h"
#include "daemon/base/seal.h"
#include "daemon/scheduler/verb_args.h"
#include "daemon/scheduler/verbs.h"
#include "schemas/job_check.h"
#include "schemas/job_json.h"

namespace dray::verbs {
namespace {

struct NameArgs {
  std::string name;
  std::string client = "default";
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.name);
    visit.optional("client", self.client);
  }
};

// What whoever sealed the settings says of the login in them.
struct Put {
  SealedRemote remote;
  std::string login;  // "new", "kept", "" when there is none
};

Result<Put> read_put(const JsonValue& body) {
  Put put;
  DRAY_TRY_ASSIGN(put.remote, remote_from_json(body, &put.login));
  if (put.login.empty() || put.login == "new" || put.login == "kept") return put;
  return fail(ErrorCode::invalid, "remote {}: login: must be new, kept or empty",
              quoted(put.remote.name));
}

WallTime login_time(std::string_view login, const std::optional<RemoteView>& before, WallTime now) {
  if (login.empty()) return {};
  const bool kept = login == "kept" && before && before->login_at != WallTime{};
  return kept ? before->login_at : now;
}

uint32_t cap_of(const RemoteView& remote) {
  return remote.login_at == WallTime{} ? remote.max_concurrent : 1;
}

Status check_version(const SealedRemote& remote, const std::optional<RemoteView>& before) {
  const uint32_t expected = before ? before->version + 1 : remote.version;
  if (remote.version == expected && remote.version > 0) return {};
  if (before && remote.version == 1)
    return fail(ErrorCode::conflict, "client {} has a remote {} already", quoted(remote.client),
                quoted(remote.name));
  return fail(ErrorCode::conflict,
              "remote {}: version {} was sent, {} is next: it was changed meanwhile. Read it again "
              "and repeat the change",
              quoted(remote.name), remote.version, expected);
}

Status check_references(Context& context, const SealedRemote& remote) {
  for (const std::string& other : remote.refers_to) {
    Result<std::vector<SealedRemote>> closure =
        context.catalog.remote_closure(remote.client, other);
    if (!closure)
      return std::unexpected(
          annotate(std::move(closure.error()), fmt::format("remote {}", quoted(remote.name))));
    for (const SealedRemote& found : *closure)
      if (found.name == remote.name)
        return fail(ErrorCode::invalid, "remote {}: it refers to {}, which leads back to it",
                    quoted(remote.name), quoted(other));
  }
  return {};
}

// The accounts that the client's jobs touch have changed with what the remote refers to.
Status replan_jobs(Context& context, std::string_view client, const std::string& remote) {
  for (std::string after;;) {
    DRAY_TRY_ASSIGN(const auto page,
                    context.jobs.list({std::string(client), after, limits::kMaxPageRows, ""}));
    for (const store::JobRecord& record : page) {
      DRAY_TRY_ASSIGN(JobPlan plan, context.jobs.plan(record));
      if (std::ranges::find(plan.accounts, remote) != plan.accounts.end())
        context.events.emplace_back(scheduler::JobPut{std::move(plan), false});
    }
    if (page.size() < limits::kMaxPageRows) return {};
    after = page.back().spec.name;
  }
}

}  // namespace

Result<std::string> remote_list(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const ClientArgs args, arguments<ClientArgs>(body));
  RemoteListAnswer answer;
  DRAY_TRY_ASSIGN(answer.remotes, context.catalog.remotes(args.client));
  return fitting_json(answer, answer.remotes);
}

Result<std::string> remote_put(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const Put put, read_put(body));
  const SealedRemote& remote = put.remote;
  DRAY_TRY(check_remote(remote));
  DRAY_TRY_ASSIGN(const auto client, context.catalog.client(remote.client));
  if (!client) return fail(ErrorCode::not_found, "there is no client {}", quoted(remote.client));
  DRAY_TRY_ASSIGN(const auto before, context.catalog.remote(remote.client, remote.name));
  DRAY_TRY(check_version(remote, before));
  DRAY_TRY(annotate(check_reader(context.core, remote.sealed_for),
                    fmt::format("remote {}", quoted(remote.name))));
  DRAY_TRY(check_references(context, remote));
  DRAY_TRY_ASSIGN(RemoteView view,
                  context.catalog.put_remote(
                      remote, login_time(put.login, before, context.now.wall), context.now.wall));
  context.target = fmt::format("{}/{}", remote.client, remote.name);
  if (before) context.before.json = to_json(*before);
  context.after.json = to_json(view);
  context.events.emplace_back(scheduler::AccountPut{{remote.client, remote.name, cap_of(view)}});
  if (before && before->refers_to != remote.refers_to)
    DRAY_TRY(replan_jobs(context, remote.client, remote.name));
  return to_json(RemoteAnswer{std::move(view)});
}

Result<std::string> remote_remove(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const NameArgs args, arguments<NameArgs>(body));
  DRAY_TRY_ASSIGN(const auto before, context.catalog.remote(args.client, args.name));
  if (!before)
    return fail(ErrorCode::not_found, "client {} has no remote {}", quoted(args.client),
                quoted(args.name));
  DRAY_TRY_ASSIGN(const std::string user, context.catalog.user_of_remote(args.client, args.name));
  if (!user.empty())
    return fail(ErrorCode::conflict, "remote {} is used by {}; change or remove that first",
                quoted(args.name), user);
  DRAY_TRY(context.catalog.remove_remote(args.client, args.name));
  context.target = fmt::format("{}/{}", args.client, args.name);
  context.before.json = to_json(*before);
  context.events.emplace_back(scheduler::AccountPut{{args.client, args.name, 0}});
  return "{}";
}

Result<std::string> seal_key(Context& context, const JsonValue& body) {
  DRAY_TRY(arguments<NoArgs>(body));
  const std::set<std::string> keys = worker_keys(context.core);
  if (keys.empty())
    return fail(ErrorCode::unavailable,
                "no worker has connected yet, and remotes are sealed to the workers' key; start "
                "dray-worker first");
  if (keys.size() > 1)
    return fail(ErrorCode::conflict,
                "the workers have {} different sealing keys; give all of them the same key file "
                "(worker.key_file)",
                keys.size());
  const SealingKey key = to_sealing_key(*keys.begin());
  return to_json(SealKeyAnswer{format_sealing_key(key), fingerprint(key)});
}

}  // namespace dray::verbs
