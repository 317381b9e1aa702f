#include "ops/remote_form.h"

#include <algorithm>

#include "daemon/base/files.h"
#include "daemon/base/quote.h"
#include "daemon/base/random.h"
#include "ops/format.h"
#include "ops/obscure.h"
#include "ops/rclone_conf.h"
#include "ops/remote_seal.h"
#include "ops/views.h"
#include "schemas/rclone_options.h"

namespace dray::ops {
namespace {

constexpr size_t kMaxValueFile = 64 << 10;

// "key=value" words. A value "@FILE" is read from the file; secrets on a command line are seen by
// everybody on the machine and stay in the shell's history, which is said.
Status take_words(Context& context, const std::vector<std::string>& words,
                  RemoteSettings& settings) {
  for (const std::string& word : words) {
    const size_t sign = word.find('=');
    if (sign == 0 || sign == std::string::npos)
      return fail(ErrorCode::invalid, "{} is not key=value", dray::quoted(word.substr(0, sign)));
    const std::string key = word.substr(0, sign);
    std::string value = word.substr(sign + 1);
    if (value.starts_with('@')) {
      DRAY_TRY_ASSIGN(value, annotate(read_value_file(value.substr(1)), key));
    } else if (looks_secret(key) && !value.empty()) {
      context.out.error_line(fmt::format(
          "dray: warning: {0} on the command line can be seen by others and stays in the shell's "
          "history; better {0}=@FILE, --prompt {0} or --stdin",
          clean_name(key)));
    }
    settings[key] = std::move(value);
  }
  return {};
}

// "--secret FIELD" is the whole of standard input, "--secret FIELD=FILE" a file.
Status take_secrets(Context& context, const std::vector<std::string>& words,
                    RemoteSettings& settings) {
  bool stdin_used = false;
  for (const std::string& word : words) {
    const size_t sign = word.find('=');
    const std::string key = word.substr(0, sign);
    if (sign != std::string::npos) {
      DRAY_TRY_ASSIGN(settings[key], annotate(read_value_file(word.substr(sign + 1)), key));
      continue;
    }
    if (std::exchange(stdin_used, true))
      return fail(ErrorCode::invalid,
                  "--secret {}: standard input holds one secret; give the others as "
                  "--secret FIELD=FILE",
                  key);
    DRAY_TRY_ASSIGN(std::string value, context.read_stdin());
    while (value.ends_with('\n') || value.ends_with('\r'))
      value.pop_back();
    settings[key] = std::move(value);
  }
  return {};
}

std::string prompt_of(const RemoteField& field) {
  const std::string otherwise =
      field.otherwise.empty() ? "" : fmt::format(" [{}]", field.otherwise);
  return fmt::format("{} ({}){}: ", field.name, field.help, otherwise);
}

Status ask_for(Context& context, const RemoteField& field, RemoteSettings& entered) {
  for (;;) {
    const bool hidden = field.kind == FieldKind::secret;
    DRAY_TRY_ASSIGN(std::string value, hidden ? context.out.read_secret(prompt_of(field))
                                              : context.out.read_answer(prompt_of(field)));
    const Status good = value.empty() && field.required
                            ? fail(ErrorCode::invalid, "{}: is needed", field.name)
                            : check_field(field, value);
    if (!good) {
      context.out.error_line("  " + good.error().message);
      continue;
    }
    if (!value.empty()) entered[std::string(field.name)] = std::move(value);
    return {};
  }
}

Status ask_open_fields(Context& context, const RemoteType& type, RemoteSettings& entered) {
  std::vector<const RemoteField*> asked;
  for (;;) {
    const std::vector<const RemoteField*> open = open_fields(type, entered);
    const auto next = std::ranges::find_if(open, [&](const RemoteField* field) {
      return std::ranges::find(asked, field) == asked.end();
    });
    if (next == open.end()) return {};
    asked.push_back(*next);
    DRAY_TRY(ask_for(context, **next, entered));
  }
}

// Options that rclone requires and that have no value yet: types of rclone's own.
Status ask_required(Context& context, const RcloneBackend& backend, RemoteSettings& entered) {
  for (const BackendOption& option : backend.options) {
    if (!option.required || !option.refused.empty() || option.advanced) continue;
    if (!option.provider.empty() || entered.contains(option.name)) continue;
    const std::string help(option.help.substr(0, option.help.find('\n')));
    const std::string prompt = fmt::format("{} ({}): ", option.name, help);
    const bool hidden = option.secret || looks_secret(option.name);
    DRAY_TRY_ASSIGN(std::string value,
                    hidden ? context.out.read_secret(prompt) : context.out.read_answer(prompt));
    if (!value.empty()) entered[option.name] = std::move(value);
  }
  return {};
}

Status finish(Form& form, const RcloneBackends* backends, bool obscured) {
  DRAY_TRY(take_over_files(form.type, form.settings, read_value_file, form.notes));
  if (obscured) return {};
  const RcloneBackend* backend = backends != nullptr ? backends->find(form.type) : nullptr;
  for (auto& [key, value] : form.settings) {
    bool hidden = is_obscured_setting(form.type, key);
    if (backend != nullptr)
      hidden = std::ranges::any_of(backend->options, [&, name = key](const BackendOption& option) {
        return option.name == name && option.password;
      });
    if (hidden && !value.empty()) value = obscure(value, random_bytes(16));
  }
  return {};
}

// Backends that log in with a browser have an option for what comes of it.
bool wants_login(const RemoteType* known, const RcloneBackends* backends, const Form& form) {
  if (known != nullptr) return known->login;
  const RcloneBackend* backend = backends != nullptr ? backends->find(form.type) : nullptr;
  return backend != nullptr && std::ranges::find(backend->options, "token", &BackendOption::name) !=
                                   backend->options.end();
}

}  // namespace

Result<std::string> read_value_file(const std::string& path) {
  DRAY_TRY_ASSIGN(std::string text, read_file(expand_home(path), kMaxValueFile));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
    text.pop_back();
  return text;
}

Result<RemoteSettings> entered_settings(Context& context, const Args& args) {
  RemoteSettings settings;
  DRAY_TRY(take_words(context, args.all("SETTING"), settings));
  if (args.has("--stdin")) {
    DRAY_TRY_ASSIGN(const std::string text, context.read_stdin());
    DRAY_TRY_ASSIGN(const auto sections, parse_rclone_conf("[stdin]\n" + text, "standard input"));
    for (const auto& [key, value] : sections.front().settings)
      settings[key] = value;
  }
  DRAY_TRY(take_secrets(context, args.all("--secret"), settings));
  for (const std::string& key : args.all("--prompt")) {
    DRAY_TRY_ASSIGN(settings[key], context.out.read_secret(key + ": "));
  }
  return settings;
}

Result<std::unique_ptr<RcloneBackends>> ask_backend(Context& context, const std::string& type) {
  Result<ProvidersAnswer> answer =
      context.ask_as<ProvidersAnswer>("remote.types", {{"type", type}});
  if (answer) return std::make_unique<RcloneBackends>(std::move(answer->backends));
  if (answer.error().code == ErrorCode::not_found) return std::unexpected(answer.error());
  return nullptr;
}

Result<Form> fill_form(Context& context, const std::string& type, RemoteSettings entered,
                       FormWays ways) {
  const RemoteType* known = find_remote_type(type);
  Form form;
  form.type = known != nullptr ? std::string(known->backend) : type;
  DRAY_TRY(check_remote_type(form.type));
  Result<std::unique_ptr<RcloneBackends>> backends = ask_backend(context, form.type);
  // What we know by ourselves needs nobody; a worker looks at it once more.
  if (known == nullptr && !backends) return std::unexpected(std::move(backends.error()));
  const RcloneBackends* described = backends ? backends->get() : nullptr;
  if (known == nullptr) {
    if (ways.ask && described != nullptr)
      DRAY_TRY(ask_required(context, *described->find(form.type), entered));
    form.settings = std::move(entered);
  } else {
    if (ways.ask) DRAY_TRY(ask_open_fields(context, *known, entered));
    DRAY_TRY_ASSIGN(form.settings, to_settings(*known, entered));
    if (!known->note.empty()) form.notes.emplace_back(known->note);
  }
  DRAY_TRY(finish(form, described, ways.obscured));
  form.lacks_login = wants_login(known, described, form) && !holds_login(form.settings) &&
                     !form.settings.contains("service_account_credentials");
  DRAY_TRY(check_remote_settings(ways.name, form.type, form.settings, described));
  return form;
}

Result<Form> fill_change(Context& context, const RemoteView& remote, RemoteSettings entered) {
  Form form{remote.type, std::move(entered), {}};
  DRAY_TRY_ASSIGN(const std::unique_ptr<RcloneBackends> backends,
                  ask_backend(context, remote.type));
  DRAY_TRY(finish(form, backends.get(), false));
  DRAY_TRY(check_remote_settings(remote.name, remote.type, form.settings, backends.get()));
  return form;
}

}  // namespace dray::ops
