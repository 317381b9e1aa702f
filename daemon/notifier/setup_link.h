// Where the page is, and the link with which the first user is made: printed in the log, and kept
// in private files for `dray up` and `dray user setup-link`.
#pragma once

#include <string>
#include <vector>

#include "daemon/base/config.h"

namespace dray::notifier {

// `addresses`: where the server listens, if no public URL is configured.
std::string page_address(const Config::Notifier& config, const std::vector<std::string>& addresses);
std::string address_file(const Config& config);
std::string setup_link(const Config::Notifier& config, const std::vector<std::string>& addresses,
                       const std::string& token);
std::string setup_link_file(const Config& config);

}  // namespace dray::notifier
