// What every command is given: where to print, how to reach the daemons, the configuration.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "daemon/base/config.h"
#include "ops/backend.h"
#include "ops/command.h"
#include "ops/json.h"
#include "ops/terminal.h"
#include "schemas/answers.h"

namespace dray::ops {

// corrupt: the scheduler answered something else; another version, perhaps.
template <class Answer>
Result<Answer> read_answer(std::string_view verb, std::string_view text) {
  Result<Answer> answer = from_json<Answer>(text, {.unknown_keys = true});
  if (!answer)
    return fail(ErrorCode::corrupt, "the answer to {} is not understood: {}", verb,
                answer.error().message);
  return answer;
}

struct Context {
  explicit Context(Terminal terminal) : out(std::move(terminal)) {}

  Terminal out;
  bool json = false;
  std::string config_path;  // --config or $DRAY_CONFIG; "": the default file, if there is one
  std::string program;      // path of this program: the daemons are beside it
  // Connects at the first call. Tests put a scripted one here.
  std::function<Result<Backend*>(Context&)> connect;
  // Reads standard input to its end.
  std::function<Result<std::string>()> read_stdin;

  Result<Config> config() const;
  Result<Backend*> backend() { return connect(*this); }
  // backend() and its request() in one: the answer as JSON text.
  Result<std::string> ask(std::string_view verb, const Json& body = Json::object());
  // The same, read into one of schemas/answers*.h.
  template <class Answer>
  Result<Answer> ask_as(std::string_view verb, const Json& body = Json::object()) {
    DRAY_TRY_ASSIGN(const std::string text, ask(verb, body));
    return read_answer<Answer>(verb, text);
  }
  // With --json: prints the text, indented, and says so.
  bool printed_json(std::string_view text);
};

// The whole program behind main(): finds the command, runs it, prints its error.
Exit run_cli(Context& context, std::vector<std::string> words);

}  // namespace dray::ops
