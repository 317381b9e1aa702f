// The inside of the scheduler's service; for service*.cc alone.
#pragma once

#include "daemon/base/event_loop.h"
#include "daemon/scheduler/service.h"
#include "daemon/scheduler/settings.h"
#include "daemon/scheduler/shell.h"

namespace dray {

struct SchedulerService::Impl final : Outbox {
  static constexpr Duration kMaintenanceInterval = seconds{5};
  static constexpr Duration kRelayTimeout = seconds{90};  // above a worker's own limits
  // Fewer commits than this between two looks leave room for other work: the progress of running
  // transfers alone is one per second.
  static constexpr uint64_t kIdleCommits = 10;
  static constexpr size_t kHistoryRows = 2000;  // per idle moment: some 20 ms

  Impl(DaemonContext& context_in, std::unique_ptr<Store> store_in, verbs::Surroundings around);

  // ── service.cc ──
  void apply_config();
  Status connect();
  void begin();
  void stop();
  void finish_turn();
  // Once per loop turn, after all its messages.
  void end_turn_later();
  void deadline_passed();
  void link_changed(const LinkState& state);
  void maintain();
  void check_disk(Now now);
  void delete_history(Now now);

  // ── service_messages.cc ──
  void receive(const Incoming& incoming);
  void receive_from_broker(const Incoming& incoming);
  void send(SessionId to, uint64_t id, const OutMessage& message) override;
  void flush() override;
  void relay(const scheduler::Asker& asker, verbs::Relay relay) override;
  void backup(const scheduler::Asker& asker, const std::string& path) override;
  void step_backup();
  void answer(const scheduler::Asker& asker, Response response);

  DaemonContext& context;
  std::unique_ptr<Store> store;
  Shell shell;
  std::unique_ptr<Bus> bus;
  Timer deadline;
  Timer maintenance;
  Timer backup_step;
  uint64_t link_epoch = 0;  // of the broker that we are connected to; 0: none
  uint64_t commits_at_last_look = 0;
  bool turn_open = false;
  bool disk_is_low = false;
  Instant next_deletion{};
  scheduler::Asker backup_asker;
};

}  // namespace dray
