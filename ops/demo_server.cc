#include "ops/demo_server.h"

#include "daemon/base/files.h"
#include "daemon/base/random.h"
#include "daemon/base/text.h"
#include "schemas/obscure.h"

namespace dray::ops {
namespace {

constexpr Duration kStartTimeout = seconds{20};  // sftp makes RSA keys at its first start

struct ProtocolRow {
  DemoProtocol protocol;
  std::string_view name;
};
constexpr ProtocolRow kProtocols[] = {{DemoProtocol::webdav, "webdav"},
                                      {DemoProtocol::sftp, "sftp"}};

}  // namespace

std::string port_in_line(std::string_view line) {
  constexpr std::string_view kHost = "127.0.0.1:";
  if (line.find("tarted on") == std::string_view::npos &&
      line.find("istening on") == std::string_view::npos)
    return "";
  const size_t at = line.find(kHost);
  if (at == std::string_view::npos) return "";
  line.remove_prefix(at + kHost.size());
  return std::string(line.substr(0, line.find_first_not_of("0123456789")));
}

Result<std::unique_ptr<DemoServer>> DemoServer::start(EventLoop& loop, DemoProtocol protocol,
                                                      const std::string& rclone,
                                                      const std::string& root,
                                                      const std::string& state_dir,
                                                      const std::function<bool()>& stopped) {
  DRAY_TRY(ensure_private_dir(state_dir));
  std::unique_ptr<DemoServer> server(new DemoServer());
  DemoServer* self = server.get();
  self->protocol_ = protocol;
  self->user_ = "demo";
  self->password_ = random_token(18);
  ChildSpec spec;
  spec.name = fmt::format("demo {} server", self->type());
  // Port 0: the kernel chooses, rclone says which. The directory cache would hide what changes
  // below.
  spec.argv = {rclone,
               "serve",
               std::string(self->type()),
               root,
               "--addr",
               "127.0.0.1:0",
               "--config",
               "/dev/null",
               "--cache-dir",
               state_dir,
               "--dir-cache-time",
               "1s"};
  if (protocol == DemoProtocol::webdav) spec.argv.emplace_back("--read-only");
  // Readable by this user only, unlike an argument.
  spec.environment = {"PATH=/usr/bin:/bin", "HOME=" + state_dir, "RCLONE_USER=" + self->user_,
                      "RCLONE_PASS=" + self->password_};
  spec.directory = state_dir;
  DRAY_TRY_ASSIGN(server->child_,
                  Child::start(
                      loop, spec, [self](std::string_view line) { self->read_line(line); },
                      [self](const std::string& how, bool) { self->ended_ = how; }));
  bool expired = false;
  Timer deadline(loop);
  deadline.start_once(kStartTimeout, [&expired] { expired = true; });
  while (self->port_.empty() && self->ended_.empty() && !expired && !stopped())
    loop.run_turn();
  if (self->port_.empty())
    return fail(ErrorCode::io, "the {} does not come up ({}): {}", spec.name,
                self->ended_.empty() ? "no answer in time" : self->ended_,
                escape_for_display(self->last_line_));
  self->address_ = fmt::format("{}://127.0.0.1:{}", self->type(), self->port_);
  return server;
}

void DemoServer::read_line(std::string_view line) {
  last_line_ = line;
  if (port_.empty()) port_ = port_in_line(line);
}

std::string_view DemoServer::type() const {
  for (const ProtocolRow& row : kProtocols)
    if (row.protocol == protocol_) return row.name;
  return "";
}

RemoteSettings DemoServer::settings() const {
  RemoteSettings settings{{"user", user_}, {"pass", obscure(password_, random_bytes(16))}};
  if (protocol_ == DemoProtocol::webdav) {
    settings["url"] = "http://127.0.0.1:" + port_;
    settings["vendor"] = "other";
  } else {
    settings["host"] = "127.0.0.1";
    settings["port"] = port_;
    // One session per file for a hash that WebDAV cannot give anyway.
    settings["shell_type"] = "unix";
    settings["md5sum_command"] = "none";
    settings["sha1sum_command"] = "none";
  }
  return settings;
}

}  // namespace dray::ops
