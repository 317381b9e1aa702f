// What one setting has to do with others: defaults built on them, and what cannot stand together.
#include <unistd.h>

#include "daemon/base/config_checks.h"
#include "daemon/base/config_table.h"
#include "daemon/base/text.h"

namespace dray {
namespace {

std::string host_name() {
  char name[256] = {};
  if (gethostname(name, sizeof name - 1) != 0 || !config_checks::peer_name(name).empty())
    return "localhost";
  return name;
}

bool is_tcp(const std::string& endpoint) {
  return endpoint.starts_with("tcp://");
}

bool is_loopback(std::string_view listen) {
  return listen.starts_with("127.") || listen.starts_with("[::1]:");
}

template <class Require>
void check_notifier(const Config::Notifier& notifier, const Require& require) {
  require(!notifier.listen.empty(), "notifier.listen must name at least one address");
  require(notifier.tls_certificate.empty() == notifier.tls_key.empty(),
          "notifier.tls_certificate and notifier.tls_key must be set together");
  const bool plain = notifier.tls_certificate.empty() && !notifier.allow_plain_http;
  for (const std::string& listen : notifier.listen)
    require(
        !plain || is_loopback(listen),
        fmt::format("notifier.listen: {} can be reached by others: set notifier.tls_certificate "
                    "and tls_key, or allow_plain_http if nobody can listen on the way",
                    listen));
}

}  // namespace

std::string fill_placeholders(std::string_view text, const Config& config) {
  const struct {
    std::string_view name;
    std::string value;
  } placeholders[] = {
      {"{data_dir}", config.paths.data_dir},
      {"{run_dir}", config.paths.run_dir},
      {"{broker_dir}", ipc_endpoints(config).dir},
      {"{host}", host_name()},
  };
  std::string out{text};
  for (const auto& [name, value] : placeholders)
    if (const size_t at = out.find(name); at != std::string::npos)
      out.replace(at, name.size(), value);
  return out;
}

std::vector<std::string> check_together(const Config& config) {
  std::vector<std::string> problems;
  const auto require = [&](bool fine, std::string_view problem) {
    if (!fine) problems.emplace_back(problem);
  };
  const bool worker_tcp = is_tcp(config.worker.broker);
  require(worker_tcp == is_tcp(config.worker.progress),
          "worker.broker and worker.progress must both be tcp:// or both be ipc://");
  require(!worker_tcp || !config.worker.server_key.empty(),
          "worker.server_key must be set when worker.broker is tcp://");
  const bool cli_tcp = is_tcp(config.cli.broker);
  require(cli_tcp == is_tcp(config.cli.events),
          "cli.broker and cli.events must both be tcp:// or both be ipc://");
  require(!cli_tcp || !config.cli.server_key.empty(),
          "cli.server_key must be set when cli.broker is tcp://");
  require(!cli_tcp || !config.cli.secret_key_file.empty(),
          "cli.secret_key_file must be set when cli.broker is tcp://");
  require(config.broker.listen_progress.empty() || !config.broker.listen.empty(),
          "broker.listen must be set when broker.listen_progress is");
  require(config.broker.listen_events.empty() || !config.broker.listen.empty(),
          "broker.listen must be set when broker.listen_events is");
  check_notifier(config.notifier, require);
  return problems;
}

}  // namespace dray
