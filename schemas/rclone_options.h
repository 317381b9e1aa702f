// What the settings of a remote may hold. rclone runs programs and reads files of the worker
// because of some of them, and whoever may enter a remote is not thereby allowed to. Used where
// settings are taken in and again by the worker that opens them. Pure; no value ever gets into an
// error.
#pragma once

#include <span>
#include <string_view>

#include "daemon/base/result.h"
#include "schemas/job.h"

namespace dray {

// Settings that are never allowed. '*' at one end of the pattern stands for anything.
struct RefusedOption {
  std::string_view type;     // backend, "" for all
  std::string_view pattern;  // of the option's name
  std::string_view why;
  std::string_view instead;  // what to do, "" when there is nothing
  // These words as a value are harmless: what rclone itself writes ("md5sum_command = md5sum").
  std::string_view harmless;
};
std::span<const RefusedOption> refused_rclone_options();

// A backend's name: lower-case letters, digits, '_' and '-'. Whether rclone knows it is found out
// by the worker.
Status check_remote_type(std::string_view type);

// "remote 'nas': ssh is not allowed: it runs a program on the worker". The settings hold neither
// `type` nor names of other remotes that are not ours (see refers_to in job.h).
Status check_remote_settings(std::string_view name, std::string_view type,
                             const RemoteSettings& settings);

}  // namespace dray
