#include "ops/moment.h"

#include "daemon/base/quote.h"
#include "daemon/base/text.h"
#include "daemon/base/time.h"

namespace dray::ops {

Result<std::string> moment(const Args& args, std::string_view key) {
  const std::string& text = args.text(key);
  if (const Result<Duration> ago = parse_duration(text))
    return format_rfc3339(SystemClock{}.now().wall - std::chrono::floor<microseconds>(*ago));
  if (text.size() == 10) {
    const std::string midnight = text + "T00:00:00Z";
    if (parse_rfc3339(midnight)) return midnight;
  }
  if (parse_rfc3339(text)) return text;
  return fail(ErrorCode::invalid,
              "{}: {} is not a time; write 2026-11-20, 2026-11-20T05:00:00Z or 2h (ago)", key,
              dray::quoted(text));
}

}  // namespace dray::ops
