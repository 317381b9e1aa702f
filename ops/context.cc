#include "ops/context.h"

#include <algorithm>

#include "daemon/base/files.h"
#include "ops/help.h"
#include "ops/text_width.h"

namespace dray::ops {
namespace {

// Takes the options before the command ("dray --json runs") away and returns them.
std::vector<std::string> take_front_options(std::vector<std::string>& words) {
  size_t at = 0;
  while (at < words.size() && words[at].starts_with("--") && words[at] != "--") {
    const bool takes_value = words[at++] == "--config";
    if (takes_value && at < words.size()) ++at;
  }
  const auto end = words.begin() + static_cast<ptrdiff_t>(at);
  std::vector<std::string> front(words.begin(), end);
  words.erase(words.begin(), end);
  return front;
}

Exit report(const Context& context, const Error& error) {
  const Exit exit = exit_of(error.code);
  if (context.json) {
    context.out.error_line(dump_json(Json{{"error",
                                           {{"code", to_string(error.code)},
                                            {"exit", static_cast<int>(exit)},
                                            {"message", error.message}}}},
                                     -1));
    return exit;
  }
  // One problem per line; what a line repeats of foreign text is made safe.
  std::string_view rest = error.message;
  while (true) {
    const size_t end = rest.find('\n');
    context.out.error_line("dray: " + clean(rest.substr(0, end)));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return exit;
}

// "dray -h", "dray --version" mean the commands of that name.
void map_bare_options(std::vector<std::string>& words) {
  if (words.size() != 1) return;
  if (words[0] == "-h" || words[0] == "--help") words[0] = "help";
  if (words[0] == "--version" || words[0] == "-V") words[0] = "version";
  if (words[0] == "--man") words = {"help", "--man"};
}

}  // namespace

Result<Config> Context::config() const {
  if (!config_path.empty()) return load_config(config_path);
  const std::string fallback(kDefaultConfigPath);
  return path_exists(fallback) ? load_config(fallback) : parse_config("", fallback);
}

Result<std::string> Context::ask(std::string_view verb, const Json& body) {
  DRAY_TRY_ASSIGN(Backend * daemon, backend());
  return daemon->request(verb, dump_json(body, -1));
}

bool Context::printed_json(std::string_view text) {
  if (!json) return false;
  const Result<Json> parsed = parse_json(text);
  out.line(parsed ? dump_json(*parsed) : std::string(text));
  return true;
}

Exit run_cli(Context& context, std::vector<std::string> words) {
  map_bare_options(words);
  context.json = std::find(words.begin(), words.end(), "--json") != words.end();
  const std::vector<std::string> front = take_front_options(words);
  size_t used = 0;
  const Result<const Command*> command = find_command(words, used);
  if (!command) return report(context, command.error());
  words.erase(words.begin(), words.begin() + static_cast<ptrdiff_t>(used));
  words.insert(words.begin(), front.begin(), front.end());

  const Result<Args> args = parse_args(**command, std::move(words));
  if (!args) return report(context, args.error());
  if (args->has("--help")) {
    context.out.write(command_help(**command, context.out.width()));
    return Exit::ok;
  }
  context.json = args->has("--json");
  if (args->has("--config")) context.config_path = args->text("--config");
  const Result<Exit> exit = (*command)->run(context, *args);
  return exit ? *exit : report(context, exit.error());
}

}  // namespace dray::ops
