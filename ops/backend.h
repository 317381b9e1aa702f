// What the commands speak to: the scheduler behind the broker. An interface, so that commands are
// tested against a scripted one; bus_backend.h is the real one.
//
// Thread: all calls from one. request(), enqueue(), cancel() and wait() block.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "daemon/base/result.h"
#include "daemon/base/time.h"
#include "schemas/messages.h"

namespace dray::ops {

// Something that wait() woke up for.
struct News {
  enum class Kind {
    nothing,         // the time is over
    progress,        // `progress`: a picture of a followed run
    event,           // `event`: a committed fact
    link_lost,       // the broker or the scheduler went away; `text` says which
    link_back,       // both are there again: ask for what was missed
    interrupted,     // Ctrl-C
    upload,          // `upload`: what a worker says of the file that we send
    upload_refused,  // a chunk did not reach one; `text` says why
  };
  Kind kind = Kind::nothing;
  RunProgress progress;
  EventMessage event;
  std::string text;
  UploadState upload = {};
};

class Backend {
 public:
  virtual ~Backend() = default;

  // One verb of schemas/verbs.h: JSON in, JSON out. The error is the scheduler's own, or
  // unavailable with a sentence about what cannot be reached and how to start it. A change is
  // repeated with the same idempotency key when the connection breaks before its answer.
  virtual Result<std::string> request(std::string_view verb, const std::string& body) = 0;
  // An answer with a code comes back as it is; only a failure to ask is an error.
  virtual Result<Enqueued> enqueue(Enqueue question) = 0;
  virtual Result<CancelReply> cancel(CancelRequest question) = 0;

  // Sends a part of a file; answers come as News. `id` is the same for all parts of one file.
  virtual void send_chunk(const UploadChunk& chunk, uint64_t id) = 0;

  // From now on wait() reports the pictures of that run (0: of all runs), or events.
  virtual void follow_progress(RunId run) = 0;
  virtual void follow_events() = 0;
  // From now on Ctrl-C is News instead of the end of the program.
  virtual void catch_interrupt() = 0;
  // As if Ctrl-C had been pressed: wait() reports it, questions that wait for an answer give up.
  virtual void interrupt() = 0;
  // After an interrupt: questions get answers again, for what has to be said before the end.
  virtual void go_on() = 0;
  // The next piece of news, oldest first, or `nothing` after `up_to`.
  virtual News wait(Duration up_to) = 0;

  virtual Now now() const = 0;
};

}  // namespace dray::ops
