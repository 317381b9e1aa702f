// What happens, in the words of the former product's WebSocket. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "schemas/answers_runs.h"
#include "schemas/messages.h"

namespace dray::notifier {

// {"type":"progress","jobId","phase","percent","etaMs"}; etaMs is null while it is not known.
std::string former_progress(const RunProgress& progress);

class FormerEvents {
 public:
  struct Told {
    std::string client;  // whose it is
    RunId run;           // 0: of several
    std::string json;
  };
  struct Stored {  // an upload has ended well: its receipts are news
    std::string client;
    RunId run;
  };

  void take(const EventView& event);

  // What is to be told of the events since the last call. Cancels that were asked for with one
  // request are one message, so it is called when what came together was taken.
  std::vector<Told> tell();
  std::vector<Stored> stored();
  // Has any run changed its state since the last call?
  bool states_changed();

 private:
  struct Cancel {
    std::string key;  // same for all of one request
    std::string client;
    std::string reason;
    std::vector<RunId> runs;
  };
  void take_cancel(const EventView& event);
  void take_end(const EventView& event);

  static constexpr size_t kMaxReasons = 1000;

  std::vector<Cancel> cancels_;
  std::vector<Told> ends_;
  std::vector<Stored> stored_;
  bool states_changed_ = false;
  std::map<RunId, std::string> reasons_;  // of cancels whose runs have not ended
};

}  // namespace dray::notifier
