// Clients.
#include "daemon/base/quote.h"
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

struct ClientPutArgs {
  ClientSpec spec;
  std::optional<bool> create;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    ClientSpec::fields(self.spec, visit);
    visit.optional("create", self.create);
  }
};

Result<ClientView> client_view(Context& context, const ClientRow& row) {
  ClientView view{row.id, row.spec, 0};
  DRAY_TRY_ASSIGN(view.jobs, context.jobs.count(row.spec.name));
  return view;
}

}  // namespace

Result<std::string> client_list(Context& context, const JsonValue& body) {
  DRAY_TRY(arguments<NoArgs>(body));
  ClientListAnswer answer;
  DRAY_TRY_ASSIGN(const auto rows, context.catalog.clients());
  for (const ClientRow& row : rows) {
    if (!context.may_see(row.spec.name)) continue;
    DRAY_TRY_ASSIGN(ClientView view, client_view(context, row));
    answer.clients.push_back(std::move(view));
  }
  return fitting_json(answer, answer.clients);
}

Result<std::string> client_put(Context& context, const JsonValue& body) {
  const std::optional<JsonValue> name = body.find("name");
  if (!name || !name->text()) return fail(ErrorCode::invalid, "client: name: is missing");
  DRAY_TRY_ASSIGN(const auto before, context.catalog.client(*name->text()));
  ClientPutArgs args{before ? before->spec : ClientSpec{}, {}};
  DRAY_TRY(read_json(body, args, {.patch = true}));
  const ClientSpec& spec = args.spec;
  if (args.create.value_or(false) && before)
    return fail(ErrorCode::conflict, "client {} exists already", quoted(spec.name));
  if (!args.create.value_or(true) && !before)
    return fail(ErrorCode::not_found, "there is no client {}", quoted(spec.name));
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
  DRAY_TRY(context.notify.remove_client(args.name));
  DRAY_TRY(context.catalog.remove_client(args.name));
  context.target = args.name;
  context.before.json = to_json(before->spec);
  return "{}";
}

}  // namespace dray::verbs
