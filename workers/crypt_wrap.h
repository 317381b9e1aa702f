// Encryption of a job: rclone's crypt around the destination.
//
// The passwords come sealed (schemas/crypt_key.h) and are in clear only in the run's private
// configuration file. Content is encrypted and authenticated (XSalsa20-Poly1305, a random nonce per
// file, blocks of 64 KiB), names and directory names are encrypted too; sizes and times show.
#pragma once

#include <string_view>

#include "daemon/base/result.h"
#include "daemon/base/seal.h"
#include "schemas/job.h"
#include "workers/rclone_config.h"

namespace dray::worker {

// Puts "crypt:" over the destination of `config`: what was "dst:path" is "crypt:" then.
// corrupt: the box of `spec` cannot be opened with our key.
Status wrap_in_crypt(RcloneConfig& config, const RunSpec& spec, const SealingKeyPair& keys);

}  // namespace dray::worker
