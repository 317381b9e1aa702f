// The keys that an SFTP server shows, asked for with ssh-keyscan: it speaks to the server without
// logging in, and with every type of key in turn.
#include <unistd.h>

#include <algorithm>
#include <array>

#include "schemas/answers_remotes.h"
#include "schemas/json_fields.h"
#include "schemas/ssh_host_keys.h"
#include "workers/captured_command.h"
#include "workers/clean_text.h"
#include "workers/query_remote.h"
#include "workers/rclone_command.h"

namespace dray::worker {
namespace {

constexpr Duration kTimeout = seconds{30};
constexpr std::string_view kAnswerSeconds = "10";
constexpr std::array kPrograms = {"/usr/bin/ssh-keyscan", "/usr/local/bin/ssh-keyscan",
                                  "/bin/ssh-keyscan"};

struct HostArgs {
  std::string host;
  std::string port;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("host", self.host);
    visit.optional("port", self.port);
  }
};

Result<std::string> read_keys(const CapturedResult& captured, const HostArgs& args,
                              bool selectable) {
  if (captured.start_error) return std::unexpected(*captured.start_error);
  HostKeysAnswer answer;
  answer.selectable = selectable;
  std::string_view rest = captured.output;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const Result<HostKey> key = parse_host_key(line);
    if (key) answer.keys.push_back({key->type, key->blob, host_key_fingerprint(*key)});
  }
  if (answer.keys.empty())
    return fail(
        ErrorCode::unavailable,
        "{} port {} shows no SSH host key: is it the address of an SFTP server, and can the "
        "worker reach it?",
        args.host, args.port.empty() ? "22" : args.port);
  const auto rank = [](const ShownHostKey& key) {
    return std::ranges::find(preferred_host_key_types(), key.type) -
           preferred_host_key_types().begin();
  };
  std::ranges::stable_sort(answer.keys, {}, rank);
  return to_json(answer);
}

bool can_select(const RunContext& context) {
  const RcloneBackend* sftp = context.backends ? context.backends->find("sftp") : nullptr;
  return sftp != nullptr && std::ranges::find(sftp->options, "host_key_algorithms",
                                              &BackendOption::name) != sftp->options.end();
}

class KeyScan final : public RunningQuery {
 public:
  KeyScan(QueryStart start, ChildSpec spec, HostArgs args)
      : command_(start.context.loop, start.context.family, std::move(spec),
                 [done = std::move(start.done), args = std::move(args),
                  selectable = can_select(start.context)](const CapturedResult& captured) {
                   done(read_keys(captured, args, selectable));
                 }) {}

 private:
  CapturedCommand command_;
};

Result<ChildSpec> make_spec(const RunContext& context, const HostArgs& args) {
  // Checks host and port as well: neither can be taken for an option.
  DRAY_TRY(known_hosts_text(args.host, args.port, ""));
  const auto program =
      std::ranges::find_if(kPrograms, [](const char* path) { return access(path, X_OK) == 0; });
  if (program == kPrograms.end())
    return fail(ErrorCode::unavailable,
                "the worker has no ssh-keyscan to look at the server's key with; install "
                "openssh-client there, or give the key itself: --host-key \"ssh-ed25519 AAAA...\"");
  ChildSpec spec;
  spec.guard = context.guard;
  spec.label = "ssh-keyscan";
  spec.directory = context.work_dir;
  spec.argv = {
      *program, "-T", std::string(kAnswerSeconds), "-p", args.port.empty() ? "22" : args.port,
      args.host};
  spec.environment = rclone_environment(RunPaths{context.work_dir});
  spec.kill_at = context.clock.now().mono + kTimeout;
  return spec;
}

}  // namespace

std::unique_ptr<RunningQuery> query_remote_host_key(QueryStart start) {
  Result<HostArgs> args = from_json<HostArgs>(start.query.body);
  if (!args) return answer_at_once(std::move(start), std::unexpected(args.error()));
  Result<ChildSpec> spec = make_spec(start.context, *args);
  if (!spec) return answer_at_once(std::move(start), std::unexpected(spec.error()));
  return std::make_unique<KeyScan>(std::move(start), std::move(*spec), std::move(*args));
}

}  // namespace dray::worker
