#include "daemon/base/secret_compare.h"

#include <sodium.h>

namespace dray {

bool is_same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace dray
