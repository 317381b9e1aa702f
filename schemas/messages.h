// Every message there is, declared once: a struct, its type number and its fields in wire order.
// The same declaration serves encode, decode, the protocol document's tests and log lines.
//
// PROTOCOL.md says who sends what to whom and what the answers are. Numbers and field positions are
// append-only: a field is added at the end, as optional, and never removed or retyped.
#pragma once

#include "schemas/message_type.h"
#include "schemas/messages_ops.h"
#include "schemas/messages_peer.h"
#include "schemas/messages_worker.h"

namespace dray {

// Every message type once: DRAY_MESSAGES(X) calls X(Struct, enumerator).
// clang-format off
#define DRAY_MESSAGES(X) \
  X(Ping, ping) X(Pong, pong) X(Nack, nack) X(PeerUp, peer_up) X(PeerGone, peer_gone) \
  X(Owners, owners) X(SchedulerState, scheduler_state) X(Hello, hello) X(Welcome, welcome) \
  X(Goodbye, goodbye) X(Renew, renew) X(Renewed, renewed) X(Assign, assign) X(Accept, accept) \
  X(Reject, reject) X(Start, start) X(Withdraw, withdraw) X(StopAttempt, stop_attempt) \
  X(AttemptResult, result) X(ResultAck, result_ack) X(Stale, stale) \
  X(RunProgress, run_progress) X(SetBandwidth, set_bandwidth) \
  X(RemoteRefreshed, remote_refreshed) X(RemoteRefreshedAck, remote_refreshed_ack) \
  X(Request, request) X(Response, response) X(Enqueue, enqueue) X(Enqueued, enqueued) \
  X(CancelRequest, cancel_request) X(CancelReply, cancel_reply) X(Probe, probe) \
  X(ProbeResult, probe_result) X(LogRead, log_read) X(LogChunk, log_chunk) \
  X(WorkerQuery, worker_query) X(WorkerAnswer, worker_answer) X(UploadChunk, upload_chunk) \
  X(UploadState, upload_state) X(EventMessage, event)
// clang-format on

template <>
struct EnumNames<MessageType> {
  static constexpr std::string_view kWhat = "message type";
#define DRAY_ROW(Struct, name) {MessageType::name, #name},
  static constexpr EnumRow<MessageType> kRows[] = {DRAY_MESSAGES(DRAY_ROW)};
#undef DRAY_ROW
};

}  // namespace dray
