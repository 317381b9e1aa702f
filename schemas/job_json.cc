#include "schemas/job_json.h"

#include "daemon/base/quote.h"

namespace dray {

// The body of remote.put.
struct RemotePut {
  SealedRemote remote;
  std::string login;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    SealedRemote::fields(self.remote, visit);
    visit.optional("login", self.login);
  }
};
template <>
struct JsonForms<RemotePut> : JsonForms<SealedRemote> {};

namespace {

// "job 'photos'", or "job" while the name is not known.
std::string place(std::string_view what, const JsonValue& value, std::string_view base_name) {
  std::string_view name = base_name;
  if (const auto field = value.find("name"); field && field->text()) name = *field->text();
  return name.empty() ? std::string(what) : fmt::format("{} {}", what, quoted(name));
}

template <class Spec>
Result<Spec> read(std::string_view what, Spec spec, const JsonValue& value,
                  const JsonReadOptions& options) {
  const std::string where = place(what, value, spec.name);
  if (Status status = read_json(value, spec, options); !status)
    return std::unexpected(annotate(std::move(status.error()), where));
  return spec;
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0)
    return fail(ErrorCode::invalid, "{} must be a remote and a path, like \"remote:path\"",
                quoted(text));
  return Endpoint{std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

std::string endpoint_text(const Endpoint& endpoint) {
  return json_detail::endpoint_to_text(endpoint);
}

Result<JobSpec> job_from_json(const JsonValue& value) {
  return read("job", JobSpec{}, value, {});
}

Result<ClientSpec> client_from_json(const JsonValue& value) {
  return read("client", ClientSpec{}, value, {});
}

Result<SealedRemote> remote_from_json(const JsonValue& value, std::string* login) {
  const std::string where = place("remote", value, "");
  // The version is given by whoever stores it, so no field but these has to be there.
  for (const std::string_view field : {"name", "type", "sealed", "sealed_for"})
    if (value.is_object() && !value.find(field))
      return fail(ErrorCode::invalid, "{}: {}: is missing", where, field);
  RemotePut put;
  DRAY_TRY(annotate(read_json(value, put, {.patch = true}), where));
  if (login != nullptr) *login = std::move(put.login);
  return std::move(put.remote);
}

std::string job_policy_text(const JobPolicy& policy) {
  return policy == JobPolicy{} ? std::string() : to_json(policy);
}

Result<JobPolicy> job_policy_from(std::string_view text) {
  if (text.empty()) return JobPolicy{};
  Result<JobPolicy> policy = from_json<JobPolicy>(text, {.unknown_keys = true});
  if (!policy) return fail(ErrorCode::corrupt, "job policy: {}", policy.error().message);
  return policy;
}

Result<JobSpec> patch_job(const JobSpec& base, const JsonValue& value) {
  return read("job", base, value, {.patch = true});
}

Result<ClientSpec> patch_client(const ClientSpec& base, const JsonValue& value) {
  return read("client", base, value, {.patch = true});
}

}  // namespace dray
