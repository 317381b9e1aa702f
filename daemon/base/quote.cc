#include "daemon/base/quote.h"

namespace dray {

std::string quoted(std::string_view text, size_t max) {
  std::string out = "'";
  for (const char c : text.substr(0, max))
    out += c >= 0x20 && c < 0x7f ? c : '?';
  if (text.size() > max) out += "...";
  out += '\'';
  return out;
}

}  // namespace dray
