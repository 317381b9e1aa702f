// The worker's shell: carries messages between bus and core, results to disk, attempts to the
// executor. No decision is made here.
//
// Thread: that of the loop. Results of one loop turn are spooled together at its end and sent
// afterwards.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/bus.h"
#include "daemon/base/event_loop.h"
#include "daemon/base/time.h"
#include "workers/executor.h"
#include "workers/login_keeper.h"
#include "workers/queries.h"
#include "workers/spool.h"
#include "workers/worker_core.h"

namespace dray::worker {

class WorkerService {
 public:
  // All outlive the service. `on_exit` is called once, when the core has nothing left to do; a
  // text says why the scheduler does not want this worker, and is empty after drain().
  WorkerService(EventLoop& loop, const Clock& clock, Bus& bus, Executor& executor,
                ResultSpool& spool, CoreOptions options, std::vector<AttemptResult> spooled,
                std::function<void(const std::string& why)> on_exit);
  ~WorkerService();

  // Who answers WORKER_QUERY; outlives the service. Without one they are refused.
  void answer_queries(QueryBoard& board) { queries_ = &board; }

  // Whose renewed logins go to the scheduler; outlives the service.
  void keep_logins(LoginKeeper& logins);

  // Takes no more attempts, ends the running ones when `patience` is over, then exits.
  void drain(Duration patience);

 private:
  void on_message(const Incoming& incoming);
  template <class Message>
  void take(const Incoming& incoming);
  void probe(const Incoming& incoming);
  void log_read(const Incoming& incoming);
  void query(const Incoming& incoming);
  void login_stored(const Incoming& incoming);
  void upload_chunk(const Incoming& incoming);
  void step(const Event& event);
  void end_turn_later();
  void end_turn();
  void spool_results();
  void arm_timer();

  void carry_out(Send<Hello>& action);
  void carry_out(Send<Renew>& action);
  void carry_out(Send<Accept>& action);
  void carry_out(Send<Reject>& action);
  void carry_out(Send<AttemptResult>& action);
  void carry_out(StartAttempt& action);
  void carry_out(ExtendLease& action);
  void carry_out(EndAttempt& action);
  void carry_out(ApplyBandwidth& action);
  void carry_out(SpoolResult& action);
  void carry_out(UnspoolResult& action);
  void carry_out(Exit& action);

  EventLoop& loop_;
  const Clock& clock_;
  Bus& bus_;
  Executor& executor_;
  ResultSpool& spool_;
  QueryBoard* queries_ = nullptr;
  LoginKeeper* logins_ = nullptr;
  WorkerCore core_;
  std::function<void(const std::string&)> on_exit_;
  LinkState link_;
  Timer timer_;
  std::optional<Instant> timer_at_;
  std::vector<AttemptResult> to_spool_;
  bool spool_failing_ = false;  // said so in the log
  bool turn_end_pending_ = false;
  uint64_t progress_sequence_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace dray::worker
