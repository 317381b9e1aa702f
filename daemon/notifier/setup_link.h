// The link with which the first user is made: printed in the log, and kept in a private file for
// `dray up` and `dray user setup-link`.
#pragma once

#include <string>
#include <vector>

#include "daemon/base/config.h"

namespace dray::notifier {

// `addresses`: where the server listens, if no public URL is configured.
std::string setup_link(const Config::Notifier& config, const std::vector<std::string>& addresses,
                       const std::string& token);
std::string setup_link_file(const Config& config);

}  // namespace dray::notifier
