// Clients, remotes and the key that remotes are sealed to.
#include <algorithm>
#include <set>

#include "daemon/base/quote.h"
#include "daemon/base/seal.h"
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

struct ClientArgs {
  std::string client;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("client", self.client);
  }
};

struct TestArgs {
  std::string name;
  std::string client = "default";
  std::string path;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.name);
    visit.optional("client", self.client);
    visit.optional("path", self.path);
  }
};

struct NoArgs {
  template <class Self, class Visitor>
  static void fields(Self&, Visitor&&) {}
};

Result<ClientView> client_view(Context& context, const ClientRow& row) {
  ClientView view{row.id, row.spec, 0};
  DRAY_TRY_ASSIGN(view.jobs, context.jobs.count(row.spec.name));
  return view;
}

// The public keys of all workers that ever said hello, without doubles.
std::set<std::string> worker_keys(const scheduler::CoreStatus& status) {
  std::set<std::string> keys;
  for (const scheduler::WorkerView& worker : status.workers)
    if (worker.row.public_key.size() == kSealKeyBytes) keys.insert(worker.row.public_key);
  return keys;
}

SealingKey to_key(std::string_view bytes) {
  SealingKey key;
  std::ranges::copy(bytes, key.bytes.begin());
  return key;
}

Status check_sealed_for(Context& context, const SealedRemote& remote) {
  for (const std::string& key : worker_keys(context.core.status()))
    if (fingerprint(to_key(key)) == remote.sealed_for) return {};
  return fail(ErrorCode::conflict,
              "remote {}: no worker has the key {} that its settings are sealed to; take the "
              "current key and seal again",
              quoted(remote.name), quoted(remote.sealed_for));
}

Status check_version(const SealedRemote& remote, const std::optional<RemoteView>& before) {
  const uint32_t expected = before ? before->version + 1 : remote.version;
  if (remote.version == expected && remote.version > 0) return {};
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
    DRAY_TRY_ASSIGN(const auto page, context.jobs.list(client, after, limits::kMaxPageRows));
    for (const store::JobRecord& record : page) {
      DRAY_TRY_ASSIGN(JobPlan plan, context.jobs.plan(record));
      if (std::ranges::find(plan.accounts, remote) != plan.accounts.end())
        context.events.emplace_back(scheduler::JobPut{std::move(plan), false});
    }
    if (page.size() < limits::kMaxPageRows) return {};
    after = page.back().spec.name;
  }
}

// Any connected worker can look at a remote.
Result<SessionId> any_worker(const scheduler::Core& core) {
  const scheduler::CoreStatus status = core.status();
  const scheduler::WorkerView* best = nullptr;
  for (const scheduler::WorkerView& worker : status.workers)
    if (worker.connected && (!best || worker.busy < best->busy)) best = &worker;
  const std::optional<SessionId> session =
      best ? core.session_of(best->row.name) : std::optional<SessionId>();
  if (session) return *session;
  return fail(ErrorCode::unavailable, "no worker is connected; start dray-worker and try again");
}

}  // namespace

// ── Clients ─────────────────────────────────────────────────────────────────────────────────────

Result<std::string> client_list(Context& context, const JsonValue& body) {
  DRAY_TRY(arguments<NoArgs>(body));
  ClientListAnswer answer;
  DRAY_TRY_ASSIGN(const auto rows, context.catalog.clients());
  for (const ClientRow& row : rows) {
    DRAY_TRY_ASSIGN(ClientView view, client_view(context, row));
    answer.clients.push_back(std::move(view));
  }
  return fitting_json(answer, answer.clients);
}

