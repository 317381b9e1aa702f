// After a good transfer: lists what the destination holds now and keeps that beside it, so that
// this very state can be restored later. A run that changed nothing shares the manifest of the one
// before.
#pragma once

#include <memory>

#include "workers/attempt_state.h"

namespace dray::worker {

// Does the attempt write a state that is kept?
bool keeps_versions(const AttemptState& state);
// "--backup-dir" and where this attempt moves what it replaces or deletes.
std::vector<std::string> backup_flags(const AttemptState& state);

std::unique_ptr<Step> make_manifest_step(AttemptState& state);

}  // namespace dray::worker
