// From what a person typed to the settings of a remote: key=value words, standard input, questions
// on the terminal, files that are taken over, defaults and checks of the type.
#pragma once

#include <string>
#include <vector>

#include "ops/context.h"
#include "schemas/job.h"
#include "schemas/rclone_backends.h"
#include "schemas/remote_types.h"

namespace dray::ops {

// The words of `dray remote add` and `edit` that say settings: SETTING, --stdin, --prompt,
// --secret. A secret on the command line gets a warning.
Result<RemoteSettings> entered_settings(Context& context, const Args& args);

struct Form {
  std::string type;  // rclone's backend
  RemoteSettings settings;
  std::vector<std::string> notes;  // what was done, a sentence each
  bool lacks_login = false;        // `dray remote authorize` has to follow
};

struct FormWays {
  std::string name;       // of the remote, for errors
  bool ask = false;       // what is missing, of a person
  bool obscured = false;  // passwords are entered in rclone's form
};
// invalid: something is missing or wrong, one line each.
Result<Form> fill_form(Context& context, const std::string& type, RemoteSettings entered,
                       FormWays ways);

// Values for a change: checked and turned into rclone's, without defaults.
Result<Form> fill_change(Context& context, const RemoteView& remote, RemoteSettings entered);

// What the workers' rclone says of a backend; null when nobody can be asked now. not_found: it has
// no such backend.
Result<std::unique_ptr<RcloneBackends>> ask_backend(Context& context, const std::string& type);

// The text of a file that a value names; "~/" is the home directory.
Result<std::string> read_value_file(const std::string& path);

}  // namespace dray::ops
