// The kinds of remotes that Drayage knows by itself: what has to be entered, under which name, with
// which default. Every other type that rclone has goes through rclone's own description of its
// options (rclone_backends.h). Pure; no value ever gets into an error.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"
#include "schemas/job.h"

namespace dray {

enum class FieldKind : uint8_t {
  text,
  number,   // 1 to 65535
  boolean,  // true, false
  secret,   // never shown, not read from a command line without a warning
  key,      // a private key: its text, or a file of the caller
};

struct RemoteField {
  std::string_view name;    // as it is entered
  std::string_view option;  // rclone's; "" where to_settings() knows more
  FieldKind kind = FieldKind::text;
  std::string_view help;
  bool required = false;
  // One of the fields with the same word is needed: a password or a key.
  std::string_view one_of = {};
  std::string_view allowed = {};    // words separated by spaces; "": anything
  std::string_view otherwise = {};  // default, given to rclone
  bool asked = true;                // on a terminal; others have to be named
};

struct RemoteType {
  std::string_view name;     // "ceph"
  std::string_view backend;  // rclone's: "s3"
  std::string_view title;
  std::string_view fixed;  // "provider=Ceph": options that make it this type
  std::span<const RemoteField> fields;
  std::string_view note = {};  // what else a person has to know
  bool login = false;          // logs in with a browser: `dray remote authorize`
};

std::span<const RemoteType> remote_types();
// By name; null: one of rclone's own.
const RemoteType* find_remote_type(std::string_view name);

// Values as entered, under the names of the fields or of rclone's options: checked, with defaults.
// What is no field is left as it is. invalid: "endpoint: is missing: https://..."; all problems in
// one sentence each, separated by line breaks.
Result<RemoteSettings> to_settings(const RemoteType& type, const RemoteSettings& entered);

// The fields that a person would have to be asked for, given what is there already.
std::vector<const RemoteField*> open_fields(const RemoteType& type, const RemoteSettings& entered);

// One value. invalid: not one of the allowed words, not a number ...
Status check_field(const RemoteField& field, std::string_view value);

}  // namespace dray
