// drayd: the real core and the real store, and a shell that does what core.h asks of one. Killed
// before a commit or between commit and sending, as the plan says.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "daemon/scheduler/core.h"
#include "daemon/scheduler/store.h"
#include "tests/simulator/bus_model.h"

namespace dray::sim {

class SchedulerNode {
 public:
  explicit SchedulerNode(World& world);
  // Makes the database with its first clients, remotes and jobs.
  void install();
  void start();
  void kill();
  bool up() const { return store_ != nullptr; }
  // The disk is full until then: no commit succeeds.
  void fill_disk(Instant until) { disk_full_until_ = until; }
  void set_wall_clock(Duration jump) { clock_.wall_jump += jump; }
  // An operator changes something: a job's priority or overlap, or switches it off for good.
  void edit_job(size_t index, bool disable);
  void settings(const LiveSettings& settings);
  BusModel& bus() { return bus_; }
  bool can_edit() const { return up() && !in_turn_; }
  size_t job_count() const { return jobs_.size(); }
  std::string job_name(size_t index) const { return "job" + std::to_string(index); }

 private:
  Now now() const;
  JobSpec draw_job(size_t index);
  void load();
  void on_link(bool broker_up);
  void on_message(SessionId from, const Envelope& envelope);
  template <class T>
  void take(T event);
  void keep(scheduler::Action action);
  void turn(uint64_t life);
  bool end_with_commit(uint64_t life);
  bool commit();
  void arm();

  void send_all();
  void send(const scheduler::SendAssign& a);
  void send(const scheduler::SendStale& a);
  void send(const scheduler::SendWelcome& a);
  void send(const scheduler::SendGoodbye& a);
  void send(const scheduler::SendRenewed& a);
  void send(const scheduler::SendStart& a);
  void send(const scheduler::SendWithdraw& a);
  void send(const scheduler::SendStop& a);
  void send(const scheduler::SendResultAck& a);
  void send(const scheduler::SendOwners& a);
  void send(const scheduler::ReplyEnqueued& a);
  void send(const scheduler::ReplyCancel& a);
  template <class T>
  void send(const T&) {}

  World& world_;
  NodeClock clock_;
  BusModel bus_;
  std::string path_;
  std::vector<JobId> jobs_;
  std::vector<JobSpec> specs_;
  std::unique_ptr<Store> store_;
  std::optional<scheduler::Core> core_;
  scheduler::CoreOptions told_;
  std::vector<scheduler::Event> inbox_;
  std::vector<scheduler::Action> rows_;      // soft ones of earlier turns first
  std::vector<scheduler::Action> messages_;  // after the commit
  bool hard_ = false;                        // rows_ has to be committed in this turn
  bool in_turn_ = false;                     // a turn is planned
  Instant disk_full_until_{};
  std::optional<Instant> alarm_at_;
  uint64_t life_ = 0;
};

}  // namespace dray::sim
