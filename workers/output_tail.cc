#include "workers/output_tail.h"

#include "daemon/base/text.h"
#include "workers/clean_text.h"

namespace dray::worker {

void OutputTail::add(std::string_view text) {
  if (text.size() > kMaxBytes) text.remove_prefix(text.size() - kMaxBytes);
  text_ += text;
  if (text_.size() > 2 * kMaxBytes) text_.erase(0, text_.size() - kMaxBytes);
}

std::string OutputTail::shown() const {
  // Secrets are looked for in all that is kept, so that the cut cannot hide half of one.
  const std::string clean = clean_line(text_, 3 * kMaxBytes);
  if (clean.size() <= kMaxShownText) return std::string(trim(clean));
  size_t from = clean.size() - kMaxShownText;
  while (from < clean.size() && (static_cast<unsigned char>(clean[from]) & 0xc0) == 0x80)
    ++from;
  return "…" + std::string(trim(std::string_view(clean).substr(from)));
}

}  // namespace dray::worker
