#include "workers/rclone_config.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <vector>

#include "daemon/base/quote.h"
#include "daemon/base/text.h"
#include "schemas/job_check.h"
#include "schemas/json_fields.h"
#include "schemas/limits.h"
#include "schemas/rclone_options.h"
#include "schemas/remote_refs.h"
#include "schemas/ssh_host_keys.h"
#include "workers/local_paths.h"
#include "workers/place_overlap.h"

namespace dray::worker {
namespace {

struct OpenRemote {
  const SealedRemote* sealed = nullptr;
  std::string minted;
  RemoteSettings settings;
  enum { fresh, rewriting, rewritten } state = fresh;
  std::vector<std::string> local_bases;  // directories of this machine that a wrapper leads to

  OpenRemote() = default;
  OpenRemote(OpenRemote&&) = default;
  OpenRemote& operator=(OpenRemote&&) = default;
  ~OpenRemote() {
    for (auto& [key, value] : settings)
      wipe(value);
  }
};

struct Used {
  std::string text;                 // "minted:path"
  std::string type;                 // of the remote
  std::string local;                // real path of a remote of type local
  std::vector<std::string> locals;  // the directories of this machine behind it
};

// A path below combine starts with the name of a mount, which is no directory.
std::string_view below_mount(std::string_view type, std::string_view path) {
  if (type != "combine") return path;
  const size_t slash = path.find('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
}

class Builder {
 public:
  Builder(std::span<const SealedRemote> remotes, const SealingKeyPair& keys,
          std::span<const std::string> roots, const RcloneBackends* backends)
      : remotes_(remotes), keys_(keys), roots_(roots), backends_(backends) {}

  // Makes the remote part of the file.
  Result<Used> use(std::string_view name, std::string_view path, std::string_view wish,
                   size_t depth);
  Result<SecretString> render() const;
  std::vector<ConfigFile> take_files() { return std::move(files_); }
  std::vector<LoginSection> take_logins() { return std::move(logins_); }

 private:
  Result<OpenRemote*> open(std::string_view name, std::string_view wish);
  Status rewrite(OpenRemote& remote, size_t depth);
  Status pin_host(OpenRemote& remote);
  std::string mint(std::string_view wish);

  std::span<const SealedRemote> remotes_;
  const SealingKeyPair& keys_;
  std::span<const std::string> roots_;
  const RcloneBackends* backends_;
  std::vector<ConfigFile> files_;
  std::vector<LoginSection> logins_;
  std::map<std::string, OpenRemote, std::less<>> open_;  // by our users' name
  size_t minted_ = 0;
};

std::string Builder::mint(std::string_view wish) {
  return wish.empty() ? fmt::format("r{}", ++minted_) : std::string(wish);
}

Result<OpenRemote*> Builder::open(std::string_view name, std::string_view wish) {
  if (const auto known = open_.find(name); known != open_.end()) return &known->second;
  const auto sealed = std::ranges::find(remotes_, name, &SealedRemote::name);
  if (sealed == remotes_.end())
    return fail(ErrorCode::invalid, "remote {} was not sent along", quoted(name));
  OpenRemote remote;
  remote.sealed = &*sealed;
  DRAY_TRY_ASSIGN(remote.settings, open_remote(*sealed, keys_, backends_));
  remote.minted = mint(wish);
  if (holds_login(remote.settings)) logins_.push_back({remote.minted, *sealed});
  DRAY_TRY(annotate(pin_host(remote), fmt::format("remote {}", quoted(name))));
  return &open_.emplace(std::string(name), std::move(remote)).first->second;
}

Status Builder::pin_host(OpenRemote& remote) {
  const auto setting = remote.settings.find(std::string(kHostKeysSetting));
  if (setting == remote.settings.end()) return {};
  const std::string keys = std::move(setting->second);
  remote.settings.erase(setting);
  if (keys.empty()) return {};
  const auto of = [&](const char* key) {
    const auto found = remote.settings.find(key);
    return found == remote.settings.end() ? std::string() : found->second;
  };
  ConfigFile file{fmt::format("known_hosts-{}", remote.minted), ""};
  DRAY_TRY_ASSIGN(file.text, known_hosts_text(of("host"), of("port"), keys));
  // The private directory is rclone's home.
  remote.settings["known_hosts_file"] = "~/" + file.name;
  files_.push_back(std::move(file));
  return {};
}

Result<Used> Builder::use(std::string_view name, std::string_view path, std::string_view wish,
                          size_t depth) {
  const std::string where = fmt::format("remote {}", quoted(name));
  if (depth > limits::kMaxRemoteDepth)
    return fail(ErrorCode::invalid, "{}: more than {} remotes on top of each other", where,
                limits::kMaxRemoteDepth);
  DRAY_TRY(annotate(check_path(path), where));
  DRAY_TRY_ASSIGN(OpenRemote * remote, open(name, wish));
  if (remote->state == OpenRemote::rewriting)
    return fail(ErrorCode::invalid, "{} leads back to itself", where);
  DRAY_TRY(annotate(rewrite(*remote, depth), where));
  Used used;
  used.type = remote->sealed->type;
  if (used.type == "local") {
    DRAY_TRY_ASSIGN(std::string real, annotate(confine_local_path(path, roots_), where));
    used.text = fmt::format("{}:{}", remote->minted, real);
    used.locals.push_back(real);
    used.local = std::move(real);
    return used;
  }
  used.text = fmt::format("{}:{}", remote->minted, path);
  // A link inside an allowed directory may lead out of it.
  for (const std::string& base : remote->local_bases) {
    const std::string inner = fmt::format("{}/{}", base, below_mount(used.type, path));
    DRAY_TRY_ASSIGN(std::string real, annotate(confine_local_path(inner, roots_), where));
    used.locals.push_back(std::move(real));
  }
  return used;
}

Status Builder::rewrite(OpenRemote& remote, size_t depth) {
  if (remote.state == OpenRemote::rewritten) return {};
  remote.state = OpenRemote::rewriting;
  DRAY_TRY(
      rewrite_references(remote.sealed->type, remote.settings,
                         [&](std::string_view name, std::string_view path) -> Result<std::string> {
                           DRAY_TRY_ASSIGN(Used used, use(name, path, "", depth + 1));
                           std::ranges::move(used.locals, std::back_inserter(remote.local_bases));
                           return used.text;
                         }));
  remote.state = OpenRemote::rewritten;
  return {};
}

Result<SecretString> Builder::render() const {
  std::string text;
  for (const auto& [name, remote] : open_) {
    text += fmt::format("[{}]\ntype = {}\n", remote.minted, remote.sealed->type);
    for (const auto& [key, value] : remote.settings) {
      if (value.empty()) continue;
      Result<std::string> quoted_value = quote_config_value(value);
      if (!quoted_value) {
        wipe(text);
        return std::unexpected(annotate(std::move(quoted_value.error()),
                                        fmt::format("remote {}: {}", quoted(name), key)));
      }
      text += key;
      text += " = ";
      text += *quoted_value;
      text += '\n';
      wipe(*quoted_value);
    }
    text += '\n';
  }
  return SecretString::take(text);
}

}  // namespace

std::string seal_context(const SealedRemote& remote) {
  return fmt::format("{}/{}/{}/{}", remote.client, remote.name, remote.type, remote.version);
}

Result<std::string> quote_config_value(std::string_view value) {
  const bool control = std::ranges::any_of(
      value, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (control) return fail(ErrorCode::invalid, "the value holds a line break or control character");
  // rclone's file format replaces %(name)s by the value of another key.
  if (value.contains("%("))
    return fail(ErrorCode::invalid, "the value holds \"%(\", which rclone's file cannot express");
  if (value.empty()) return std::string();
  const bool plain = trim(value) == value && value.front() != '`' && value.front() != '"';
  if (plain) return std::string(value);
  if (!value.contains('`')) return fmt::format("`{}`", value);
  if (!value.contains("\"\"\"") && !value.ends_with('"'))
    return fmt::format("\"\"\"{}\"\"\"", value);
  return fail(ErrorCode::invalid, "the value mixes quotes in a way rclone's file cannot express");
}

Result<RemoteSettings> open_remote(const SealedRemote& remote, const SealingKeyPair& keys,
                                   const RcloneBackends* backends) {
  const std::string where = fmt::format("remote {}", quoted(remote.name));
  DRAY_TRY_ASSIGN(const SecretString json,
                  annotate(open_sealed(keys, seal_context(remote), remote.sealed), where));
  Result<RemoteSettings> settings = from_json<RemoteSettings>(json.reveal());
  // The reason could quote the text.
  if (!settings) return fail(ErrorCode::corrupt, "{}: the settings are not readable", where);
  DRAY_TRY(check_remote_settings(remote.name, remote.type, *settings, backends));
  return settings;
}

Result<RcloneConfig> build_rclone_config(std::span<const SealedRemote> remotes,
                                         const Endpoint& source, const Endpoint* destination,
                                         const SealingKeyPair& keys,
                                         std::span<const std::string> local_roots,
                                         const RcloneBackends* backends,
                                         std::span<const Endpoint> further) {
  Builder builder(remotes, keys, local_roots, backends);
  RcloneConfig config;
  if (source != Endpoint{}) {
    DRAY_TRY_ASSIGN(Used from,
                    annotate(builder.use(source.remote, source.path, "src", 0), "source"));
    config.source = std::move(from.text);
    config.source_type = std::move(from.type);
    config.source_locals = std::move(from.locals);
    config.source_local = std::move(from.local);
  }
  if (destination != nullptr) {
    // The same remote on both sides keeps one name: rclone then copies on the server's side.
    DRAY_TRY_ASSIGN(Used to, annotate(builder.use(destination->remote, destination->path, "dst", 0),
                                      "destination"));
    config.destination = std::move(to.text);
    config.destination_locals = std::move(to.locals);
    config.destination_local = std::move(to.local);
  }
  for (const Endpoint& place : further) {
    DRAY_TRY_ASSIGN(Used other, builder.use(place.remote, place.path, "", 0));
    config.further.push_back(std::move(other.text));
    std::ranges::move(other.locals, std::back_inserter(config.destination_locals));
  }
  DRAY_TRY_ASSIGN(config.text, builder.render());
  config.files = builder.take_files();
  config.logins = builder.take_logins();
  DRAY_TRY(check_places_apart(config.text.reveal(), config.source, config.destination));
  return config;
}

}  // namespace dray::worker
