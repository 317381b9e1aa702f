// Clients, remotes and jobs as JSON, in the field names of job.h. Strict: an unknown key, a wrong
// type or a wrong name of an enumerator is refused with its path and what is allowed. What the
// values mean together is checked by job_check.h. Pure.
//
//   {"name": "photos", "source": "gdrive:Photos", "destination": "s3:backup/photos",
//    "schedule": {"kind": "weekly", "at": "02:30", "weekdays": "mon,thu", "time_zone":
//    "Europe/Oslo"}}
#pragma once

#include <string>
#include <string_view>

#include "daemon/base/result.h"
#include "schemas/job.h"
#include "schemas/json_fields.h"

namespace dray {

// "remote:path"; the remote ends at the first colon. invalid: there is none, or it is empty.
Result<Endpoint> parse_endpoint(std::string_view text);
std::string endpoint_text(const Endpoint& endpoint);

// Complete: what is not given has its default. Errors begin with `what`, "job 'photos': ...".
Result<JobSpec> job_from_json(const JsonValue& value);
Result<ClientSpec> client_from_json(const JsonValue& value);
// `version` and `client` may be left out.
// `login`: what remote.put says beside the fields (see verbs.h).
Result<SealedRemote> remote_from_json(const JsonValue& value, std::string* login = nullptr);

// JobPolicy as it is stored and sent: one JSON object, or nothing at all where every field has its
// default, which is the case of most jobs.
std::string job_policy_text(const JobPolicy& policy);
// corrupt: the text is none of ours.
Result<JobPolicy> job_policy_from(std::string_view text);

// `base` with the fields that `value` names (JsonReadOptions::patch).
Result<JobSpec> patch_job(const JobSpec& base, const JsonValue& value);
Result<ClientSpec> patch_client(const ClientSpec& base, const JsonValue& value);

}  // namespace dray
