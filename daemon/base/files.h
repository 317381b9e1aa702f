// Files and directories, with the checks that a daemon needs. All calls block; none follows a
// symbolic link in the last component of a path that it creates, checks or removes. Errors name the
// path and carry the code of errno (result.h).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/fd.h"
#include "daemon/base/result.h"

namespace dray {

// The whole file. More than `max_bytes` is refused (exhausted); a directory or device is refused
// (invalid). Works for files whose size stat does not know (/proc).
Result<std::string> read_file(const std::string& path, size_t max_bytes);

// Replaces `path` so that after a power cut it holds either the old or the new content: temporary
// file beside it, fsync, rename, fsync of the directory. On failure the old file is untouched and
// the temporary one removed.
Status write_file_atomic(const std::string& path, std::string_view content, mode_t mode = 0600);

// Writes all of `data`, through short writes and EINTR.
Status write_all(int fd, std::string_view data, std::string_view context);

// fsync of a directory: makes renames and creations in it durable.
Status sync_dir(const std::string& path);

// A directory that only we can enter: made with its parents (0700) when absent; an existing one
// must be a real directory, owned by us (or by root when we are root), and is set to 0700 when
// wider.
Status ensure_private_dir(const std::string& path);

// Where a socket for another user's process lives. Made 0700 when absent; an existing one (made by
// systemd-tmpfiles with a group and setgid, so that sockets in it belong to that group) must be
// ours and closed to everybody outside owner and group.
Status ensure_socket_dir(const std::string& path);

// 0660 for a socket just bound in such a directory: the directory decides who reaches it.
Status share_socket(const std::string& path);

// Removes a file or a whole directory tree; symbolic links inside are removed, never followed.
// A path that does not exist is a success. Goes on after a failure and returns the first one.
Status remove_tree(const std::string& path);

// Names in a directory, sorted, without "." and "..".
Result<std::vector<std::string>> list_dir(const std::string& path);

// Bytes an unprivileged process can still write to the file system of `path`.
Result<uint64_t> free_bytes(const std::string& path);

// "/a/b" -> "/a", "/a" -> "/", "a" -> ".".
std::string parent_dir(const std::string& path);

// Also true for a dangling symbolic link.
bool path_exists(const std::string& path);

}  // namespace dray
