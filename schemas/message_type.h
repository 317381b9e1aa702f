// Who speaks on the bus and the number of every message. Numbers are append-only.
#pragma once

#include <cstdint>

#include "daemon/base/enum_names.h"

namespace dray {

// Who a peer is. Proven by the socket it came in on and its key, never by a field.
enum class Role : uint8_t { scheduler = 1, worker = 2, ops = 3, notifier = 4 };

template <>
struct EnumNames<Role> {
  static constexpr std::string_view kWhat = "role";
  static constexpr EnumRow<Role> kRows[] = {{Role::scheduler, "scheduler"},
                                            {Role::worker, "worker"},
                                            {Role::ops, "ops"},
                                            {Role::notifier, "notifier"}};
};

enum class MessageType : uint16_t {
  // Broker and any peer.
  ping = 1,
  pong = 2,
  nack = 3,
  // Broker and scheduler.
  peer_up = 10,
  peer_gone = 11,
  owners = 12,
  scheduler_state = 13,
  // Scheduler and worker: session.
  hello = 20,
  welcome = 21,
  goodbye = 22,
  renew = 23,
  renewed = 24,
  // Scheduler and worker: attempts.
  assign = 30,
  accept = 31,
  reject = 32,
  start = 33,
  withdraw = 34,
  stop_attempt = 35,
  result = 36,
  result_ack = 37,
  stale = 38,
  run_progress = 39,
  set_bandwidth = 40,
  remote_refreshed = 41,
  remote_refreshed_ack = 42,
  // Operators and scheduler.
  request = 50,
  response = 51,
  enqueue = 52,
  enqueued = 53,
  cancel_request = 54,
  cancel_reply = 55,
  // Scheduler and worker on behalf of an operator.
  probe = 60,
  probe_result = 61,
  log_read = 62,
  log_chunk = 63,
  worker_query = 64,
  worker_answer = 65,
  // Between a sender of a file and the worker that stores it.
  upload_chunk = 66,
  upload_state = 67,
  // Scheduler to everybody who listens.
  event = 70,
};

}  // namespace dray
