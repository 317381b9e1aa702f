#include "workers/login_keeper.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "daemon/base/digest.h"
#include "daemon/base/files.h"
#include "daemon/base/log.h"
#include "daemon/base/quote.h"
#include "schemas/json_fields.h"
#include "workers/run_directory.h"

namespace dray::worker {
namespace {

constexpr size_t kMaxConfBytes = 4 << 20;
constexpr size_t kMaxRenewalBytes = 1 << 20;

// In the list beside a configuration.
struct ListedRemote {
  std::string section;
  SealedRemote remote;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("section", self.section);
    visit("remote", self.remote);
  }
};

// Tells whether a file was replaced or written since.
struct FileMark {
  ino_t inode = 0;
  int64_t changed_ns = 0;
  friend bool operator==(const FileMark&, const FileMark&) = default;
};

std::optional<FileMark> mark_of(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return std::nullopt;
  return FileMark{info.st_ino, info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec};
}

// rclone.conf, or, when rclone was killed while it replaced it, what lies beside it:
// "rclone.conf123" is the new one that did not get its name any more.
std::vector<std::string> configurations(const RunPaths& paths) {
  if (path_exists(paths.config())) return {paths.config()};
  std::vector<std::string> found;
  const Result<std::vector<std::string>> names = list_dir(paths.config_dir());
  if (!names) return found;
  for (const std::string& name : *names)
    if (name.starts_with("rclone.conf")) found.push_back(paths.config_dir() + "/" + name);
  return found;
}

}  // namespace

struct LoginKeeper::Watched {
  std::string section;
  SealedRemote given;
  std::string login;  // hash of what was seen last
};

struct LoginKeeper::Watching {
  RunPaths paths;
  User user = User::run;
  std::function<void()> give_way;
  std::vector<Watched> remotes;
  std::optional<FileMark> mark;
};

LoginKeeper::LoginKeeper(EventLoop& loop, const SealingKeyPair& keys, std::string directory)
    : loop_(loop),
      keys_(keys),
      directory_(std::move(directory)),
      looking_(loop),
      repeating_(loop) {}

LoginKeeper::~LoginKeeper() = default;

// ── On disk ─────────────────────────────────────────────────────────────────────────────────────

std::string LoginKeeper::path_of(const Key& key) const {
  return fmt::format("{}/{}.json", directory_, to_hex(sha256(key.first + "/" + key.second)));
}

Status LoginKeeper::open(const std::string& work_dir, std::vector<std::string>& problems) {
  DRAY_TRY(ensure_private_dir(directory_));
  DRAY_TRY_ASSIGN(const std::vector<std::string> names, list_dir(directory_));
  for (const std::string& name : names) {
    if (!name.ends_with(".json")) continue;
    const Result<std::string> text = read_file(directory_ + "/" + name, kMaxRenewalBytes);
    Result<Renewal> renewal = text ? from_json<Renewal>(*text) : std::unexpected(text.error());
    if (!renewal) {
      problems.push_back(fmt::format("{}/{}: {}", directory_, name, renewal.error().message));
      continue;
    }
    const Key key{renewal->remote.client, renewal->remote.name};
    pending_[key] = {std::move(*renewal), next_++};
  }
  const Result<std::vector<std::string>> left = list_dir(work_dir);
  if (!left) return {};  // there is none yet
  for (const std::string& name : *left)
    if (const Status found = salvage(work_dir + "/" + name); !found)
      problems.push_back(found.error().message);
  return {};
}

// What a killed worker could not bring home.
Status LoginKeeper::salvage(const std::string& directory) {
  const std::string list = fmt::format("{}/{}", directory, kListName);
  if (!path_exists(list)) return {};
  DRAY_TRY_ASSIGN(const std::string text, read_file(list, kMaxConfBytes));
  DRAY_TRY_ASSIGN(const std::vector<ListedRemote> remotes,
                  annotate(from_json<std::vector<ListedRemote>>(text), list));
  const RunPaths paths{directory};
  for (const ListedRemote& one : remotes) {
    const Result<RemoteSettings> settings = open_remote(one.remote, keys_, nullptr);
    if (!settings) return std::unexpected(settings.error());
    Watched watched{one.section, one.remote, login_hash(*settings)};
    look(paths, watched);
  }
  return {};
}

void LoginKeeper::put(const Key& key, Renewal renewal) {
  const Status written = write_file_atomic(path_of(key), to_json(renewal));
  if (!written)
    log_error({"login.not_kept", {{"client", key.first}, {"remote", key.second}}},
              "the renewed login of remote {} is only in memory: {}", quoted(key.second),
              written.error().message);
  Pending& pending = pending_[key];
  pending = {std::move(renewal), next_++};
  send(pending);
  if (!repeating_.active()) repeating_.start_repeating(kRepeatInterval, [this] { send_all(); });
}

void LoginKeeper::drop(const Key& key) {
  pending_.erase(key);
  // A file that stays is sent once more after the next start, which does no harm.
  unlink(path_of(key).c_str());
  if (pending_.empty()) repeating_.cancel();
}

// ── To the scheduler ────────────────────────────────────────────────────────────────────────────

void LoginKeeper::connect(Send send) {
  send_ = std::move(send);
}

void LoginKeeper::send(Pending& pending) {
  if (!send_) return;
  const SealedRemote& remote = pending.renewal.remote;
  send_({remote.client, remote.name, remote.version - 1, remote.sealed, remote.sealed_for},
        pending.id);
}

void LoginKeeper::send_all() {
  for (auto& [key, pending] : pending_)
    send(pending);
  if (!pending_.empty() && !repeating_.active())
    repeating_.start_repeating(kRepeatInterval, [this] { send_all(); });
}

