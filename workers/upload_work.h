// What the steps of an upload share: where the file lies while it arrives and afterwards, what
// arrived, and the door through which it comes.
//
// A file arrives under a name of its own (.dray-incoming-RUN/data) and gets its real one only when
// it is complete and compared: whatever is cut off in between never looks like a file that is
// there.
#pragma once

#include <cstdint>
#include <string>

#include "schemas/job.h"
#include "schemas/messages.h"
#include "schemas/report.h"

namespace dray::worker {

// Takes chunks while the step that receives them runs.
class ChunkTaker {
 public:
  virtual ~ChunkTaker() = default;
  // The ticket was right. `id`: of the answers.
  virtual void take(UploadChunk chunk, uint64_t id) = 0;
};

struct UploadWork {
  ChunkTaker* taker = nullptr;  // none: nothing can be taken now
  bool begun = false;           // something may lie in the incoming directory
  bool stored = false;          // the file has its name
  // Of what arrived, once it is complete.
  uint64_t size = 0;
  uint32_t crc32 = 0;
  std::string sha256;  // hex, as all
  std::string sha1;
  std::string md5;
};

// Below the destination.
std::string incoming_directory(RunId run);
std::string incoming_file(RunId run);
// "current/NAME" or "NAME".
std::string stored_file(Layout layout, std::string_view name);
// Where a file of the same name goes that was there before: "versions/RUN", with the directories of
// `name`. Empty: it is replaced.
std::string replaced_directory(Layout layout, const Token& token, std::string_view name);

// Does the sender know the secret of this upload? Takes the same time whatever it is.
bool is_ticket(std::string_view ticket, std::string_view ticket_hash);

}  // namespace dray::worker
