// The passwords of an encrypted job at this end: made here when a job is made, and opened here when
// a person takes them out.
#pragma once

#include "ops/context.h"

namespace dray::ops {

// Gives the body of job.put a sealed `crypt_key` when the job is to be encrypted.
// The scheduler keeps it only if the job has none.
Status add_crypt_key(Context& context, Json& body);

// Passwords for a new job, sealed to the workers' key: the value of `crypt_key`.
Result<Json> new_crypt_key(Context& context, const std::string& job);

}  // namespace dray::ops
