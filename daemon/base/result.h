// Errors are values: every operation that can fail for a reason outside this program returns a
// Result<T>. The code says what the caller does next; the message grows outwards as it travels
// ("load config: /etc/dray/dray.toml:14: bandwidth must be a rate like 8M").
//
// Bugs are not errors: DRAY_CHECK aborts with a clear message, in release builds too. Nothing that
// a peer, a file or an operator sent may ever reach a DRAY_CHECK.
#pragma once

#include <fmt/format.h>

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace dray {

// What the caller does next.
enum class ErrorCode {
  invalid,      // the input is wrong: tell its author, never retry
  not_found,    // the thing named does not exist
  denied,       // the caller may not do this
  conflict,     // the state does not allow this now
  timeout,      // no answer in time: the outcome is unknown
  unavailable,  // a peer or resource is away: try again later
  exhausted,    // a limit was hit: free something first
  io,           // the system refused: see the message
  corrupt,      // stored or received data is damaged
};

std::string_view to_string(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::io;
  std::string message;
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

// fail(ErrorCode::invalid, "bad rate '{}'", text)
template <class... Args>
std::unexpected<Error> fail(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected(Error{code, fmt::format(format, std::forward<Args>(args)...)});
}

// The one converter of errno: "CONTEXT: No such file or directory", code chosen from a table.
Error errno_error(int errno_value, std::string_view context);
inline std::unexpected<Error> fail_errno(int errno_value, std::string_view context) {
  return std::unexpected(errno_error(errno_value, context));
}

// Puts what was being attempted in front of the message.
Error annotate(Error error, std::string_view context);
template <class T>
Result<T> annotate(Result<T> result, std::string_view context) {
  if (result) return result;
  return std::unexpected(annotate(std::move(result.error()), context));
}

[[noreturn]] void check_failed(const char* condition, const char* file, int line,
                               std::string_view message);

}  // namespace dray

#define DRAY_CHECK(condition, message)                                 \
  do {                                                                 \
    if (!(condition)) [[unlikely]]                                     \
      ::dray::check_failed(#condition, __FILE__, __LINE__, (message)); \
  } while (false)

#define DRAY_CONCAT_INNER(a, b) a##b
#define DRAY_CONCAT(a, b) DRAY_CONCAT_INNER(a, b)

// DRAY_TRY(status_expression): returns the error to our caller.
#define DRAY_TRY(expression)                                                          \
  do {                                                                                \
    auto dray_try_result = (expression);                                              \
    if (!dray_try_result) return std::unexpected(std::move(dray_try_result.error())); \
  } while (false)

// DRAY_TRY_ASSIGN(auto value, result_expression)
#define DRAY_TRY_ASSIGN(declaration, expression) \
  DRAY_TRY_ASSIGN_IMPL(DRAY_CONCAT(dray_try_, __LINE__), declaration, expression)
#define DRAY_TRY_ASSIGN_IMPL(temporary, declaration, expression)        \
  auto temporary = (expression);                                        \
  if (!temporary) return std::unexpected(std::move(temporary.error())); \
  declaration = std::move(*temporary)
