// What is counted of one connection: its bytes as they go over the wire, its requests, what was
// refused. The stream counts bytes, the connection the rest; the server shows it.
//
// Thread: the loop's. Shared by the connection and the server's list.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>

#include "daemon/base/time.h"

namespace dray::notifier {

struct ConnectionTally {
  uint64_t number = 0;  // in order of arrival
  std::string address;
  bool tls = false;
  std::string who;     // of the last request; "": a stranger
  std::string client;  // that they belong to
  WallTime opened_at{};
  WallTime last_read_at{};  // epoch: never
  WallTime last_write_at{};
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
  // How often the kernel took only a part of what was written, because the peer reads too slowly.
  // Without TLS only: with it one write becomes many.
  uint64_t partial_clears = 0;
  uint64_t requests = 0;
  uint64_t errors = 0;  // answers with a status from 400
  std::string last_error;

  size_t writing = 0;  // bytes that the write under way was to send; 0: not known
};

// Beast asks it before every read and write how much may pass, and tells it afterwards how much
// has: the one place where all bytes come by, with TLS or without.
class CountingPolicy {
 public:
  explicit CountingPolicy(std::shared_ptr<ConnectionTally> tally) : tally_(std::move(tally)) {}

  static constexpr size_t kAll = std::numeric_limits<size_t>::max();
  size_t available_read_bytes() const noexcept { return kAll; }
  size_t available_write_bytes() const noexcept { return kAll; }
  void transfer_read_bytes(size_t count) noexcept {
    if (count == 0) return;
    tally_->bytes_in += count;
    tally_->last_read_at = SystemClock().now().wall;
  }
  void transfer_write_bytes(size_t count) noexcept {
    const size_t wanted = std::exchange(tally_->writing, 0);
    if (wanted > count) tally_->partial_clears += 1;
    if (count == 0) return;
    tally_->bytes_out += count;
    tally_->last_write_at = SystemClock().now().wall;
  }
  void on_timer() const noexcept {}

 private:
  std::shared_ptr<ConnectionTally> tally_;
};

}  // namespace dray::notifier
