// The writing half of a live connection: what is to go out besides the log, and bytes that the
// kernel did not take. One gather write takes everything that there is; nothing is copied.
//
// Thread: the loop's. Owner: the session.
#pragma once

#include <functional>
#include <vector>

#include "daemon/notifier/http_stream.h"
#include "daemon/notifier/live_log.h"

namespace dray::notifier {

class LiveOutput {
 public:
  static constexpr size_t kMaxPieces = 64;
  static constexpr size_t kMaxBytes = 64 << 10;

  // `again` is called when there is room after there was none. The stream outlives the output, and
  // whoever destroys it waits until busy() is false.
  LiveOutput(HttpStream& stream, std::function<void()> again)
      : stream_(stream), again_(std::move(again)) {}
  LiveOutput(const LiveOutput&) = delete;
  LiveOutput& operator=(const LiveOutput&) = delete;

  // To go out before anything of the log.
  void put(Bytes bytes) { waiting_.push_back(std::move(bytes)); }
  size_t waiting() const { return waiting_.size() - begun_; }
  bool busy() const { return busy_; }
  bool failed() const { return failed_; }
  bool idle() const { return !busy_ && waiting() == 0; }
  uint64_t bytes_written() const { return bytes_written_; }

  // Writes what waits and then `pieces`. Returns how many of them are its business from now on:
  // all, or those before the first that the kernel had no room for. Not while busy().
  size_t write(const std::vector<LiveLog::Piece>& pieces);

 private:
  size_t write_plain(const std::vector<LiveLog::Piece>& pieces);
  size_t write_tls(const std::vector<LiveLog::Piece>& pieces);
  size_t settle(size_t bytes, const std::vector<LiveLog::Piece>& pieces);
  void wait_for_room();
  void done(const boost::system::error_code& ec);

  HttpStream& stream_;
  std::function<void()> again_;
  std::vector<Bytes> waiting_;
  size_t begun_ = 0;   // of waiting_, those that are gone
  size_t offset_ = 0;  // of the first that waits, what is written
  std::string tls_;    // what is on its way through the cipher
  bool busy_ = false;
  bool failed_ = false;
  uint64_t bytes_written_ = 0;
};

}  // namespace dray::notifier
