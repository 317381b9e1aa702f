// The certificate of the server: read at start and again on reload, so that connections that are
// made from then on show the new one. TLS 1.2 and above.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "daemon/base/result.h"

namespace dray::notifier {

// invalid: the files hold no certificate and key that belong together.
Result<std::shared_ptr<boost::asio::ssl::context>> load_tls(const std::string& certificate,
                                                            const std::string& key);

}  // namespace dray::notifier