Result<std::string> client_put(Context& context, const JsonValue& body) {
  const std::optional<JsonValue> name = body.find("name");
  if (!name || !name->text()) return fail(ErrorCode::invalid, "client: name: is missing");
  DRAY_TRY_ASSIGN(const auto before, context.catalog.client(*name->text()));
  DRAY_TRY_ASSIGN(const ClientSpec spec, patch_client(before ? before->spec : ClientSpec{}, body));
  DRAY_TRY(check_client(spec));
  DRAY_TRY_ASSIGN(const ClientRow row, context.catalog.put_client(spec));
  context.target = spec.name;
  if (before) context.before.json = to_json(before->spec);
  context.after.json = to_json(spec);
  context.events.emplace_back(scheduler::ClientPut{row});
  DRAY_TRY_ASSIGN(ClientView view, client_view(context, row));
  return to_json(ClientAnswer{std::move(view)});
}

Result<std::string> client_remove(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const NameArgs args, arguments<NameArgs>(body));
  DRAY_TRY_ASSIGN(const auto before, context.catalog.client(args.name));
  if (!before) return fail(ErrorCode::not_found, "there is no client {}", quoted(args.name));
  if (args.name == "default")
    return fail(ErrorCode::conflict, "the client 'default' is always there");
  DRAY_TRY_ASSIGN(const std::string user, context.catalog.user_of_client(args.name));
  if (!user.empty())
    return fail(ErrorCode::conflict, "client {} still has {}; remove that first", quoted(args.name),
                user);
  DRAY_TRY(context.catalog.remove_client(args.name));
  context.target = args.name;
  context.before.json = to_json(before->spec);
  return "{}";
}

// ── Remotes ─────────────────────────────────────────────────────────────────────────────────────

Result<std::string> remote_list(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const ClientArgs args, arguments<ClientArgs>(body));
  RemoteListAnswer answer;
  DRAY_TRY_ASSIGN(answer.remotes, context.catalog.remotes(args.client));
  return fitting_json(answer, answer.remotes);
}

Result<std::string> remote_put(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const SealedRemote remote, remote_from_json(body));
  DRAY_TRY(check_remote(remote));
  DRAY_TRY_ASSIGN(const auto client, context.catalog.client(remote.client));
  if (!client) return fail(ErrorCode::not_found, "there is no client {}", quoted(remote.client));
  DRAY_TRY_ASSIGN(const auto before, context.catalog.remote(remote.client, remote.name));
  DRAY_TRY(check_version(remote, before));
  DRAY_TRY(check_sealed_for(context, remote));
  DRAY_TRY(check_references(context, remote));
  DRAY_TRY_ASSIGN(RemoteView view, context.catalog.put_remote(remote, context.now.wall));
  context.target = fmt::format("{}/{}", remote.client, remote.name);
  if (before) context.before.json = to_json(*before);
  context.after.json = to_json(view);
  context.events.emplace_back(
      scheduler::AccountPut{{remote.client, remote.name, remote.max_concurrent}});
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

Result<std::string> remote_test(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const TestArgs args, arguments<TestArgs>(body));
  DRAY_TRY(check_path(args.path));
  Probe probe;
  probe.endpoint = {args.name, args.path};
  DRAY_TRY_ASSIGN(probe.remotes, context.catalog.remote_closure(args.client, args.name));
  DRAY_TRY_ASSIGN(const SessionId worker, any_worker(context.core));
  context.later = Relay{worker, std::move(probe)};
  return "";
}

Result<std::string> seal_key(Context& context, const JsonValue& body) {
  DRAY_TRY(arguments<NoArgs>(body));
  const std::set<std::string> keys = worker_keys(context.core.status());
  if (keys.empty())
    return fail(ErrorCode::unavailable,
                "no worker has connected yet, and remotes are sealed to the workers' key; start "
                "dray-worker first");
  if (keys.size() > 1)
    return fail(ErrorCode::conflict,
                "the workers have {} different sealing keys; give all of them the same key file "
                "(worker.key_file)",
                keys.size());
  const SealingKey key = to_key(*keys.begin());
  return to_json(SealKeyAnswer{format_sealing_key(key), fingerprint(key)});
}

}  // namespace dray::verbs
