#include "daemon/notifier/setup_link.h"

#include <fmt/format.h>

namespace dray::notifier {

std::string page_address(const Config::Notifier& config,
                         const std::vector<std::string>& addresses) {
  return config.public_url.empty() ? addresses.front() : config.public_url;
}

std::string address_file(const Config& config) {
  return config.paths.data_dir + "/notifier/address";
}

std::string setup_link(const Config::Notifier& config, const std::vector<std::string>& addresses,
                       const std::string& token) {
  // Behind the '#', so that the token is in no log of any server on the way.
  return fmt::format("{}/setup#{}", page_address(config, addresses), token);
}

std::string setup_link_file(const Config& config) {
  return config.paths.data_dir + "/notifier/setup-link";
}

}  // namespace dray::notifier
