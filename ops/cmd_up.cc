// dray up
#include "ops/commands.h"
#include "ops/demo.h"
#include "ops/remote_seal.h"
#include "ops/up_session.h"

namespace dray::ops {
namespace {

Result<UpOptions> options_from(const Context& context, const Args& args) {
  UpOptions options;
  const bool demo = args.has("--demo");
  if (args.has("--once") && !demo)
    return fail(ErrorCode::invalid, "dray up: --once belongs to --demo");
  if (demo && !context.config_path.empty() && args.has("--config"))
    return fail(ErrorCode::invalid,
                "dray up: --demo makes its own configuration; leave --config out");
  options.data_dir =
      expand_home(args.has("--data-dir") ? args.text("--data-dir")
                                         : default_data_dir() + (demo ? "/demo" : ""));
  if (!options.data_dir.starts_with('/'))
    return fail(ErrorCode::invalid, "--data-dir: {} is not an absolute path", options.data_dir);
  if (args.has("--config")) options.config_path = args.text("--config");
  options.quiet = demo && !args.has("--verbose");
  return options;
}

// What the first problem makes of an exit code; the session is stopped in any case.
Result<Exit> session(Context& context, UpSession& up, const Args& args) {
  DRAY_TRY(up.begin());
  DRAY_TRY(up.wait_ready());
  if (!args.has("--demo")) {
    up.find_page();
    up.say(ready_text(up.files(), up.page(), up.setup_link()));
    up.run();
    return up.failed().empty() ? Exit::ok : Exit::failed;
  }
  Demo demo(context, up);
  DRAY_TRY_ASSIGN(const Exit exit, demo.run());
  if (args.has("--once")) up.shut_down();
  up.run();
  if (args.has("--once") || !up.failed().empty()) return up.failed().empty() ? exit : Exit::failed;
  return Exit::ok;
}

Result<Exit> up(Context& context, const Args& args) {
  DRAY_TRY_ASSIGN(UpOptions options, options_from(context, args));
  UpSession session_object(context, std::move(options));
  const Result<Exit> exit = session(context, session_object, args);
  if (!exit) {
    const bool by_hand = session_object.stopping();
    session_object.shut_down();
    session_object.run();
    // Ctrl-C in the middle of the demo is no failure of it, but no success either.
    if (by_hand) return Exit::timed_out;
  }
  return exit;
}

}  // namespace

std::vector<Command> up_commands() {
  return {{"up",
           "Run broker, scheduler, a worker and the page in this terminal, with their logs.",
           {{"--demo", "", "make a demo source, two servers and a job, and run it"},
            {"--once", "", "with --demo: end after the run; 0 only if the copy equals the source"},
            {"--data-dir",
             "DIR",
             "where everything is kept (default: ~/.local/share/dray)",
             Use::optional,
             {},
             "file"},
            {"--verbose", "", "with --demo: show the daemons' logs too"}},
           "dray up --demo",
           up,
           "Without --config the data directory holds the configuration, made at the first start. "
           "Ctrl-C stops the worker first and then the others; a second Ctrl-C kills."}};
}

}  // namespace dray::ops
