// dray help, version, completion, and what the completions ask for.
#include "daemon/base/quote.h"
#include "ops/commands.h"
#include "ops/context.h"
#include "ops/help.h"
#include "ops/views.h"

namespace dray::ops {
namespace {

Result<Exit> help(Context& context, const Args& args) {
  if (args.has("--man")) {
    context.out.write(man_page(DRAY_VERSION));
    return Exit::ok;
  }
  const std::vector<std::string>& words = args.all("COMMAND");
  if (words.empty()) {
    context.out.write(overview_help(context.out.width()));
  } else if (words[0] == "exit-codes") {
    context.out.write(exit_code_help());
  } else {
    size_t used = 0;
    DRAY_TRY_ASSIGN(const Command* command, find_command(words, used));
    context.out.write(command_help(*command, context.out.width()));
  }
  return Exit::ok;
}

Result<Exit> version(Context& context, const Args&) {
  if (context.json)
    context.out.line(dump_json(Json{{"version", DRAY_VERSION}}));
  else
    context.out.line("dray " DRAY_VERSION);
  return Exit::ok;
}

Result<Exit> completion(Context& context, const Args& args) {
  const std::optional<std::string> script = completion_script(args.text("SHELL"));
  if (!script) return fail(ErrorCode::invalid, "there are completions for bash, zsh and fish");
  context.out.write(*script);
  return Exit::ok;
}

struct Kind {
  std::string_view name;
  std::string_view verb;
  std::string_view list;   // the member of the answer
  std::string_view field;  // of each item
  std::string_view suffix = "";
};
constexpr Kind kKinds[] = {
    {"job", "job.list", "jobs", "name"},          {"remote", "remote.list", "remotes", "name"},
    {"client", "client.list", "clients", "name"}, {"worker", "worker.list", "workers", "name"},
    {"run", "run.list", "runs", "run"},
};

// Names only, one per line: a shell inserts them, so nothing but what check_name lets through.
Result<Exit> complete(Context& context, const Args& args) {
  if (args.text("KIND") == "setting") {
    DRAY_TRY_ASSIGN(const SettingsAnswer answer, context.ask_as<SettingsAnswer>("settings.list"));
    for (const auto& [name, value] : answer.settings)
      context.out.line(clean_name(name));
    return Exit::ok;
  }
  for (const Kind& kind : kKinds) {
    if (kind.name != args.text("KIND")) continue;
    DRAY_TRY_ASSIGN(const std::string text, context.ask(kind.verb));
    DRAY_TRY_ASSIGN(const Json answer, parse_json(text));
    const auto list = answer.find(std::string(kind.list));
    if (list == answer.end()) return Exit::ok;
    for (const Json& item : *list)
      context.out.line(clean_name(member_text(item, kind.field)));
    return Exit::ok;
  }
  return fail(ErrorCode::invalid, "{} cannot be completed", dray::quoted(args.text("KIND")));
}

}  // namespace

std::vector<Command> help_commands() {
  return {
      {"version", "Print the version.", {}, "dray version", version},
      {"completion",
       "Print a completion script for a shell.",
       {{"SHELL", "", "which", Use::required, "bash zsh fish"}},
       "dray completion bash > ~/.local/share/bash-completion/completions/dray",
       completion},
      {"complete",
       "Print names for a shell's completion.",
       {{"KIND", "", "of what", Use::required, "job remote client worker run setting"}},
       "dray complete job",
       complete},
      {"help",
       "Explain a command, or list all of them.",
       {{"COMMAND", "", "which; or exit-codes", Use::repeated},
        {"--man", "", "print the manual page in roff"}},
       "dray help job add",
       help},
  };
}

}  // namespace dray::ops
