// The scheduler's database as the notifier sees it: read-only, and perhaps not there yet.
//
// Two connections: a small one on the loop's thread, for the single rows that say who asks, which
// take microseconds; and one on a thread of its own for everything that a person asked to see.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "daemon/base/result.h"
#include "daemon/notifier/blocking_thread.h"
#include "daemon/notifier/exchange.h"

namespace dray::store {
class Db;
}

namespace dray::notifier {

// Which file lies at a path.
struct FileIdentity {
  uint64_t device = 0;
  uint64_t inode = 0;
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

// Opens when it is first asked, and again after a failure or when a backup was put in its place.
// One thread.
class ReadConnection {
 public:
  explicit ReadConnection(std::string path);
  ~ReadConnection();
  ReadConnection(const ReadConnection&) = delete;
  ReadConnection& operator=(const ReadConnection&) = delete;

  // unavailable: the scheduler has not made it yet, or in another version.
  Result<store::Db*> open();
  // Another one after a backup was put in place of what was read before.
  const FileIdentity& file() const { return file_; }
  // Changes with every commit of the scheduler; 0: not open.
  uint64_t version();

 private:
  std::string path_;
  std::unique_ptr<store::Db> db_;
  FileIdentity file_;  // that is open
};

class Database {
 public:
  explicit Database(const std::string& path);

  // For single rows by their key.
  ReadConnection& at_once() { return small_; }

  // On the reading thread; `question` gets the store::Db& and returns a Result.
  template <class Question>
  auto ask(Question question) {
    return reader_.run(
        [this,
         question = std::move(question)]() mutable -> std::invoke_result_t<Question, store::Db&> {
          const Result<store::Db*> db = large_.open();
          if (!db) return std::unexpected(db.error());
          return question(**db);
        });
  }

 private:
  static constexpr size_t kMaxWaiting = 512;
  ReadConnection small_;
  ReadConnection large_;  // of the reading thread
  BlockingThread reader_{kMaxWaiting};
};

}  // namespace dray::notifier
