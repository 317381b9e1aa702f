#include "daemon/notifier/job_intake.h"

#include "schemas/crypt_key.h"

namespace dray::notifier {

Task<Result<SealingKey>> workers_key(Call& call) {
  const auto key = co_await call.api.verbs.ask_as<SealKeyAnswer>(call.who, "seal.key", "{}");
  if (!key) co_return std::unexpected(key.error());
  co_return annotate(parse_sealing_key(key->public_key), "the workers' key");
}

Task<Result<std::string>> new_crypt_key(Call& call, std::string job) {
  const Result<SealingKey> workers = co_await workers_key(call);
  if (!workers) co_return std::unexpected(workers.error());
  co_return to_json(seal_crypt_key(*workers, job, make_crypt_key()));
}

Task<HttpReply> put_job(Call& call) {
  Result<std::string> body = verb_body(call);
  if (!body) co_return problem(call, body.error());
  const Result<JsonDocument> document = JsonDocument::parse(*body);
  if (!document) co_return problem(call, document.error());
  if (needs_crypt_key(document->root())) {
    const auto name = document->root().find("name");
    std::string job(name ? name->text().value_or("") : "");
    const Result<std::string> key = co_await new_crypt_key(call, std::move(job));
    if (!key) co_return problem(call, key.error());
    body->pop_back();
    *body += fmt::format(R"(,"crypt_key":{}}})", *key);
  }
  co_return co_await ask_verb(call, std::move(*body));
}

}  // namespace dray::notifier
