// The passwords of an encrypted job, from their making to the worker that uses them.
//
// Whoever makes a job (the command line, the API) makes its key as well, sealed to the workers'
// public key, and hands in only the box. The scheduler stores it and sends it along with every run;
// it cannot read it. A worker opens it, uses it in rclone's configuration and, when a person with
// the right role asks for it, seals it again to that person's one-time key.
//
// A box is bound to the name of its job: it cannot be moved to another job. Thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "daemon/base/result.h"
#include "daemon/base/seal.h"

namespace dray {

// As it is stored and sent; travels in JSON.
struct SealedCryptKey {
  std::string sealed;      // base64
  std::string sealed_for;  // fingerprint of the key that opens it

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("sealed", self.sealed);
    visit("sealed_for", self.sealed_for);
  }
};

// rclone crypt's two passwords, in clear: of the content and of the salt. Wiped when it goes.
struct CryptKey {
  std::string password;
  std::string password2;

  CryptKey() = default;
  CryptKey(CryptKey&&) = default;
  CryptKey& operator=(CryptKey&&) = default;
  ~CryptKey();

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("password", self.password);
    visit("password2", self.password2);
  }
};

// 256 random bits each.
CryptKey make_crypt_key();

// For the workers, and for nobody else.
SealedCryptKey seal_crypt_key(const SealingKey& workers, std::string_view job, const CryptKey& key);
// `sealed`: raw bytes. corrupt: not for our key, or of another job.
Result<CryptKey> open_crypt_key(const SealingKeyPair& keys, std::string_view job,
                                std::string_view sealed);

// For the one-time key of whoever takes the passwords out.
SealedCryptKey seal_exported_key(const SealingKey& asker, std::string_view job,
                                 const CryptKey& key);
Result<CryptKey> open_exported_key(const SealingKeyPair& keys, std::string_view job,
                                   std::string_view sealed);

}  // namespace dray
