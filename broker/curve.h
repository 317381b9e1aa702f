// CURVE keys: who may speak to the broker from other machines, and as whom.
//
// Files. A secret key is one line of Z85 (40 characters) in a file as daemon/base/seal.h wants it
// (ours, 0400, or a systemd credential). A public key is the same in NAME.pub. The broker keeps
// those of its peers as authorized_keys_dir/ROLE/NAME.pub (ROLE: worker, ops, notifier); a file may
// hold two lines while a key is being replaced; lines that start with '#' are notes.
//
// The key decides role and name: nothing that the peer says about itself can change them.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "broker/bus.h"
#include "broker/router.h"
#include "daemon/base/seal.h"

namespace dray {

struct CurveKeyPair {
  std::string public_key;   // Z85
  SecretString secret_key;  // Z85
};

CurveKeyPair generate_curve_keypair();

// Creates `path` (0400) and `path`.pub (0644); refuses to replace an existing file (conflict).
Status save_curve_keypair(const std::string& path, const CurveKeyPair& pair);

// denied: others can reach the file; invalid: not a key. The public key is computed.
Result<CurveKeyPair> load_curve_keypair(const std::string& path);

// What a peer needs to connect by tcp. invalid: `server_key` is not a public key.
Result<CurveClient> load_curve_client(const std::string& secret_key_file,
                                      const std::string& server_key);

class AuthorizedKeys {
 public:
  // No directory: nobody. A file that is damaged counts as absent and is named in problems(), so
  // that neither a typing error nor a full disk can keep a revoked key alive.
  static AuthorizedKeys load(const std::string& dir);

  // nullptr: unknown. `raw_key`: 32 bytes.
  const Credential* find_key(std::string_view raw_key) const;
  // By the id that a Credential carries; nullptr: unknown or revoked since.
  const Credential* find_id(std::string_view key_id) const;
  std::unordered_set<std::string> key_ids() const;
  const std::vector<std::string>& problems() const { return problems_; }
  size_t size() const { return by_id_.size(); }

 private:
  void load_role(const std::string& dir, Role role);
  void load_file(const std::string& path, Role role, const std::string& name);

  std::unordered_map<std::string, Credential> by_id_;
  std::vector<std::string> problems_;
};

}  // namespace dray
