#include "ops/up_files.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <functional>

#include "daemon/base/files.h"
#include "daemon/base/text.h"

namespace dray::ops {
namespace {

// sun_path holds 108 bytes with the final zero; this keeps some of them for temporary names.
constexpr size_t kMaxSocketPath = 100;
constexpr std::string_view kLongestSocket = "/broker/scheduler/requests.sock";

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value == '/' ? value : "";
}

// The usual one, or any that is free when another installation has it.
std::string free_address() {
  constexpr uint16_t kPort = 7340;
  const UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(kPort);
  const bool free =
      bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  return free ? fmt::format("127.0.0.1:{}", kPort) : "127.0.0.1:0";
}

// Of a build that was not installed: the page is there, or will be once it is built.
std::string built_page(const std::string& program_dir) {
  const std::string build = parent_dir(program_dir);
  return path_exists(build + "/CMakeCache.txt") ? build + "/web" : "";
}

Result<UniqueFd> take_lock(const std::string& data_dir) {
  const std::string path = data_dir + "/up.lock";
  UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return fail_errno(errno, path);
  if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    const Result<std::string> owner = read_file(path, 64);
    return fail(ErrorCode::conflict,
                "another `dray up` (process {}) runs on {}; stop it, or choose another place with "
                "--data-dir",
                owner ? trim(*owner) : "?", data_dir);
  }
  const std::string pid = fmt::format("{}\n", getpid());
  if (ftruncate(fd.get(), 0) != 0) return fail_errno(errno, path);
  DRAY_TRY(write_all(fd.get(), pid, path));
  return fd;
}

}  // namespace

std::string default_data_dir() {
  if (const std::string data = from_environment("XDG_DATA_HOME"); !data.empty())
    return data + "/dray";
  if (const std::string home = from_environment("HOME"); !home.empty() && home != "/")
    return home + "/.local/share/dray";
  return "/var/lib/dray-up";
}

Result<std::string> choose_run_dir(const std::string& data_dir, const std::string& runtime_dir) {
  // Several data directories of one user need several sets of sockets.
  const std::string shared = fmt::format("{}/dray-{:08x}", runtime_dir,
                                         static_cast<uint32_t>(std::hash<std::string>{}(data_dir)));
  const std::string own = data_dir + "/run";
  const size_t room = kMaxSocketPath - kLongestSocket.size();
  if (!runtime_dir.empty() && shared.size() <= room) return shared;
  if (own.size() <= room) return own;
  return fail(
      ErrorCode::invalid,
      "{} is too long: sockets lie in it, and their paths are limited to {} bytes. Choose a "
      "shorter one with --data-dir (at most {} bytes)",
      data_dir, kMaxSocketPath, room - 4);
}

std::string first_config(const FirstConfig& facts) {
  const std::string text = fmt::format(
      "# Made by `dray up`. `dray config show --defaults` explains every key.\n\n"
      "[paths]\ndata_dir = {}\nrun_dir = {}\n\n"
      "[broker]\nauthorized_keys_dir = {}\n\n"
      "[worker]\n# Directories of this machine that remotes of type local may use:\n"
      "# local_roots = [\"/srv/files\"]\n\n"
      "[notifier]\nlisten = [{}]\n",
      json_quote(facts.data_dir), json_quote(facts.run_dir),
      json_quote(facts.data_dir + "/authorized_keys.d"), json_quote(facts.listen));
  if (facts.web_dir.empty()) return text;
  return text + fmt::format("web_dir = {}\n", json_quote(facts.web_dir));
}

Result<UpFiles> prepare_up(const std::string& data_dir, const std::string& config_path,
                           const std::string& program_dir) {
  UpFiles files;
  files.data_dir = data_dir;
  DRAY_TRY(ensure_private_dir(data_dir));
  DRAY_TRY_ASSIGN(files.lock, take_lock(data_dir));
  files.config_path = config_path.empty() ? data_dir + "/dray.toml" : config_path;
  if (config_path.empty() && !path_exists(files.config_path)) {
    std::string runtime = from_environment("XDG_RUNTIME_DIR");
    if (access(runtime.c_str(), W_OK) != 0) runtime.clear();
    DRAY_TRY_ASSIGN(const std::string run_dir, choose_run_dir(data_dir, runtime));
    const FirstConfig facts{data_dir, run_dir, free_address(), built_page(program_dir)};
    DRAY_TRY(write_file_atomic(files.config_path, first_config(facts)));
  }
  DRAY_TRY_ASSIGN(files.config, load_config(files.config_path));
  DRAY_TRY(ensure_private_dir(files.config.paths.data_dir));
  DRAY_TRY(ensure_private_dir(files.config.paths.run_dir));
  // What an earlier notifier wrote about itself holds no more.
  for (const char* name : {"/notifier/address", "/notifier/setup-link"})
    ::unlink((files.config.paths.data_dir + name).c_str());
  return files;
}

}  // namespace dray::ops
