// Names of files that people hand in: one form, checked the same way wherever a name comes in.
//
// A name is a relative path: components separated by '/'. Each component is 1 to
// kMaxFileComponent bytes of UTF-8 and, written to any kind of store, still means the same:
//   * not "." or "..", no '\', nothing that is a control character, invisible, or turns the
//     direction of writing around
//   * no space at either end, no dot at the end, no device name of Windows ("NUL", "com1.txt")
//   * not beginning with ".dray-", which is ours
// What else a store cannot express, rclone encodes. Names are compared byte by byte and not
// normalised: an accent written as one character and as two makes two names, as on Linux.
//
// Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "daemon/base/result.h"
#include "schemas/run_task.h"

namespace dray {

inline constexpr size_t kMaxUploadNameBytes = 1024;
// Encrypted, such a name is 255 bytes long, which is what file systems take.
inline constexpr size_t kMaxFileComponent = 143;

// invalid: "the file name 'a/../b' holds '..' ...", with what is allowed.
Status check_file_name(std::string_view name);

// The last component of a path on this machine as the name of what is handed in.
Result<std::string> file_name_of(std::string_view path);

// The job that is made for a client's first file where the operator has a store.
std::string upload_job_name(std::string_view client);

// Name, size and the hash of the ticket.
Status check_upload(const UploadTask& upload);

}  // namespace dray
