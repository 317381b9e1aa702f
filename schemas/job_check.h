// Does what an operator asks for make sense? Every refusal names the place, the problem and the
// fix: "job 'photos': options.flags[2]: '--rc' is not allowed: it opens rclone's remote control".
// All problems come in one error, joined by newlines. Pure.
//
// Not checked here: the schedule's meaning (daemon/scheduler/calendar.h compiles it), and whether
// client and remotes exist (the scheduler knows).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "daemon/base/result.h"
#include "schemas/job.h"

namespace dray {

struct JobCheckOptions {
  std::span<const std::string> further_flags = {};  // worker.allow_flags of the configuration
};

Status check_job(const JobSpec& job, const JobCheckOptions& options = {});
Status check_client(const ClientSpec& client);
// The sealed settings cannot be looked into: rclone_options.h checks them where they are in clear.
Status check_remote(const SealedRemote& remote);

// Clients, remotes, jobs, workers: a letter or digit, then letters, digits, '.', '_', '-'; at most
// limits::kMaxNameBytes. `what` is "job" or "client".
Status check_name(std::string_view what, std::string_view name);

// Any bytes that a cloud's keys may hold, but no control characters, no ".." component, at most
// limits::kMaxPathBytes. Empty is the remote's root. A leading '-' or ':' is harmless: rclone sees
// a path only behind "remote:".
Status check_path(std::string_view path);

// Is one the same place as the other, or inside it? By name: two remotes that lead to one account
// are not recognised.
bool paths_overlap(const Endpoint& a, const Endpoint& b);

// One rclone filter rule: "+ glob", "- glob" or "!".
Status check_filter(std::string_view rule);

// Why somebody cancels or pauses: text, or nothing.
Status check_reason(std::string_view reason);

}  // namespace dray
