#include "daemon/base/quote.h"

#include "daemon/base/text.h"

namespace dray {

std::string quoted(std::string_view text, size_t max_bytes) {
  return "'" + escape_for_display(shorten(text, max_bytes)) + "'";
}

}  // namespace dray