void LoginKeeper::acknowledged(const RemoteRefreshedAck& ack, uint64_t id) {
  const Key key{ack.client, ack.remote};
  const auto found = pending_.find(key);
  // The answer to something older: what is pending gets an answer of its own.
  if (found == pending_.end() || found->second.id != id) return;
  if (ack.stored) {
    log_info({"login.stored", {{"client", ack.client}, {"remote", ack.remote}}},
             "the renewed login of remote {} is stored as version {}", quoted(ack.remote),
             ack.version);
    return drop(key);
  }
  Rebased rebased = rebase(found->second.renewal, ack.current, keys_);
  if (rebased.what == Rebased::What::again) return put(key, std::move(rebased.renewal));
  if (rebased.what == Rebased::What::dropped)
    log_warn({"login.dropped", {{"client", ack.client}, {"remote", ack.remote}}},
             "the renewed login of remote {} is dropped: the remote was removed or given another "
             "login meanwhile",
             quoted(ack.remote));
  drop(key);
}

// ── In the configurations ───────────────────────────────────────────────────────────────────────

Status LoginKeeper::prepare(std::vector<SealedRemote>& remotes, User user) {
  const auto uses = [&](const Watching& watching, const SealedRemote& remote) {
    return std::ranges::any_of(watching.remotes, [&](const Watched& watched) {
      return watched.given.client == remote.client && watched.given.name == remote.name;
    });
  };
  std::vector<std::function<void()>> in_the_way;
  for (const auto& [number, watching] : watching_) {
    for (const SealedRemote& remote : remotes) {
      if (!uses(*watching, remote)) continue;
      if (watching->user == User::run)
        return fail(ErrorCode::conflict,
                    "a run uses the login of remote {} now, and a second rclone could make it "
                    "worthless; try again when the run has ended",
                    quoted(remote.name));
      if (user == User::run) in_the_way.push_back(watching->give_way);
    }
  }
  for (const auto& give_way : in_the_way)
    give_way();
  for (SealedRemote& remote : remotes)
    remote = freshen(std::move(remote));
  return {};
}

SealedRemote LoginKeeper::freshen(SealedRemote remote) const {
  const auto newer = pending_.find({remote.client, remote.name});
  if (newer == pending_.end()) return remote;
  return freshened(newer->second.renewal, std::move(remote), keys_);
}

Result<std::unique_ptr<LoginKeeper::Use>> LoginKeeper::watch(const RunPaths& paths,
                                                             std::vector<LoginSection> sections,
                                                             User user,
                                                             std::function<void()> give_way) {
  if (sections.empty()) return nullptr;
  auto watching = std::make_unique<Watching>();
  watching->paths = paths;
  watching->user = user;
  watching->give_way = std::move(give_way);
  watching->mark = mark_of(paths.config());
  std::vector<ListedRemote> list;
  for (LoginSection& section : sections) {
    DRAY_TRY_ASSIGN(const RemoteSettings settings, open_remote(section.remote, keys_, nullptr));
    list.push_back({section.section, section.remote});
    watching->remotes.push_back(
        {std::move(section.section), std::move(section.remote), login_hash(settings)});
  }
  DRAY_TRY(write_private_file(fmt::format("{}/{}", paths.directory, kListName), to_json(list)));
  std::unique_ptr<Use> use(new Use(*this));
  use->number_ = next_++;
  watching_.emplace(use->number_, std::move(watching));
  if (!looking_.active()) looking_.start_repeating(kLookInterval, [this] { look_at_all(); });
  return use;
}

LoginKeeper::Use::~Use() {
  keeper_->end(number_);
}

void LoginKeeper::end(uint64_t number) {
  const auto node = watching_.extract(number);
  if (!node) return;
  for (Watched& watched : node.mapped()->remotes)
    look(node.mapped()->paths, watched);
  if (watching_.empty()) looking_.cancel();
}

void LoginKeeper::look_at_all() {
  for (auto& [number, watching] : watching_) {
    const std::optional<FileMark> mark = mark_of(watching->paths.config());
    // For a moment, while rclone replaces it, there is none.
    if (!mark || mark == watching->mark) continue;
    watching->mark = mark;
    for (Watched& watched : watching->remotes)
      look(watching->paths, watched);
  }
}

void LoginKeeper::look(const RunPaths& paths, Watched& watched) {
  std::optional<RemoteSettings> login;
  for (const std::string& path : configurations(paths)) {
    Result<std::string> conf = read_file(path, kMaxConfBytes);
    if (!conf) continue;
    login = changed_login(*conf, watched.section, watched.login);
    wipe(*conf);
    if (login) break;
  }
  if (!login) return;
  const std::string before = std::exchange(watched.login, login_hash(*login));
  keep(watched.given, *login, before);
  for (auto& [key, value] : *login)
    wipe(value);
}

void LoginKeeper::keep(const SealedRemote& given, const RemoteSettings& login,
                       const std::string& before) {
  const Key key{given.client, given.name};
  const auto known = pending_.find(key);
  Renewal renewal;
  renewal.login = login_hash(login);
  if (known != pending_.end()) {
    if (known->second.renewal.login == renewal.login) return;
    renewal.ancestors = known->second.renewal.ancestors;
    renewal.ancestors.push_back(known->second.renewal.login);
  }
  if (std::ranges::find(renewal.ancestors, before) == renewal.ancestors.end())
    renewal.ancestors.push_back(before);
  Result<SealedRemote> sealed = with_login(given, login, given.version + 1, keys_);
  if (!sealed) {
    log_error({"login.not_kept", {{"client", key.first}, {"remote", key.second}}},
              "the renewed login of remote {} cannot be kept: {}", quoted(key.second),
              sealed.error().message);
    return;
  }
  renewal.remote = std::move(*sealed);
  put(key, std::move(renewal));
}

}  // namespace dray::worker
