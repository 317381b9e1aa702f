// Is a request meant for this server, and does it come from a page of it? Against DNS rebinding
// (Host) and forged requests of other pages (Origin). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/notifier/http_message.h"

namespace dray::notifier {

class Gate {
 public:
  // `hosts` and `public_url` as in the configuration.
  Gate(const std::vector<std::string>& hosts, const std::string& public_url);

  // Addresses cannot be rebound, so they are always right; of names only those that are known.
  bool accepts_host(std::string_view host) const;
  // Does the request come from a page of ours, as far as the browser tells? False also when it
  // tells nothing.
  bool is_same_origin(const HttpRequest& request) const;
  // Does the browser say that it comes from another page?
  bool is_cross_origin(const HttpRequest& request) const;

 private:
  std::vector<std::string> names_;  // lower case
  std::string public_origin_;
};

}  // namespace dray::notifier
