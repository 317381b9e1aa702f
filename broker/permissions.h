// Who may send what to whom: the one table. Pure.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "schemas/messages.h"

namespace dray {

class RoleSet {
 public:
  constexpr RoleSet(std::initializer_list<Role> roles) {
    for (const Role role : roles)
      bits_ |= bit(role);
  }
  constexpr bool has(Role role) const { return (bits_ & bit(role)) != 0; }

 private:
  static constexpr uint32_t bit(Role role) { return 1u << static_cast<uint8_t>(role); }
  uint32_t bits_ = 0;
};

struct Permission {
  MessageType type;
  RoleSet to_broker;       // the broker itself acts on it
  RoleSet to_scheduler;    // forwarded, stamped with its sender
  RoleSet from_scheduler;  // forwarded to one session of such a role
  // Forwarded between the sender of a file and the worker that owns the attempt.
  RoleSet uploading = RoleSet{};
};

// A type that is missing here, or a role that is missing in its row, is refused.
inline constexpr RoleSet kAllRoles{Role::scheduler, Role::worker, Role::ops, Role::notifier};
inline constexpr RoleSet kPeers{Role::worker, Role::ops, Role::notifier};
inline constexpr RoleSet kAskers{Role::ops, Role::notifier};
inline constexpr RoleSet kWorkers{Role::worker};
inline constexpr RoleSet kScheduler{Role::scheduler};
inline constexpr RoleSet kNobody{};

inline constexpr Permission kPermissions[] = {
    {MessageType::ping, kAllRoles, kNobody, kNobody},
    {MessageType::pong, kNobody, kNobody, kNobody},  // only the broker says it
    {MessageType::nack, kNobody, kWorkers, kPeers},
    {MessageType::peer_up, kNobody, kNobody, kNobody},    // only the broker says it
    {MessageType::peer_gone, kNobody, kNobody, kNobody},  // only the broker says it
    {MessageType::owners, kScheduler, kNobody, kNobody},
    {MessageType::scheduler_state, kNobody, kNobody, kNobody},  // only the broker says it
    {MessageType::hello, kNobody, kWorkers, kNobody},
    {MessageType::welcome, kNobody, kNobody, kWorkers},
    {MessageType::goodbye, kNobody, kNobody, kWorkers},
    {MessageType::renew, kNobody, kWorkers, kNobody},
    {MessageType::renewed, kNobody, kNobody, kWorkers},
    {MessageType::assign, kNobody, kNobody, kWorkers},
    {MessageType::accept, kNobody, kWorkers, kNobody},
    {MessageType::reject, kNobody, kWorkers, kNobody},
    {MessageType::start, kNobody, kNobody, kWorkers},
    {MessageType::withdraw, kNobody, kNobody, kWorkers},
    {MessageType::stop_attempt, kNobody, kNobody, kWorkers},
    {MessageType::result, kNobody, kWorkers, kNobody},
    {MessageType::result_ack, kNobody, kNobody, kWorkers},
    {MessageType::stale, kNobody, kNobody, kWorkers},
    {MessageType::run_progress, kNobody, kNobody, kNobody},  // only on the progress sockets
    {MessageType::request, kNobody, kAskers, kNobody},
    {MessageType::response, kNobody, kNobody, kAskers},
    {MessageType::enqueue, kNobody, kAskers, kNobody},
    {MessageType::enqueued, kNobody, kNobody, kAskers},
    {MessageType::cancel_request, kNobody, kAskers, kNobody},
    {MessageType::cancel_reply, kNobody, kNobody, kAskers},
    {MessageType::probe, kNobody, kNobody, kWorkers},
    {MessageType::probe_result, kNobody, kWorkers, kNobody},
    {MessageType::log_read, kNobody, kNobody, kWorkers},
    {MessageType::log_chunk, kNobody, kWorkers, kNobody},
    {MessageType::worker_query, kNobody, kNobody, kWorkers},
    {MessageType::worker_answer, kNobody, kWorkers, kNobody},
    {MessageType::set_bandwidth, kNobody, kNobody, kWorkers},
    {MessageType::upload_chunk, kNobody, kNobody, kNobody, kAskers},
    {MessageType::upload_state, kNobody, kNobody, kNobody, kWorkers},
    {MessageType::remote_refreshed, kNobody, kWorkers, kNobody},
    {MessageType::remote_refreshed_ack, kNobody, kNobody, kWorkers},
    {MessageType::event, kScheduler, kNobody, kNobody},
};

constexpr const Permission* find_permission(MessageType type) {
  for (const Permission& row : kPermissions)
    if (row.type == type) return &row;
  return nullptr;
}

}  // namespace dray
