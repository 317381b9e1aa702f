// Passwords of people: stored as Argon2id texts, which say their own cost. Thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "daemon/base/result.h"

namespace dray {

inline constexpr size_t kMinPasswordBytes = 10;
inline constexpr size_t kMaxPasswordBytes = 1024;

// invalid: too short or too long.
Status check_password(std::string_view password);

// Takes 64 MiB of memory and some 100 ms: never on a loop that others wait for. exhausted: no
// memory.
Result<std::string> hash_password(std::string_view password);

// As slow. An empty `stored` never matches, but takes as long: an unknown name must not be told
// from a wrong password by the time it takes.
bool password_matches(const std::string& stored, std::string_view password);

// Does `text` look like what hash_password() makes, at a cost that we would pay for?
bool is_password_hash(std::string_view text);

}  // namespace dray
