// The bytes of one upload between the request and the worker: what came in and is not acknowledged,
// and the sender that decides what goes next.
//
// Thread: the loop's. Lives as long as the request.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <string>

#include "broker/upload_sender.h"
#include "daemon/base/digest.h"
#include "daemon/base/event_loop.h"
#include "daemon/notifier/uploads.h"

namespace dray::notifier {

class UploadStream final : public UploadListener {
 public:
  // What is kept to be sent again; the worker's window is no larger.
  static constexpr size_t kMaxPending = 4 << 20;

  UploadStream(EventLoop& loop, Clock& clock, Bus& bus, std::shared_ptr<Uploads> uploads, RunId run,
               std::string ticket);
  ~UploadStream() override;
  UploadStream(const UploadStream&) = delete;
  UploadStream& operator=(const UploadStream&) = delete;

  void append(std::string_view bytes);
  void end();
  void abort();

  bool has_room() const { return pending_.size() < kMaxPending; }
  // The worker has it all.
  bool delivered() const { return ended_ && sender_.acknowledged() == size_ && said_end_; }
  const std::optional<Error>& failure() const { return failure_; }
  uint64_t size() const { return size_; }
  uint64_t acknowledged() const { return sender_.acknowledged(); }
  // Of everything; once.
  std::string sha256() { return digest_.finish_hex(); }

  // Until something moved, or the time is over.
  Task<void> wait(Duration at_most);

  void on_state(const UploadState& state) override;
  void on_refused() override;
  void on_link_back() override;

 private:
  void pump();
  void send(const UploadSender::Next& next);

  Clock& clock_;
  Bus& bus_;
  std::shared_ptr<Uploads> uploads_;  // shared: requests may outlive the service by a moment
  RunId run_;
  std::string ticket_;
  uint64_t id_;
  UploadSender sender_;
  Timer timer_;
  boost::asio::steady_timer moved_;
  Digest digest_{DigestKind::sha256};
  std::string pending_;  // from base_ on
  uint64_t base_ = 0;
  uint64_t size_ = 0;
  bool ended_ = false;
  bool said_end_ = false;
  std::optional<Error> failure_;
};

}  // namespace dray::notifier
