// dray settings ..., dray config ...
#include "daemon/base/quote.h"
#include "daemon/base/text.h"
#include "ops/commands.h"
#include "ops/context.h"
#include "ops/format.h"
#include "ops/views.h"

namespace dray::ops {
namespace {

std::string plain(const JsonText& value) {
  const Result<Json> json = parse_json(value.json);
  return json && json->is_string() ? json->get<std::string>() : value.json;
}

Result<Exit> list(Context& context, const Args&) {
  DRAY_TRY_ASSIGN(const std::string text, context.ask("settings.list"));
  if (context.printed_json(text)) return Exit::ok;
  DRAY_TRY_ASSIGN(const SettingsAnswer answer, read_answer<SettingsAnswer>("settings.list", text));
  Table table({{.title = "SETTING", .shrink = 0},
               {.title = "VALUE", .shrink = 0},
               {.title = "DEFAULT", .shrink = 0},
               {.title = "MEANING", .shrink = 5}});
  for (const auto& [name, setting] : answer.settings)
    table.row({name,
               Cell(plain(setting.value),
                    setting.value == setting.default_value ? Tint::none : Tint::bold),
               plain(setting.default_value), setting.description});
  context.out.write(table.text(context.out.width(), context.out.colour()));
  return Exit::ok;
}

Result<Exit> get_one(Context& context, const Args& args) {
  DRAY_TRY_ASSIGN(const SettingsAnswer answer, context.ask_as<SettingsAnswer>("settings.list"));
  const auto setting = answer.settings.find(args.text("NAME"));
  if (setting == answer.settings.end()) {
    std::vector<std::string_view> names;
    for (const auto& [name, value] : answer.settings)
      names.push_back(name);
    const std::string_view near = closest_match(args.text("NAME"), names);
    return fail(ErrorCode::not_found, "there is no setting {}{}", dray::quoted(args.text("NAME")),
                near.empty() ? "" : fmt::format("; did you mean {}?", near));
  }
  if (!context.printed_json(to_json(setting->second)))
    context.out.line(clean_name(plain(setting->second.value)));
  return Exit::ok;
}

// "true" and "12" are what they look like, everything else is a text.
Json value_of(const std::string& text) {
  Result<Json> json = parse_json(text);
  return json && json->is_primitive() ? *json : Json(text);
}

Result<Exit> set_one(Context& context, const Args& args) {
  Json body{{"name", args.text("NAME")}, {"value", value_of(args.text("VALUE"))}};
  if (args.has("--client")) body["client"] = args.text("--client");
  DRAY_TRY_ASSIGN(const std::string text, context.ask("settings.set", body));
  if (!context.printed_json(text))
    context.out.line(fmt::format(
        "{} is {}{}", clean_name(args.text("NAME")), clean_name(args.text("VALUE")),
        args.has("--client") ? " for client " + clean_name(args.text("--client")) : ""));
  return Exit::ok;
}

Result<Exit> check(Context& context, const Args&) {
  DRAY_TRY_ASSIGN(const Config config, context.config());
  const std::string file =
      context.config_path.empty() ? std::string(kDefaultConfigPath) : context.config_path;
  if (context.json)
    context.out.line(dump_json(Json{{"file", file}, {"ok", true}}));
  else
    context.out.line(fmt::format("{}: no problem found", clean_name(file)));
  return Exit::ok;
}

Result<Exit> show(Context& context, const Args& args) {
  const bool defaults = args.has("--defaults");
  Config config;
  if (!defaults) {
    DRAY_TRY_ASSIGN(config, context.config());
  } else {
    DRAY_TRY_ASSIGN(config, parse_config("", "defaults"));
  }
  const std::string text = show_config(config, defaults);
  if (context.json)
    context.out.line(dump_json(Json{{"toml", text}}));
  else
    context.out.write(text);
  return Exit::ok;
}

}  // namespace

std::vector<Command> settings_commands() {
  const OptionSpec name{"NAME", "", "of the setting", Use::required, {}, "setting"};
  return {
      {"settings list",
       "List the settings that are changed while everything runs.",
       {},
       "dray settings",
       list},
      {"settings get",
       "Print one setting.",
       {name},
       "dray settings get global_max_concurrent_jobs",
       get_one},
      {"settings set",
       "Change a setting; it counts at once.",
       {name,
        {"VALUE", "", "its new value", Use::required},
        {"--client", "NAME", "for this client only", Use::optional, {}, "client"}},
       "dray settings set global_max_concurrent_jobs 8",
       set_one},
  };
}

std::vector<Command> config_commands() {
  return {
      {"config check",
       "Check the configuration file: unknown keys, wrong units, impossible values.",
       {},
       "dray config check --config /etc/dray/dray.toml",
       check},
      {"config show",
       "Print the configuration as TOML with every key explained.",
       {{"--defaults", "", "the defaults instead: a file to start from"}},
       "dray config show --defaults > dray.toml",
       show},
  };
}

}  // namespace dray::ops
