// "job.export_key" {public_key, asked_by}: the passwords of the query's spec.job, whose box is
// spec.crypt_key, sealed again to that public key (SealedCryptKey of schemas/crypt_key.h). Whoever
// holds the private half reads them; the broker and the scheduler in between do not.
#pragma once

#include <memory>

#include "workers/queries.h"

namespace dray::worker {

std::unique_ptr<RunningQuery> query_export_key(QueryStart start);

}  // namespace dray::worker
