// Random values from the kernel's generator, good for keys and tokens. Thread-safe; never fails
// (the process aborts where the kernel has no randomness, which Linux since 5.6 does not do).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace dray {

std::string random_bytes(size_t count);

// 2 * `count` lower-case hexadecimal digits.
std::string random_hex(size_t count);

// `count` random bytes as unpadded URL-safe base64. 32 bytes are 43 characters.
std::string random_token(size_t count = 32);

uint64_t random_u64();

}  // namespace dray
