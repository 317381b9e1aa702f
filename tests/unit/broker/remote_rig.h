// A broker with tcp doors on loopback, its keys and those of its peers.
#pragma once

#include <sys/stat.h>

#include "tests/unit/broker/broker_rig.h"

namespace dray {

struct BrokerServiceSurgeon {
  static void kill_key_check(BrokerService& service) { service.zap_.reset(); }
};

class RemoteRig : public BrokerRig {
 public:
  RemoteRig() {
    config.broker.listen = {"tcp://127.0.0.1:*"};
    config.broker.listen_progress = {"tcp://127.0.0.1:*"};
    config.broker.listen_events = {"tcp://127.0.0.1:*"};
    config.broker.secret_key_file = dir / "broker.key";
    config.broker.authorized_keys_dir = dir / "keys";
    CurveKeyPair pair = generate_curve_keypair();
    server_key = pair.public_key;
    DRAY_CHECK(save_curve_keypair(config.broker.secret_key_file, pair).has_value(), "a key file");
    for (const char* folder : {"keys", "keys/worker", "keys/ops", "keys/notifier"})
      DRAY_CHECK(mkdir((dir / folder).c_str(), 0700) == 0, "a directory");
  }

  // The key of a new peer, known to the broker at its next start or reload.
  CurveClient authorize(Role role, const std::string& name) {
    CurveClient client = stranger();
    DRAY_CHECK(write_file_atomic(key_file(role, name), client.public_key, 0644).has_value(),
               "a key file");
    return client;
  }
  void revoke(Role role, const std::string& name) {
    DRAY_CHECK(remove_tree(key_file(role, name)).has_value(), "a key file");
  }
  CurveClient stranger() const {
    CurveKeyPair pair = generate_curve_keypair();
    return {server_key, pair.public_key, std::move(pair.secret_key)};
  }
  std::string key_file(Role role, const std::string& name) {
    return dir / fmt::format("keys/{}/{}.pub", to_string(role), name);
  }

  BusOptions remote_options(Role role, const std::string& name, CurveClient curve) {
    BusOptions out;
    out.role = role;
    out.name = name;
    out.version = "1";
    out.epoch = 1;
    out.endpoint = broker->tcp_endpoint(kDomainRequests);
    if (role == Role::worker) {
      out.progress_endpoint = broker->tcp_endpoint(kDomainProgress);
    } else {
      out.events_endpoint = broker->tcp_endpoint(kDomainEvents);
    }
    out.curve = std::move(curve);
    return out;
  }
  std::unique_ptr<Peer> remote(Role role, const std::string& name, CurveClient curve) {
    return std::make_unique<Peer>(loop, remote_options(role, name, std::move(curve)));
  }

  std::string server_key;
};

}  // namespace dray
