// What lies on a remote, read entry by entry from the output of rclone's listing commands. Pure;
// memory is bounded by one line, however many entries there are.
//
// Paths are relative to what was listed, with '/' between names, and in rclone's own spelling: a
// line break in a name arrives as U+240A and the like, so no path holds a control character. This
// is what --files-from-raw takes back. Bytes that are no UTF-8 stay as they are.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "daemon/base/result.h"
#include "daemon/base/time.h"

namespace dray::worker {

struct RemoteEntry {
  static constexpr uint64_t kUnknownSize = UINT64_MAX;  // some documents have none before download

  std::string path;
  uint64_t size = 0;  // of a directory 0
  WallTime mtime{};   // epoch: not told
  bool is_dir = false;
  std::map<std::string, std::string> hashes = {};  // "md5" -> hex, as far as they were asked for

  friend bool operator==(const RemoteEntry&, const RemoteEntry&) = default;
};

using EntrySink = std::function<void(const RemoteEntry&)>;

// Does a part of it say ".."? What a remote lists is not to be trusted.
bool leads_out(std::string_view path);

// Can it be one line of --files-from-raw? Not when it holds a control character, which rclone's own
// spelling never does.
bool fits_path_list(std::string_view path);

// Lines as they come; the same for both formats.
class ListingParser {
 public:
  virtual ~ListingParser() = default;
  void feed(std::span<const char> bytes);
  // After the last byte. corrupt: the listing is broken, incomplete or leads out of its directory;
  // what was handed out is not all.
  Status finish();

  // Longer lines break the listing: a path of 32 KiB, written with escapes, and its hashes.
  static constexpr size_t kMaxLine = 256 << 10;

 protected:
  virtual Status line(std::string_view text) = 0;
  virtual Status end() = 0;

 private:
  void take(std::string_view text);

  std::string rest_;
  Status state_;
};

// `rclone lsjson`: an array, one object on each line. JSON cannot carry bytes that are no UTF-8:
// rclone writes U+FFFD instead. Entries with it in their path are kept from the sink and counted.
class JsonListingParser final : public ListingParser {
 public:
  explicit JsonListingParser(EntrySink sink);
  ~JsonListingParser() override;
  uint64_t doubtful() const { return doubtful_; }

 private:
  Status line(std::string_view text) override;
  Status end() override;
  Status object(std::string_view text);

  struct Json;
  EntrySink sink_;
  std::unique_ptr<Json> json_;
  uint64_t doubtful_ = 0;
  bool closed_ = false;
};

// `rclone lsf --format tsp` in UTC: whole seconds and no hashes, but every byte of a path. The sink
// gets what JsonListingParser leaves out, nothing else.
class PlainListingParser final : public ListingParser {
 public:
  explicit PlainListingParser(EntrySink sink) : sink_(std::move(sink)) {}

 private:
  Status line(std::string_view text) override;
  Status end() override { return {}; }

  EntrySink sink_;
};

}  // namespace dray::worker
