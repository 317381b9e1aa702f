// A worker: the real core; disk, guards and rclone are modelled. Kills take its transfers with it,
// a freeze does not; a guard ends a transfer when its lease is over, whatever the worker does.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/simulator/bus_model.h"
#include "workers/worker_core.h"

namespace dray::sim {

class WorkerNode {
 public:
  WorkerNode(World& world, std::string name, Host& host);
  void start();
  // `reboot`: with its machine, so that nothing of it is left but its disk.
  void kill(bool reboot = false);
  void freeze(Duration length);
  void thaw();
  // The machine is paused until then: its processes neither run nor end.
  void pause();
  // Right afterwards, before anything else happens there.
  void resume();
  bool up() const { return core_ != nullptr; }
  BusModel& bus() { return bus_; }
  Host& host() { return host_; }

 private:
  struct Process {
    Instant kill_at{};  // by this machine's boot clock
    bool stopping = false;
    bool reported = false;
    uint64_t number = 0;
    uint64_t life = 0;  // of the worker that started it
    uint64_t limit = 0;    // the last one asked for
    bool calling = false;  // it is being told
  };
  Now now() const;
  void on_message(const Envelope& envelope);
  void step(worker::Event event);
  void call_control(const Token& token, uint64_t number);
  void arm();

  template <class Message>
  void act(const worker::Send<Message>& a);
  void act(const worker::StartAttempt& a);
  void act(const worker::ExtendLease& a);
  void act(const worker::EndAttempt& a);
  void act(const worker::SpoolResult& a);
  void act(const worker::UnspoolResult& a);
  void act(const worker::ApplyBandwidth& a);
  void act(const worker::Exit& a);

  void spawn(const Token& token, Instant kill_at, uint64_t bandwidth);
  void guard(const Token& token, uint64_t number);
  void end_process(const Token& token, uint64_t number, AttemptResult result);
  void sweep();
  AttemptResult drawn_result(const Token& token);
  AttemptResult interrupted(const Token& token, Outcome outcome);

  World& world_;
  std::string name_;
  Host& host_;
  NodeClock clock_;
  BusModel bus_;
  std::unique_ptr<worker::WorkerCore> core_;
  uint64_t epoch_ = 0;  // on disk
  uint64_t boots_ = 0;
  Instant paused_at_{};
  std::map<Token, AttemptResult> spool_;  // on disk
  std::map<Token, Process> processes_;
  std::set<Token> believed_spooled_;
  std::vector<worker::Event> waiting_;  // happened while frozen
  bool frozen_ = false;
  uint64_t life_ = 0;
  uint64_t last_process_ = 0;
  std::optional<Instant> alarm_at_;
};

}  // namespace dray::sim
