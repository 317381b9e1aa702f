// How a run ended and why. The class decides retry, notification text and the hint the user sees.
// Wire and database values: append only, never renumber.
#pragma once

#include <cstdint>

#include "daemon/base/enum_names.h"

namespace dray {

enum class Outcome : uint8_t {
  none = 0,  // not ended
  succeeded = 1,
  nothing_to_do = 2,  // source proven non-empty and equal to the destination
  warning = 3,        // useful work was done, and something needs a look
  failed = 4,
  cancelled = 5,  // we stopped it because somebody asked
  killed = 6,     // ended by a signal that we did not send
  held = 7,       // the guard stopped it before anything was changed: a person decides
};

template <>
struct EnumNames<Outcome> {
  static constexpr std::string_view kWhat = "outcome";
  static constexpr EnumRow<Outcome> kRows[] = {
      {Outcome::none, "none"},
      {Outcome::succeeded, "succeeded"},
      {Outcome::nothing_to_do, "nothing_to_do"},
      {Outcome::warning, "warning"},
      {Outcome::failed, "failed"},
      {Outcome::cancelled, "cancelled"},
      {Outcome::killed, "killed"},
      {Outcome::held, "held"},
  };
};

enum class ErrorClass : uint8_t {
  none = 0,
  auth = 1,            // the login is wrong, expired or revoked
  config = 2,          // a setting of the job or remote is wrong
  usage = 3,           // rclone refused its command line: a bug or a wrong extra flag
  not_found = 4,       // source, bucket or path does not exist
  permission = 5,      // logged in, but not allowed
  network = 6,         // no connection, time-out, reset, server error
  quota = 7,           // the provider limits the rate or the account
  storage_full = 8,    // the destination has no room
  source_changed = 9,  // files changed while they were copied
  integrity = 10,      // hashes differ, blocks do not authenticate
  guard = 11,          // a safety limit of the job stopped it (max-delete, immutable, overlap)
  limit = 12,          // a budget of the job was used up (max-transfer, max-duration)
  resources = 13,      // this worker ran out of memory, descriptors or processes
  crash = 14,          // rclone itself crashed
  unknown = 15,
};

template <>
struct EnumNames<ErrorClass> {
  static constexpr std::string_view kWhat = "error class";
  static constexpr EnumRow<ErrorClass> kRows[] = {
      {ErrorClass::none, "none"},
      {ErrorClass::auth, "auth"},
      {ErrorClass::config, "config"},
      {ErrorClass::usage, "usage"},
      {ErrorClass::not_found, "not_found"},
      {ErrorClass::permission, "permission"},
      {ErrorClass::network, "network"},
      {ErrorClass::quota, "quota"},
      {ErrorClass::storage_full, "storage_full"},
      {ErrorClass::source_changed, "source_changed"},
      {ErrorClass::integrity, "integrity"},
      {ErrorClass::guard, "guard"},
      {ErrorClass::limit, "limit"},
      {ErrorClass::resources, "resources"},
      {ErrorClass::crash, "crash"},
      {ErrorClass::unknown, "unknown"},
  };
};

// How far a run's result is proven.
enum class Grade : uint8_t {
  none = 0,     // nothing was compared
  failed = 1,   // differences were found
  partial = 2,  // some objects could not be compared
  size = 3,     // sizes are equal
  sampled = 4,  // contents of a sample are equal
  hash = 5,     // contents are equal
};

template <>
struct EnumNames<Grade> {
  static constexpr std::string_view kWhat = "grade";
  static constexpr EnumRow<Grade> kRows[] = {
      {Grade::none, "none"}, {Grade::failed, "failed"},   {Grade::partial, "partial"},
      {Grade::size, "size"}, {Grade::sampled, "sampled"}, {Grade::hash, "hash"},
  };
};

}  // namespace dray
