#include "daemon/notifier/verb_client.h"

#include <boost/asio/use_awaitable.hpp>

#include "daemon/base/digest.h"
#include "daemon/base/log.h"
#include "schemas/codec.h"

namespace dray::notifier {
namespace {

// Two people who choose the same key mean different things.
std::string own_key(const Identity& who, std::string_view key) {
  if (key.empty()) return "";
  return to_hex(sha256(fmt::format("{}\n{}\n{}\n{}", static_cast<int>(who.kind), who.name,
                                   who.kind == Identity::Kind::token ? who.proof : "", key)));
}

}  // namespace

template <class Question>
Task<Result<typename AnswerOf<Question>::type>> VerbClient::send(Question question) {
  using Answer = Result<typename AnswerOf<Question>::type>;
  return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(Answer)>(
      [this](auto handler, Question inner) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        bus_->ask(inner, kTimeout,
                  [shared](Answer answer) { std::move (*shared)(std::move(answer)); });
      },
      boost::asio::use_awaitable, std::move(question));
}

Task<Result<std::string>> VerbClient::request(Request question) {
  Result<Response> response = co_await send(std::move(question));
  if (!response) co_return std::unexpected(std::move(response.error()));
  if (response->code != 0)
    co_return std::unexpected(Error{from_wire_code(response->code), std::move(response->message)});
  co_return std::move(response->body);
}

Task<Result<std::string>> VerbClient::ask(const Identity& who, std::string_view verb,
                                          std::string body) {
  return ask(who, verb, std::move(body), AskTerms{});
}

Task<Result<std::string>> VerbClient::ask(const Identity& who, std::string_view verb,
                                          std::string body, const AskTerms& terms) {
  return request({std::string(verb), std::move(body), who.name, own_key(who, terms.key),
                  acting(who), terms.if_match, terms.meaning});
}

Task<Result<std::string>> VerbClient::ask_for_itself(std::string_view verb, std::string body,
                                                     std::string person, std::string address) {
  return request({std::string(verb), std::move(body), std::move(person), "",
                  Acting{0, "", std::move(address)}, "", ""});
}

Task<Result<Enqueued>> VerbClient::enqueue(const Identity& who, Enqueue question,
                                           std::string_view key) {
  question.asked_by = who.name;
  question.acting = acting(who);
  question.idempotency_key = own_key(who, key);
  return send(std::move(question));
}

Task<Result<CancelReply>> VerbClient::cancel(const Identity& who, CancelRequest question) {
  question.asked_by = who.name;
  question.acting = acting(who);
  return send(std::move(question));
}

}  // namespace dray::notifier
