#include "workers/object_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <vector>

#include "daemon/base/digest.h"
#include "daemon/base/fd.h"
#include "daemon/base/files.h"
#include "daemon/base/random.h"
#include "daemon/base/seal.h"
#include "workers/archive_run.h"
#include "workers/run_directory.h"

namespace dray::worker {
namespace {

constexpr Duration kLookEvery = milliseconds{10};
// Opening a remote: rclone gives up by itself long before.
constexpr Duration kReadyWithin = minutes{5};
// A line has 150 bytes; this machine's connections.
constexpr size_t kMaxTable = 64 << 20;
// Longer than any run: rclone's own limit of an hour would cut large files.
constexpr std::string_view kNever = "10000h";

struct HeldPort {
  UniqueFd fd;
  uint16_t port = 0;
};

Result<HeldPort> hold_port() {
  HeldPort held;
  held.fd.reset(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!held.fd) return fail_errno(errno, "make a socket");
  // Both sides set this, and then the one that listens may share the port with one that does not.
  const int on = 1;
  setsockopt(held.fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(held.fd.get(), generic, size) != 0 || getsockname(held.fd.get(), generic, &size) != 0)
    return fail_errno(errno, "find a free port");
  held.port = ntohs(address.sin_port);
  return held;
}

std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> list;
  for (size_t at = line.find_first_not_of(' '); at != std::string_view::npos;) {
    const size_t end = std::min(line.find(' ', at), line.size());
    list.push_back(line.substr(at, end - at));
    at = line.find_first_not_of(' ', end);
  }
  return list;
}

}  // namespace

std::optional<uid_t> listener_of(std::string_view tcp_table, uint16_t port) {
  constexpr std::string_view kListening = "0A";
  constexpr size_t kAddress = 1, kState = 3, kUid = 7;
  const std::string address = fmt::format("{:08X}:{:04X}", htonl(INADDR_LOOPBACK), port);
  while (!tcp_table.empty()) {
    const size_t end = std::min(tcp_table.find('\n'), tcp_table.size());
    const std::vector<std::string_view> fields = words(tcp_table.substr(0, end));
    tcp_table.remove_prefix(std::min(end + 1, tcp_table.size()));
    if (fields.size() <= kUid || fields[kAddress] != address || fields[kState] != kListening)
      continue;
    uid_t uid = 0;
    const std::string_view text = fields[kUid];
    if (std::from_chars(text.data(), text.data() + text.size(), uid).ec == std::errc{}) return uid;
  }
  return std::nullopt;
}

struct ObjectServer::Impl {
  Impl(AttemptState& state_in, std::string remote_in,
       std::function<void(const ObjectServerAddress&)> ready_in,
       std::function<void(StepEnd)> ended_in)
      : state(state_in),
        remote(std::move(remote_in)),
        ready(std::move(ready_in)),
        ended(std::move(ended_in)),
        look(state.context.loop) {}

  Result<ProcessPlan> plan();
  void look_for_listener();
  void finish(const ProcessEnd& how);

  AttemptState& state;
  std::string remote;
  std::function<void(const ObjectServerAddress&)> ready;
  std::function<void(StepEnd)> ended;
  Timer look;
  HeldPort held;
  std::string authorization;
  Instant give_up_at{};
  std::optional<StepEnd> verdict;  // ours, instead of the process's
  std::unique_ptr<ProcessRunner> runner;
};

Result<ProcessPlan> ObjectServer::Impl::plan() {
  DRAY_TRY_ASSIGN(held, hold_port());
  const std::string password = random_token();
  Digest sha1(DigestKind::sha1);
  sha1.update(password);
  const std::string users = state.paths.directory + "/serve.users";
  DRAY_TRY(
      write_private_file(users, fmt::format("dray:{{SHA}}{}\n", base64_encode(sha1.finish()))));
  authorization = "Basic " + base64_encode("dray:" + password);
  ProcessPlan plan = archive_process(
      state, "serve", "serve", {"http", remote},
      {"--addr", fmt::format("127.0.0.1:{}", held.port), "--htpasswd", users, "--read-only",
       // Times come from the listing; asking for them costs a request for each object on S3.
       "--no-modtime", "--use-server-modtime", "--no-checksum",
       // A directory is listed once.
       "--dir-cache-time", std::string(kNever), "--poll-interval", "0",
       // One request for a whole object, and what is ahead of us waits in our memory, not twice.
       "--vfs-read-chunk-size", "off", "--buffer-size", "2M", "--server-read-timeout",
       std::string(kNever), "--server-write-timeout", std::string(kNever)});
  plan.verb = RcloneVerb::list;
  plan.stall = Duration{};  // it stands still whenever nobody asks
  plan.on_started = [this] {
    give_up_at = state.context.clock.now().mono + kReadyWithin;
    look.start_repeating(kLookEvery, [this] { look_for_listener(); });
  };
  return plan;
}

void ObjectServer::Impl::look_for_listener() {
  const Result<std::string> table = read_file("/proc/net/tcp", kMaxTable);
  const std::optional<uid_t> owner =
      table ? listener_of(*table, held.port) : std::optional<uid_t>();
  if (!owner && state.context.clock.now().mono < give_up_at) return;
  look.cancel();
  if (owner == getuid()) return ready({held.port, authorization});
  verdict = archive_failure(ErrorClass::resources, true,
                            owner ? "Another user's program took the port of the run's file server."
                                  : "The source could not be opened in time.");
  runner->stop(StopReason::shutdown);
}

void ObjectServer::Impl::finish(const ProcessEnd& how) {
  look.cancel();
  StepEnd end = judge_process(how);
  if (verdict) end = std::move(*verdict);
  if (is_good(end.outcome))
    end = archive_failure(ErrorClass::unknown, true, "The run's file server ended by itself.");
  ended(std::move(end));
}

ObjectServer::ObjectServer(AttemptState& state, std::string remote,
                           std::function<void(const ObjectServerAddress&)> ready,
                           std::function<void(StepEnd)> ended)
    : impl_(std::make_unique<Impl>(state, std::move(remote), std::move(ready), std::move(ended))) {}
ObjectServer::~ObjectServer() = default;

void ObjectServer::begin() {
  Result<ProcessPlan> plan = impl_->plan();
  if (!plan) return impl_->ended(start_failure(plan.error()));
  impl_->runner = std::make_unique<ProcessRunner>(
      impl_->state, std::move(*plan), [this](const ProcessEnd& how) { impl_->finish(how); });
  impl_->runner->begin();
}
void ObjectServer::extend(Instant kill_at) {
  if (impl_->runner) impl_->runner->extend(kill_at);
}
void ObjectServer::stop(StopReason reason) {
  if (impl_->runner) impl_->runner->stop(reason);
}

}  // namespace dray::worker
