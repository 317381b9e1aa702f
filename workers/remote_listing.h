// Lists what lies below a place on a remote, as part of an attempt: for manifests, guards,
// restores, archives. Entries are handed out while rclone lists, so memory does not grow with their
// number.
//
// Thread: that of the loop. Owner: a step.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "workers/attempt_state.h"
#include "workers/listing_parser.h"

namespace dray::worker {

struct ListingWanted {
  std::string label;   // shows in process lists behind the run: "manifest"
  std::string remote;  // "dst:backup/current", as minted; below_place() makes such
  bool directories = false;
  bool mtimes = true;          // S3 and Swift ask for each object by itself, unless server_mtimes
  bool server_mtimes = false;  // there, when the object was stored: costs nothing
  std::string hash_type;       // "md5"; empty: none. SFTP asks for each file by itself
  std::vector<std::string> flags;  // further ones, ours: filter_flags(), "--max-depth=1"
};

struct ListingEnd {
  StepEnd step;         // good: everything was handed out
  bool absent = false;  // there is no such directory; counts as good and as empty
  uint64_t files = 0;
  uint64_t directories = 0;
  uint64_t bytes = 0;  // of the files whose size is known
};

class RemoteListing {
 public:
  // `state` outlives this. `sink` is called for every entry, in no order that callers may rely on
  // (rclone lists directories at the same time). `done` is called once, from the loop or within
  // begin() or stop(), and must not destroy this.
  RemoteListing(AttemptState& state, ListingWanted wanted, EntrySink sink,
                std::function<void(ListingEnd)> done);
  ~RemoteListing();  // kills what still runs
  RemoteListing(const RemoteListing&) = delete;
  RemoteListing& operator=(const RemoteListing&) = delete;

  void begin();
  void extend(Instant kill_at);
  void stop(StopReason reason);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// "dst:a" + "b" -> "dst:a/b", "dst:" + "b" -> "dst:b". `below` never begins with '/'.
std::string below_place(std::string_view place, std::string_view below);

// The job's filter rules as arguments, written to the attempt's directory at the first call; empty
// when there are none.
Result<std::vector<std::string>> filter_flags(AttemptState& state);

}  // namespace dray::worker
