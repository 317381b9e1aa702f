// Asks the scheduler, on behalf of people or for the notifier itself, and waits in coroutines.
//
// Thread: the loop's.
#pragma once

#include <string>
#include <string_view>

#include "broker/bus.h"
#include "daemon/notifier/exchange.h"
#include "daemon/notifier/identity.h"
#include "schemas/json_fields.h"

namespace dray::notifier {

class VerbClient {
 public:
  // Above the scheduler's own limit for what a worker is asked.
  static constexpr Duration kTimeout = seconds{100};

  explicit VerbClient(Bus& bus) : bus_(&bus) {}

  // The answer's body. `key`: an Idempotency-Key; it counts for this person alone.
  Task<Result<std::string>> ask(const Identity& who, std::string_view verb, std::string body,
                                std::string_view key = {});
  template <class Answer>
  Task<Result<Answer>> ask_as(const Identity& who, std::string_view verb, std::string body) {
    Result<std::string> text = co_await ask(who, verb, std::move(body));
    if (!text) co_return std::unexpected(std::move(text.error()));
    co_return from_json<Answer>(*text, JsonReadOptions{.unknown_keys = true});
  }
  // The notifier's own verbs; `person` stands in the audit log, `address` beside.
  Task<Result<std::string>> ask_for_itself(std::string_view verb, std::string body,
                                           std::string person, std::string address);

  // conflict: `run` of the answer is the run in the way.
  Task<Result<Enqueued>> enqueue(const Identity& who, Enqueue question, std::string_view key);
  Task<Result<CancelReply>> cancel(const Identity& who, CancelRequest question);

 private:
  template <class Question>
  Task<Result<typename AnswerOf<Question>::type>> send(Question question);
  Task<Result<std::string>> request(Request question);

  Bus* bus_;
};

}  // namespace dray::notifier
