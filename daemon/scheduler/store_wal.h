// The write-ahead log of the store's connection: how long it is, when it moves into the database,
// and that its file is there before it is needed.
//
// A commit that makes the file longer pays for more than its data: the file system writes the new
// size and the blocks it gave away as well, each before the next (on ext4 three writes and a flush
// instead of one and a flush). So the file is made once, full of zeros, and is overwritten from
// then on: no checkpoint cuts it. SQLite takes zeros behind its frames for what they are, an end.
#pragma once

#include <sqlite3.h>

#include "daemon/base/result.h"
#include "daemon/store/store_db.h"

namespace dray::store {

class WriteAheadLog {
 public:
  // Moves the log into the database after the commit that brings it to `checkpoint_pages`. One per
  // connection, which must outlive it and be in WAL mode.
  WriteAheadLog(Db& db, int checkpoint_pages);
  ~WriteAheadLog();
  WriteAheadLog(const WriteAheadLog&) = delete;
  WriteAheadLog& operator=(const WriteAheadLog&) = delete;

  // Makes the file long enough for `pages`, unless it is already. After the first read.
  Status reserve(int pages);
  // That are not yet in the database, as far as the last commit told.
  int pages() const { return pages_; }
  // Moves what no reader still needs into the database.
  Status checkpoint();

 private:
  static int committed(void* self, sqlite3* db, const char* schema, int pages);

  Db& db_;
  int checkpoint_pages_;
  int pages_ = 0;
};

}  // namespace dray::store
