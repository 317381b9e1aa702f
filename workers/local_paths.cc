#include "workers/local_paths.h"

#include <filesystem>

#include "daemon/base/quote.h"

namespace dray::worker {
namespace {

namespace fs = std::filesystem;

bool is_inside(const fs::path& path, const fs::path& root) {
  auto at = path.begin();
  for (const fs::path& part : root) {
    if (part.empty()) continue;  // a trailing slash
    if (at == path.end() || *at != part) return false;
    ++at;
  }
  return true;
}

}  // namespace

Result<std::string> confine_local_path(std::string_view path, std::span<const std::string> roots) {
  constexpr size_t kShown = 200;
  const fs::path wanted{std::string(path)};
  if (path.empty() || path.front() != '/')
    return fail(ErrorCode::invalid, "{}: a path on the worker must be absolute, like /srv/data",
                quoted(path, kShown));
  for (const fs::path& part : wanted)
    if (part == "..")
      return fail(ErrorCode::invalid, "{}: '..' is not allowed in a path", quoted(path, kShown));
  if (roots.empty())
    return fail(ErrorCode::denied,
                "{}: this worker gives no directory of its own to transfers; list some in "
                "[worker] local_roots",
                quoted(path, kShown));
  std::error_code error;
  const fs::path real = fs::weakly_canonical(wanted, error);
  if (error) return fail_errno(error.value(), quoted(path, kShown));
  for (const std::string& root : roots) {
    const fs::path real_root = fs::weakly_canonical(root, error);
    if (!error && is_inside(real, real_root)) {
      std::string text = real.string();
      if (text.size() > 1 && text.back() == '/') text.pop_back();
      return text;
    }
  }
  return fail(ErrorCode::denied, "{}: outside the directories of [worker] local_roots",
              quoted(path, kShown));
}

}  // namespace dray::worker
