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

// On which terms a change is asked for; all may be empty.
struct AskTerms {
  std::string key;       // an Idempotency-Key; it counts for this person alone
  std::string meaning;   // what the key stands for; "": the body
  std::string if_match;  // the tag that the thing must have: etag.h
};

class VerbClient {
 public:
  // Above the scheduler's own limit for what a worker is asked.
  static constexpr Duration kTimeout = seconds{100};

  explicit VerbClient(Bus& bus) : bus_(&bus) {}

  // The answer's body.
  Task<Result<std::string>> ask(const Identity& who, std::string_view verb, std::string body);
  Task<Result<std::string>> ask(const Identity& who, std::string_view verb, std::string body,
                                const AskTerms& terms);
  template <class Answer>
  Task<Result<Answer>> ask_as(const Identity& who, std::string_view verb, std::string body) {
    co_return read_answer<Answer>(co_await ask(who, verb, std::move(body)));
  }
  template <class Answer>
  Task<Result<Answer>> ask_as(const Identity& who, std::string_view verb, std::string body,
                              const AskTerms& terms) {
    co_return read_answer<Answer>(co_await ask(who, verb, std::move(body), terms));
  }
  // The notifier's own verbs; `person` stands in the audit log, `address` beside.
  Task<Result<std::string>> ask_for_itself(std::string_view verb, std::string body,
                                           std::string person, std::string address);

  // conflict: `run` of the answer is the run in the way.
  Task<Result<Enqueued>> enqueue(const Identity& who, Enqueue question, std::string_view key);
  Task<Result<CancelReply>> cancel(const Identity& who, CancelRequest question);

 private:
  template <class Answer>
  static Result<Answer> read_answer(const Result<std::string>& text) {
    if (!text) return std::unexpected(text.error());
    return from_json<Answer>(*text, JsonReadOptions{.unknown_keys = true});
  }
  template <class Question>
  Task<Result<typename AnswerOf<Question>::type>> send(Question question);
  Task<Result<std::string>> request(Request question);

  Bus* bus_;
};

}  // namespace dray::notifier
