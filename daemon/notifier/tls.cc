#include "daemon/notifier/tls.h"

#include <openssl/ssl.h>

#include "daemon/base/seal.h"

namespace dray::notifier {

namespace ssl = boost::asio::ssl;

Result<std::shared_ptr<ssl::context>> load_tls(const std::string& certificate,
                                               const std::string& key) {
  // Rights and owner are checked, and systemd may hand the key over as a credential.
  DRAY_TRY_ASSIGN(const SecretString secret, annotate(read_secret_file(key), "notifier.tls_key"));
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  boost::system::error_code ec;
  context->set_options(ssl::context::default_workarounds | ssl::context::no_sslv2 |
                           ssl::context::no_sslv3 | ssl::context::no_tlsv1 |
                           ssl::context::no_tlsv1_1 | ssl::context::single_dh_use,
                       ec);
  if (!ec) context->use_certificate_chain_file(certificate, ec);
  if (ec)
    return fail(ErrorCode::invalid, "notifier.tls_certificate: {}: {}", certificate, ec.message());
  const std::string_view text = secret.reveal();
  context->use_private_key(boost::asio::buffer(text.data(), text.size()), ssl::context::pem, ec);
  if (ec || SSL_CTX_check_private_key(context->native_handle()) != 1)
    return fail(ErrorCode::invalid, "notifier.tls_key: {} is not the key of the certificate", key);
  SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_RENEGOTIATION);
  return context;
}

}  // namespace dray::notifier
