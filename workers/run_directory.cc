#include "workers/run_directory.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <vector>

#include "daemon/base/fd.h"
#include "daemon/base/files.h"
#include "daemon/base/quote.h"
#include "workers/local_paths.h"

namespace dray::worker {
namespace {

// Only what bears our own names is ever removed.
constexpr std::string_view kPrefixes[] = {"run-", "probe-", "query-"};

}  // namespace

std::string run_directory(const std::string& work_dir, const Token& token) {
  return fmt::format("{}/run-{}-{}-{}", work_dir, token.run, token.attempt, token.worker_epoch);
}

Status make_run_directory(const RunPaths& paths) {
  for (const std::string& path : {paths.directory, paths.config_dir(), paths.temp(), paths.cache()})
    if (mkdir(path.c_str(), 0700) != 0) return fail_errno(errno, "make the directory " + path);
  return {};
}

Result<std::string> make_local_directory(const std::string& path,
                                         std::span<const std::string> roots) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  std::string at = path;
  while (!std::filesystem::is_directory(at, error)) {
    const size_t slash = at.rfind('/');
    at.resize(slash == std::string::npos ? 0 : slash);
    if (!confine_local_path(at, roots))
      return fail(ErrorCode::denied, "{}: cannot be made, and nothing above it may be written to",
                  quoted(path, 200));
  }
  return at;
}

Status write_private_file(const std::string& path, std::string_view content) {
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return fail_errno(errno, path);
  return write_all(fd.get(), content, path);
}

Status clear_work_dir(const std::string& work_dir) {
  DRAY_TRY(ensure_private_dir(work_dir));
  DRAY_TRY_ASSIGN(const std::vector<std::string> names, list_dir(work_dir));
  Status first;
  for (const std::string& name : names) {
    for (const std::string_view prefix : kPrefixes) {
      if (!name.starts_with(prefix)) continue;
      Status removed = remove_tree(work_dir + "/" + name);
      if (!removed && first) first = std::move(removed);
    }
  }
  return first;
}

}  // namespace dray::worker
