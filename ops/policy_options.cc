#include "ops/policy_options.h"

#include <charconv>

#include "daemon/base/quote.h"
#include "daemon/base/text.h"
#include "schemas/job_policy.h"

namespace dray::ops {
namespace {

const OptionSpec kOptions[] = {
    {"--validation", "MODE",
     "prove the copy after each run: none, size, hash, download or sample:N%"},
    {"--validation-on-failure", "ACTION", "when the copy does not match the source", Use::optional,
     "fail warn"},
    {"--guard", "on|off",
     "off: an empty source and many deletions are carried out without asking anybody",
     Use::optional, "on off"},
    {"--guard-max-delete-percent", "N",
     "hold a run that would delete or overwrite more percent of the known files; 100: never"},
    {"--guard-min-overwrites", "N", "fewer replaced files never hold a run"},
    {"--before", "HOOK[:ACTION]",
     "program of the worker's allow-list before each run; ACTION when it fails: fail, warn, "
     "ignore; replaces all earlier ones",
     Use::repeated},
    {"--after", "HOOK[:ACTION]", "the same after each run, however it ended", Use::repeated},
    {"--no-hooks", "", "neither before nor after"},
    {"--command", "NAME", "kind command: the program of the worker's allow-list"},
    {"--set", "NAME=VALUE", "kind command: a setting; replaces all earlier ones", Use::repeated},
};

Json& field(Json& body, std::string_view pointer) {
  return body[Json::json_pointer(std::string(pointer))];
}

// "sample:10%", "sample", "hash".
Status set_validation(Json& body, const std::string& text) {
  const size_t colon = text.find(':');
  const std::string word = text.substr(0, colon);
  const Result<ValidationMode> mode = parse_enum<ValidationMode>(word);
  if (!mode || (colon != std::string::npos && *mode != ValidationMode::sample))
    return fail(ErrorCode::invalid,
                "--validation: {} is not a mode; write none, size, hash, download or sample:10%",
                dray::quoted(text));
  field(body, "/validation/mode") = word;
  if (colon == std::string::npos) return {};
  std::string_view number = std::string_view(text).substr(colon + 1);
  if (number.ends_with('%')) number.remove_suffix(1);
  uint32_t percent = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), percent);
  if (error != std::errc{} || end != number.data() + number.size() || percent < 1 || percent > 100)
    return fail(ErrorCode::invalid,
                "--validation: {} needs a share from 1% to 100%, like sample:10%",
                dray::quoted(text));
  field(body, "/validation/sample_percent") = percent;
  return {};
}

Status set_guard(Json& body, const Args& args) {
  const JobPolicy defaults;
  if (args.has("--guard")) {
    const std::string& word = args.text("--guard");
    if (word != "on" && word != "off")
      return fail(ErrorCode::invalid, "--guard: {} is neither on nor off", dray::quoted(word));
    field(body, "/guard/empty_source") = word == "on";
    field(body, "/guard/max_delete_percent") =
        word == "on" ? defaults.guard.max_delete_percent : 100;
  }
  if (args.has("--guard-max-delete-percent")) {
    DRAY_TRY_ASSIGN(field(body, "/guard/max_delete_percent"),
                    args.number("--guard-max-delete-percent", 0, 0, 100));
  }
  if (args.has("--guard-min-overwrites")) {
    DRAY_TRY_ASSIGN(field(body, "/guard/min_overwrites"),
                    args.number("--guard-min-overwrites", 0, 0, 1'000'000'000));
  }
  return {};
}

Status set_hooks(Json& body, const Args& args, std::string_view key, std::string_view list_field) {
  if (!args.has(key)) return {};
  Json list = Json::array();
  for (const std::string& text : args.all(key)) {
    const size_t colon = text.find(':');
    Json hook{{"name", text.substr(0, colon)}};
    if (colon != std::string::npos) {
      const std::string word = text.substr(colon + 1);
      DRAY_TRY(annotate(parse_enum<FailureAction>(word), std::string(key)));
      hook["on_failure"] = word;
    }
    list.push_back(std::move(hook));
  }
  body[std::string(list_field)] = std::move(list);
  return {};
}

Status set_command(Json& body, const Args& args) {
  if (args.has("--command")) {
    field(body, "/command/name") = args.text("--command");
    if (!args.has("--kind")) body["kind"] = "command";
    // It has none; what is given all the same is refused where jobs are checked.
    for (const char* place : {"source", "destination"})
      if (!body.contains(place)) body[place] = "";
  }
  if (!args.has("--set")) return {};
  Json settings = Json::object();
  for (const std::string& text : args.all("--set")) {
    const size_t equals = text.find('=');
    if (equals == 0 || equals == std::string::npos)
      return fail(ErrorCode::invalid, "--set: {} is not NAME=VALUE", dray::quoted(text));
    settings[text.substr(0, equals)] = text.substr(equals + 1);
  }
  field(body, "/command/settings") = std::move(settings);
  return {};
}

}  // namespace

std::span<const OptionSpec> policy_options() {
  return kOptions;
}

Status add_policy_fields(Json& body, const Args& args) {
  if (args.has("--validation")) DRAY_TRY(set_validation(body, args.text("--validation")));
  // The comparison is all that such a job does.
  if (args.text("--kind") == "check" && !args.has("--validation"))
    field(body, "/validation/mode") = to_string(ValidationMode::hash);
  if (args.has("--validation-on-failure"))
    field(body, "/validation/on_failure") = args.text("--validation-on-failure");
  DRAY_TRY(set_guard(body, args));
  if (args.has("--no-hooks")) {
    body["before"] = Json::array();
    body["after"] = Json::array();
  }
  DRAY_TRY(set_hooks(body, args, "--before", "before"));
  DRAY_TRY(set_hooks(body, args, "--after", "after"));
  return set_command(body, args);
}

}  // namespace dray::ops
