// drayd: the real core and the real store, and a shell that does what core.h asks of one. Killed
// before a commit, amid one, or between commit and sending, as the plan says.
//
// Every commit also stores its number. Which of them a database holds when it is opened again tells
// what became of one that failed, and that none is lost that succeeded.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "daemon/scheduler/core.h"
#include "daemon/scheduler/store.h"
#include "tests/simulator/bus_model.h"
#include "tests/simulator/disk.h"

namespace dray::sim {

class SchedulerNode {
 public:
  explicit SchedulerNode(World& world);
  // Makes the database with its first clients, remotes and jobs.
  void install();
  void start();
  void kill();
  bool up() const { return store_ != nullptr; }
  // Its machine lost power and comes back.
  void machine_restarts();
  void set_wall_clock(Duration jump) { clock_.wall_jump += jump; }
  // An operator changes something: a job's priority or overlap, or switches it off for good.
  void edit_job(size_t index, bool disable);
  // Somebody looks at the runs that are held and approves or rejects each.
  void decide_held();
  // People pause some run and let others go on, or let all go on.
  void pause_and_resume(bool all);
  void settings(const LiveSettings& settings);
  BusModel& bus() { return bus_; }
  bool can_edit() const { return up() && !in_turn_ && !broken_ && !host_.paused(); }
  size_t job_count() const { return jobs_.size(); }
  std::string job_name(size_t index) const { return "job" + std::to_string(index); }

 private:
  // A commit that failed, and may be there all the same.
  struct Doubtful {
    uint64_t number;
    std::vector<scheduler::Action> rows;
  };
  Now now() const;
  JobSpec draw_job(size_t index);
  StoreOptions options() const;
  bool open_store();
  void settle_doubt();
  void go_down(Duration longest);
  Duration longest_away() const;
  void load();
  void on_link(bool broker_up);
  void on_message(SessionId from, const Envelope& envelope);
  void take(scheduler::Event event);
  void keep(scheduler::Action action);
  void turn(uint64_t life);
  bool end_with_commit();
  bool commit();
  Status write(uint64_t number, const std::vector<scheduler::Action>& rows);
  bool commit_failed(uint64_t number, const Error& why, DiskFault fault);
  void believe(uint64_t number, const std::vector<scheduler::Action>& rows);
  void down_with(DiskFault fault);
  void fail_turn();
  void recover(uint64_t life);
  void handle_broken(const scheduler::Event& event);
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
  void send(const scheduler::SendBandwidth& a);
  void send(const scheduler::SendResultAck& a);
  void send(const scheduler::SendOwners& a);
  void send(const scheduler::ReplyEnqueued& a);
  void send(const scheduler::ReplyCancel& a);
  template <class T>
  void send(const T&) {}

  World& world_;
  Host& host_;
  NodeClock clock_;
  BusModel bus_;
  std::string path_;
  std::vector<JobId> jobs_;
  std::vector<JobSpec> specs_;
  std::unique_ptr<Store> store_;
  std::optional<scheduler::Core> core_;
  scheduler::CoreOptions told_;
  std::vector<scheduler::Event> inbox_;
  std::vector<scheduler::Action> rows_;       // soft ones of earlier turns first
  std::vector<scheduler::Action> messages_;   // after the commit
  bool hard_ = false;                         // rows_ has to be committed in this turn
  bool in_turn_ = false;                      // a turn is planned
  bool broken_ = false;                       // nothing can be stored
  std::vector<scheduler::SessionGone> gone_;  // meanwhile
  Instant next_recovery_{};
  std::optional<Doubtful> doubtful_;
  uint64_t last_number_ = 0;
  uint64_t last_commit_ = 0;
  std::optional<Instant> alarm_at_;
  uint64_t life_ = 0;
};

}  // namespace dray::sim
