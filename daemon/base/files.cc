#include "daemon/base/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>

#include "daemon/base/random.h"

namespace dray {
namespace {

// Directories deeper than this are refused by remove_tree: one descriptor is open per level.
constexpr int kMaxTreeDepth = 512;

Status make_parents(const std::string& path) {
  for (size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    const std::string parent = path.substr(0, slash);
    if (mkdir(parent.c_str(), 0755) != 0 && errno != EEXIST) return fail_errno(errno, parent);
  }
  return {};
}

// Opens the directory itself, never through a symbolic link, and checks its owner.
Result<UniqueFd> open_own_dir(const std::string& path, struct stat& info) {
  UniqueFd fd{open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  if (!fd) {
    if (errno == ELOOP || errno == ENOTDIR)
      return fail(ErrorCode::denied, "{}: must be a directory, not a link or a file", path);
    return fail_errno(errno, path);
  }
  if (fstat(fd.get(), &info) != 0) return fail_errno(errno, path);
  if (info.st_uid != geteuid())
    return fail(ErrorCode::denied, "{}: owned by user {}, must be owned by user {}", path,
                info.st_uid, geteuid());
  return fd;
}

Status make_dir(const std::string& path) {
  DRAY_TRY(make_parents(path));
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno(errno, path);
  return {};
}

struct CloseDir {
  void operator()(DIR* dir) const { closedir(dir); }
};
using OpenDir = std::unique_ptr<DIR, CloseDir>;

Result<std::vector<std::string>> read_names(DIR* dir, const std::string& path) {
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = readdir(dir)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
    errno = 0;
  }
  if (errno != 0) return fail_errno(errno, path);
  std::ranges::sort(names);
  return names;
}

// Keeps the first failure of several.
void note(Status& first, Status next) {
  if (first && !next) first = std::move(next);
}

Status remove_at(int dir, const char* name, const std::string& path, int depth);

Status remove_children(int dir, const char* name, const std::string& path, int depth) {
  UniqueFd fd{openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  if (!fd) return errno == ENOENT ? Status{} : fail_errno(errno, path);
  const OpenDir stream{fdopendir(fd.get())};
  if (!stream) return fail_errno(errno, path);
  const int inner = fd.release();  // closed by the stream
  DRAY_TRY_ASSIGN(const auto names, read_names(stream.get(), path));
  Status status;
  for (const std::string& child : names)
    note(status, remove_at(inner, child.c_str(), path + "/" + child, depth + 1));
  return status;
}

Status remove_at(int dir, const char* name, const std::string& path, int depth) {
  if (depth > kMaxTreeDepth)
    return fail(ErrorCode::exhausted, "{}: more than {} levels deep", path, kMaxTreeDepth);
  if (unlinkat(dir, name, 0) == 0 || errno == ENOENT) return {};
  // EISDIR on Linux; EPERM is what POSIX asks for.
  if (errno != EISDIR && errno != EPERM) return fail_errno(errno, path);
  const int why = errno;
  struct stat info {};
  if (fstatat(dir, name, &info, AT_SYMLINK_NOFOLLOW) != 0) return fail_errno(errno, path);
  if (!S_ISDIR(info.st_mode)) return fail_errno(why, path);
  Status status = remove_children(dir, name, path, depth);
  if (unlinkat(dir, name, AT_REMOVEDIR) != 0 && errno != ENOENT)
    note(status, fail_errno(errno, path));
  return status;
}

}  // namespace

std::string parent_dir(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<std::string> read_file(const std::string& path, size_t max_bytes) {
  // O_NONBLOCK: a named pipe must not hang us before it is refused.
  const UniqueFd fd{open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (!fd) return fail_errno(errno, path);
  struct stat info {};
  if (fstat(fd.get(), &info) != 0) return fail_errno(errno, path);
  if (!S_ISREG(info.st_mode)) return fail(ErrorCode::invalid, "{}: not a regular file", path);
  std::string content;
  char buffer[64 << 10];
  while (true) {
    const ssize_t got = read(fd.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(errno, path);
    if (got == 0) return content;
    content.append(buffer, static_cast<size_t>(got));
    if (content.size() > max_bytes)
      return fail(ErrorCode::exhausted, "{}: larger than {} bytes", path, max_bytes);
  }
}

Status write_all(int fd, std::string_view data, std::string_view context) {
  while (!data.empty()) {
    const ssize_t done = write(fd, data.data(), data.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return fail_errno(errno, context);
    data.remove_prefix(static_cast<size_t>(done));
  }
  return {};
}

Status sync_dir(const std::string& path) {
  const UniqueFd fd{open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!fd) return fail_errno(errno, path);
  if (fsync(fd.get()) != 0) return fail_errno(errno, path);
  return {};
}

Status write_file_atomic(const std::string& path, std::string_view content, mode_t mode) {
  const std::string temporary = fmt::format("{}.{}.tmp", path, random_hex(6));
  UniqueFd fd{open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
  if (!fd) return fail_errno(errno, temporary);
  Status status = write_all(fd.get(), content, temporary);
  // fchmod, since the umask took bits from the mode given to open.
  if (status && fchmod(fd.get(), mode) != 0) status = fail_errno(errno, temporary);
  if (status && fsync(fd.get()) != 0) status = fail_errno(errno, temporary);
  if (status && rename(temporary.c_str(), path.c_str()) != 0) status = fail_errno(errno, path);
  if (!status) {
    unlink(temporary.c_str());
    return status;
  }
  return sync_dir(parent_dir(path));
}

Status ensure_private_dir(const std::string& path) {
  DRAY_TRY(make_dir(path));
  struct stat info {};
  DRAY_TRY_ASSIGN(const UniqueFd fd, open_own_dir(path, info));
  if ((info.st_mode & 07777) != 0700 && fchmod(fd.get(), 0700) != 0) return fail_errno(errno, path);
  return {};
}

Status ensure_socket_dir(const std::string& path) {
  DRAY_TRY(make_dir(path));
  struct stat info {};
  DRAY_TRY_ASSIGN(const UniqueFd fd, open_own_dir(path, info));
  if ((info.st_mode & 0027) != 0)
    return fail(ErrorCode::denied,
                "{}: mode {:04o} is too wide for sockets; it may be entered by its owner and "
                "group only (2750)",
                path, info.st_mode & 07777);
  return {};
}

Status share_socket(const std::string& path) {
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) return fail_errno(errno, path);
  if (!S_ISSOCK(info.st_mode)) return fail(ErrorCode::invalid, "{}: not a socket", path);
  if (chmod(path.c_str(), 0660) != 0) return fail_errno(errno, path);
  return {};
}

Status remove_tree(const std::string& path) {
  return remove_at(AT_FDCWD, path.c_str(), path, 0);
}

Result<std::vector<std::string>> list_dir(const std::string& path) {
  const OpenDir dir{opendir(path.c_str())};
  if (!dir) return fail_errno(errno, path);
  return read_names(dir.get(), path);
}

Result<uint64_t> free_bytes(const std::string& path) {
  struct statvfs info {};
  if (statvfs(path.c_str(), &info) != 0) return fail_errno(errno, path);
  return uint64_t{info.f_bavail} * info.f_frsize;
}

bool path_exists(const std::string& path) {
  struct stat info {};
  return lstat(path.c_str(), &info) == 0;
}

}  // namespace dray
