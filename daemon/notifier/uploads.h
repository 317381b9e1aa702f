// Files that are handed in over HTTP: each streams through to the worker that stores it, in as much
// memory as the worker's window, however large it is. Who sends too fast is kept waiting, who sends
// nothing is given up, and what had arrived is removed by the worker.
//
// Thread: the loop's. Owner: the service.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>

#include "broker/bus.h"
#include "daemon/notifier/exchange.h"

namespace dray::notifier {

struct Call;

// What hears the worker's answers.
class UploadListener {
 public:
  virtual ~UploadListener() = default;
  virtual void on_state(const UploadState& state) = 0;
  virtual void on_refused() = 0;
  virtual void on_link_back() = 0;
};

class Uploads {
 public:
  // Messages that bear the number of an upload.
  void on_message(const Incoming& incoming);
  void on_link_back();

  // A number for the messages of a new one; remove() when it goes.
  uint64_t add(UploadListener& listener);
  void remove(uint64_t id);
  size_t count() const { return listeners_.size(); }

 private:
  std::unordered_map<uint64_t, UploadListener*> listeners_;
};

// The handler of the route.
Task<void> serve_upload(Call& call, Exchange& exchange);

}  // namespace dray::notifier
