// Takes jobs in: those that are to be encrypted get their passwords here, sealed for the workers.
#pragma once

#include "daemon/base/seal.h"
#include "daemon/notifier/call.h"
#include "schemas/answers.h"

namespace dray::notifier {

// What is sealed for the workers is sealed to this. unavailable: no worker has told its key yet.
Task<Result<SealingKey>> workers_key(Call& call);

// The handler of rows with the verb job.put.
Task<HttpReply> put_job(Call& call);

// Passwords for a job that is to be made, as the value of `crypt_key`.
Task<Result<std::string>> new_crypt_key(Call& call, std::string job);

}  // namespace dray::notifier
