// Names of people come from outside and end up in events, mails and terminals. Pure.
#pragma once

#include <string>
#include <string_view>

#include "daemon/base/text.h"

namespace dray {

inline constexpr size_t kMaxAskerBytes = 200;

// As the peer names the person; the peer's own name where it names nobody.
inline std::string safe_name(std::string_view asked_by, std::string_view peer) {
  return shorten(escape_for_display(asked_by.empty() ? peer : asked_by), kMaxAskerBytes);
}

}  // namespace dray
