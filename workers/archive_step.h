// The steps of an archive run:
//
//   archive  lists the source (workers/remote_listing.h), then packs (archive_packer.h) what it
//            reads straight from disk (local_source.h) or through one rclone (object_server.h,
//            http_source.h) into the volumes that it uploads (archive_upload.h), and uploads the
//            manifest.
//   verify   compares what the destination holds with what was sent (archive_verify.h).
//   clean    removes what a run that did not succeed has left.
//
// Thread: that of the loop.
#pragma once

#include <memory>

#include "workers/attempt_state.h"

namespace dray::worker {

std::unique_ptr<Step> make_archive_step(AttemptState& state);
std::unique_ptr<Step> make_archive_verify_step(AttemptState& state);
std::unique_ptr<Step> make_archive_cleanup_step(AttemptState& state);

}  // namespace dray::worker
