#include "workers/upload_work.h"

#include <fmt/format.h>

#include "daemon/base/digest.h"
#include "daemon/base/secret_compare.h"

namespace dray::worker {

std::string incoming_directory(RunId run) {
  return fmt::format(".dray-incoming-{}", run);
}
std::string incoming_file(RunId run) {
  return incoming_directory(run) + "/data";
}

std::string stored_file(Layout layout, std::string_view name) {
  return layout == Layout::versioned ? fmt::format("current/{}", name) : std::string(name);
}

// An attempt that was cut off in the middle may have moved the old file away already.
std::string replaced_directory(Layout layout, const Token& token, std::string_view name) {
  if (layout != Layout::versioned) return "";
  std::string directory = fmt::format("versions/{:012}", token.run.value);
  if (token.attempt > 1) directory += fmt::format(".{:03}", token.attempt);
  const size_t slash = name.rfind('/');
  if (slash != std::string_view::npos) directory += fmt::format("/{}", name.substr(0, slash));
  return directory;
}

bool is_ticket(std::string_view ticket, std::string_view ticket_hash) {
  Digest digest(DigestKind::sha256);
  digest.update(ticket);
  return !ticket.empty() && is_same_secret(digest.finish_hex(), ticket_hash);
}

}  // namespace dray::worker
