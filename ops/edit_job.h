// The options of `dray job add` and `dray job edit`, and the fields of a job that they set. Pure.
#pragma once

#include <string>
#include <vector>

#include "ops/command.h"
#include "ops/json.h"

namespace dray::ops {

// The options; with `adding` those that a new job cannot do without are required.
std::vector<OptionSpec> job_options(bool adding);

// What the options say, in the field names of schemas/job.h: only the fields that were given.
// Without --tz the scheduler takes its own zone. invalid: names the option and the allowed form.
Result<Json> job_fields(const Args& args);

// Lines of a filter file without blank lines and comments.
std::vector<std::string> filter_lines(std::string_view text);

}  // namespace dray::ops
