#include "broker/zap.h"

#include <algorithm>

#include "broker/permissions.h"
#include "broker/z85.h"
#include "daemon/base/log.h"

namespace dray {
namespace {

constexpr const char* kEndpoint = "inproc://zeromq.zap.01";
constexpr std::string_view kVersion = "1.0";
constexpr Duration kLogInterval = seconds{1};

struct DomainRow {
  std::string_view name;
  RoleSet roles;
};
constexpr DomainRow kDomains[] = {
    {kDomainRequests, kPeers},
    {kDomainProgress, kWorkers},
    {kDomainEvents, kAskers},
};

bool takes(std::string_view domain, Role role) {
  for (const DomainRow& row : kDomains)
    if (row.name == domain) return row.roles.has(role);
  return false;
}

// Frames of a request behind the routing id.
enum Part : size_t {
  kRoutingId,
  kDelimiter,
  kRequestVersion,
  kRequestId,
  kDomain,
  kAddress,
  kIdentity,
  kMechanism,
  kKey,
  kParts,
};

}  // namespace

Result<std::unique_ptr<ZapHandler>> ZapHandler::make(EventLoop& loop, ZmqContext& context,
                                                     const AuthorizedKeys& keys) {
  std::unique_ptr<ZapHandler> zap(new ZapHandler(keys));
  DRAY_TRY_ASSIGN(zap->socket_, ZmqSocket::make(loop, context, SocketKind::router, {}));
  DRAY_TRY(zap->socket_->bind(kEndpoint));
  zap->socket_->on_message([self = zap.get()](const ZmqIncoming& m) { self->answer(m); });
  return zap;
}

void ZapHandler::on_failure(std::function<void(const Error&)> handler) {
  socket_->on_failure(std::move(handler));
}

// Whoever can reach the port can be refused as often as he likes: he does not fill the log.
// The key is public: with it the operator sees whose it is, or what to authorize.
void ZapHandler::log_refusal(const ZmqIncoming& request, const Credential* known) {
  const std::string key = request.frames == kParts && request.part(kKey).size() == kKeyBytes
                              ? z85_encode(request.part(kKey))
                              : "(none)";
  if (std::ranges::find(expected_, key) != expected_.end()) return;
  const Instant now = clock_.now().mono;
  if (now - last_logged_ < kLogInterval) return;
  last_logged_ = now;
  const std::string address = request.frames > kAddress ? request.parts[kAddress] : "";
  const std::string who = known == nullptr
                              ? "no file in broker.authorized_keys_dir holds this key"
                              : fmt::format("it is the key of {} {}, which has no business there",
                                            to_string(known->role), known->name);
  log_warn({"broker.key_refused", {{"address", address}, {"key", key}, {"refused", refused_}}},
           "refused the key {} from {}: {} ({} refused so far)", key, address, who, refused_);
}

void ZapHandler::answer(const ZmqIncoming& request) {
  if (request.frames < kRequestId + 1) return;
  const Credential* credential = nullptr;
  const bool curve = request.frames == kParts && request.part(kRequestVersion) == kVersion &&
                     request.part(kMechanism) == "CURVE";
  if (curve) credential = keys_.find_key(request.part(kKey));
  const bool good = credential != nullptr && takes(request.part(kDomain), credential->role);
  ++(good ? accepted_ : refused_);
  if (!good) log_refusal(request, credential);
  socket_->send({request.part(kRoutingId), request.part(kDelimiter), kVersion,
                 request.part(kRequestId), good ? "200" : "400", good ? "OK" : "unknown key",
                 good ? std::string_view(credential->key_id) : "", ""});
}

}  // namespace dray
