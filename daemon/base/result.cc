#include "daemon/base/result.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>

namespace dray {
namespace {

struct ErrnoRow {
  int errno_value;
  ErrorCode code;
};
constexpr ErrnoRow kErrnoTable[] = {
    {ENOENT, ErrorCode::not_found},
    {ENOTDIR, ErrorCode::not_found},
    {ESRCH, ErrorCode::not_found},
    {EACCES, ErrorCode::denied},
    {EPERM, ErrorCode::denied},
    {EROFS, ErrorCode::denied},
    {EEXIST, ErrorCode::conflict},
    {EADDRINUSE, ErrorCode::conflict},
    {ETIMEDOUT, ErrorCode::timeout},
    {EAGAIN, ErrorCode::unavailable},
    {ECONNREFUSED, ErrorCode::unavailable},
    {EINVAL, ErrorCode::invalid},
    {ENAMETOOLONG, ErrorCode::invalid},
    {ENOSPC, ErrorCode::exhausted},
    {EDQUOT, ErrorCode::exhausted},
    {EMFILE, ErrorCode::exhausted},
    {ENFILE, ErrorCode::exhausted},
    {ENOMEM, ErrorCode::exhausted},
};

}  // namespace

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid:
      return "invalid";
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::denied:
      return "denied";
    case ErrorCode::conflict:
      return "conflict";
    case ErrorCode::timeout:
      return "timeout";
    case ErrorCode::unavailable:
      return "unavailable";
    case ErrorCode::exhausted:
      return "exhausted";
    case ErrorCode::io:
      return "io";
    case ErrorCode::corrupt:
      return "corrupt";
  }
  return "unknown";
}

Error errno_error(int errno_value, std::string_view context) {
  ErrorCode code = ErrorCode::io;
  for (const ErrnoRow& row : kErrnoTable)
    if (row.errno_value == errno_value) code = row.code;
  return Error{code, fmt::format("{}: {}", context, std::generic_category().message(errno_value))};
}

Error annotate(Error error, std::string_view context) {
  error.message.insert(0, fmt::format("{}: ", context));
  return error;
}

void check_failed(const char* condition, const char* file, int line, std::string_view message) {
  fmt::print(stderr, "bug: {}:{}: check '{}' failed: {}\n", file, line, condition, message);
  std::fflush(stderr);
  std::abort();
}

}  // namespace dray
