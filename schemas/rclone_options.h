// What the settings of a remote may hold. rclone runs programs and reads files of the worker
// because of some of them, and whoever may enter a remote is not thereby allowed to. Used where
// settings are taken in and again by the worker that opens them. Pure; no value ever gets into an
// error.
//
// The rule is an allow-list per backend: the options that rclone describes for the backend
// (rclone_backends.h), without those that match a row of refused_rclone_options(), and the few that
// rclone writes itself without describing them. The rows catch by pattern ("*_file", "*_command"),
// so an option that a later rclone adds is refused if it looks like one that reaches the worker.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "daemon/base/result.h"
#include "schemas/job.h"
#include "schemas/rclone_backends.h"

namespace dray {

// Settings that are never allowed. '*' at either end of the pattern stands for anything.
struct RefusedOption {
  std::string_view type;     // backend, "" for all
  std::string_view pattern;  // of the option's name
  std::string_view why;
  std::string_view instead;  // what to do, "" when there is nothing
  // These words as a value are harmless: what rclone itself writes ("md5sum_command = md5sum").
  std::string_view harmless;
};
std::span<const RefusedOption> refused_rclone_options();

// "it runs a program on the worker"; "" when the option may be set. `key` "type": the backend as a
// whole.
std::string why_refused(std::string_view type, std::string_view key);

// Our own settings beside rclone's; a worker takes them out before rclone sees the rest.
// The host keys of an SFTP server, as "TYPE BASE64" separated by ", ".
inline constexpr std::string_view kHostKeysSetting = "dray_host_keys";

// Would printing this setting, or finding it in a shell's history, be a leak?
bool looks_secret(std::string_view setting);

// Does it say where the remote is, so that credentials are sent there?
bool is_address_setting(std::string_view setting);

// Settings by which rclone is logged in, and which it replaces itself when it renews the login.
std::span<const std::string_view> login_settings();
// Does one of them hold something?
bool holds_login(const RemoteSettings& settings);

// A backend's name: lower-case letters, digits, '_', '-' and single spaces. Whether rclone knows it
// is found out by the worker.
Status check_remote_type(std::string_view type);

// "remote 'nas': ssh is not allowed: it runs a program on the worker". The settings hold neither
// `type` nor names of other remotes that are not ours (see refers_to in job.h). Without `backends`
// (no worker could be asked) only the refused rows count: the worker checks again.
Status check_remote_settings(std::string_view name, std::string_view type,
                             const RemoteSettings& settings,
                             const RcloneBackends* backends = nullptr);

}  // namespace dray
