// Sends a file while somebody watches its run: a Backend that does everything the one below it does
// and, whenever it waits, sends what the worker asks for. Memory: one chunk.
//
// Thread: that of the Backend. Owner: cmd_push.cc.
#pragma once

#include <optional>
#include <string>

#include "daemon/base/digest.h"
#include "daemon/base/fd.h"
#include "ops/backend.h"
#include "ops/upload_sender.h"

namespace dray::ops {

// A regular file, open for reading.
struct FileToSend {
  UniqueFd fd;
  std::string path;
  uint64_t size = 0;
  // not_found, denied, invalid: it is no regular file.
  static Result<FileToSend> open(const std::string& path);
};

class PushSession final : public Backend {
 public:
  PushSession(Backend& below, FileToSend file, RunId run, std::string ticket);

  // Tells the worker that nothing more will come.
  void abort();
  // Why the file could not be sent to its end; none: it could, as far as it was asked for.
  const std::optional<Error>& failure() const { return failure_; }
  // Of the whole file; empty when not all of it was read.
  std::string sha256();

  Result<std::string> request(std::string_view verb, const std::string& body) override {
    return below_.request(verb, body);
  }
  Result<Enqueued> enqueue(Enqueue question) override {
    return below_.enqueue(std::move(question));
  }
  Result<CancelReply> cancel(CancelRequest question) override {
    return below_.cancel(std::move(question));
  }
  void send_chunk(const UploadChunk& chunk, uint64_t id) override { below_.send_chunk(chunk, id); }
  void follow_progress(RunId run) override { below_.follow_progress(run); }
  void follow_events() override { below_.follow_events(); }
  void catch_interrupt() override { below_.catch_interrupt(); }
  void interrupt() override { below_.interrupt(); }
  void go_on() override { below_.go_on(); }
  News wait(Duration up_to) override;
  Now now() const override { return below_.now(); }

 private:
  bool take(const News& news);
  // Sends until the window is full; how long to wait at most.
  Duration pump();
  Status fill(UploadChunk& chunk, size_t bytes);

  Backend& below_;
  FileToSend file_;
  RunId run_;
  std::string ticket_;
  uint64_t id_;
  UploadSender sender_;
  Digest digest_{DigestKind::sha256};
  uint64_t digested_ = 0;
  std::optional<Error> failure_;
};

}  // namespace dray::ops
