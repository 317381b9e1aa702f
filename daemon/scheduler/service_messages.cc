// Messages in and out. Who may send what was checked by the broker against proven roles; it is
// checked here again, because the scheduler acts on it.
#include "daemon/base/log.h"
#include "daemon/scheduler/service_impl.h"
#include "schemas/codec.h"
#include "schemas/json_fields.h"

namespace dray {
namespace {

// ── In ──────────────────────────────────────────────────────────────────────────────────────────

struct Arrival {
  Shell& shell;
  const Incoming& incoming;
  Now now;
  scheduler::Asker asker() const {
    return {incoming.from, incoming.envelope.id(), std::string(incoming.from_name)};
  }
};

void on_message(Arrival& a, Hello message) {
  a.shell.handle(scheduler::WorkerHello{a.incoming.from, std::move(message)}, a.now);
}
void on_message(Arrival& a, Renew message) {
  a.shell.handle(scheduler::WorkerRenew{a.incoming.from, std::move(message)}, a.now);
}
void on_message(Arrival& a, Accept message) {
  a.shell.handle(scheduler::WorkerAccept{a.incoming.from, message.token, message.offer}, a.now);
}
void on_message(Arrival& a, Reject message) {
  a.shell.handle(scheduler::WorkerReject{a.incoming.from, message.token, std::move(message.why)},
                 a.now);
}
void on_message(Arrival& a, AttemptResult message) {
  a.shell.handle(scheduler::WorkerResult{a.incoming.from, std::move(message)}, a.now);
}
void on_message(Arrival& a, RemoteRefreshed message) {
  a.shell.remote_refreshed(message, a.asker(), a.now);
}
void on_message(Arrival& a, Request message) {
  a.shell.request(message, a.asker(), a.incoming.from_role, a.now);
}
void on_message(Arrival& a, Enqueue message) {
  a.shell.enqueue(message, a.asker(), a.now);
}
void on_message(Arrival& a, CancelRequest message) {
  a.shell.cancel(message, a.asker(), a.now);
}

template <class Message>
Status decode_and_handle(Arrival& arrival) {
  DRAY_TRY_ASSIGN(Message message, arrival.incoming.envelope.decode<Message>());
  on_message(arrival, std::move(message));
  return {};
}

enum class From : uint8_t { worker, asker };
struct MessageRow {
  MessageType type;
  From from;
  Status (*handle)(Arrival&);
};
constexpr MessageRow kMessages[] = {
    {MessageType::hello, From::worker, &decode_and_handle<Hello>},
    {MessageType::renew, From::worker, &decode_and_handle<Renew>},
    {MessageType::accept, From::worker, &decode_and_handle<Accept>},
    {MessageType::reject, From::worker, &decode_and_handle<Reject>},
    {MessageType::result, From::worker, &decode_and_handle<AttemptResult>},
    {MessageType::remote_refreshed, From::worker, &decode_and_handle<RemoteRefreshed>},
    {MessageType::request, From::asker, &decode_and_handle<Request>},
    {MessageType::enqueue, From::asker, &decode_and_handle<Enqueue>},
    {MessageType::cancel_request, From::asker, &decode_and_handle<CancelRequest>},
};

bool fits(From from, Role role) {
  return from == From::worker ? role == Role::worker : role == Role::ops || role == Role::notifier;
}

Status handle(Arrival& arrival) {
  const MessageType type = arrival.incoming.envelope.type();
  for (const MessageRow& row : kMessages) {
    if (row.type != type) continue;
    if (fits(row.from, arrival.incoming.from_role)) return row.handle(arrival);
    return fail(ErrorCode::denied, "a {} may not send {}", to_string(arrival.incoming.from_role),
                to_string(type));
  }
  return fail(ErrorCode::invalid, "the scheduler does not take messages of type {}",
              static_cast<int>(type));
}

template <class Answer>
Response to_response(const Answer& answer) {
  return Response{0, "", to_json(answer)};
}
Response to_response(const LogChunk& chunk) {
  if (chunk.code != 0) return Response{chunk.code, chunk.message, ""};
  return Response{0, "", to_json(chunk)};
}
Response to_response(const WorkerAnswer& answer) {
  return Response{answer.code, answer.message, answer.body};
}

}  // namespace

void SchedulerService::Impl::receive(const Incoming& incoming) {
  end_turn_later();
  if (!incoming.from) return receive_from_broker(incoming);
  // The answer to a message of ours; who sent it repeats itself where it matters.
  if (incoming.envelope.type() == MessageType::nack) return;
  Arrival arrival{shell, incoming, context.clock.now()};
  const Status status = handle(arrival);
  if (status) return;
  log_warn({"message.refused", {{"peer", incoming.from_name}}}, "refused a message of {}: {}",
           incoming.from_name, status.error().message);
  bus->send_to(
      incoming.from,
      Nack{static_cast<uint8_t>(to_wire_code(status.error().code)), status.error().message},
      incoming.envelope.id());
}

void SchedulerService::Impl::receive_from_broker(const Incoming& incoming) {
  if (incoming.envelope.type() != MessageType::peer_gone) return;
  const Result<PeerGone> gone = incoming.envelope.decode<PeerGone>();
  if (!gone) return log_warn("message.refused", "from the broker: {}", gone.error().message);
  shell.handle(scheduler::SessionGone{gone->session}, context.clock.now());
}

// ── Out ─────────────────────────────────────────────────────────────────────────────────────────

void SchedulerService::Impl::send(SessionId to, uint64_t id, const OutMessage& message) {
  if (!bus) return;  // before the first connection nobody listens
  std::visit([&](const auto& one) { bus->send_to(to, one, id); }, message);
}

// Otherwise the bus waits for the end of the next turn of the loop.
void SchedulerService::Impl::flush() {
  if (bus) bus->flush();
}

void SchedulerService::Impl::answer(const scheduler::Asker& asker, Response response) {
  bus->send_to(asker.session, response, asker.request_id);
}

void SchedulerService::Impl::relay(const scheduler::Asker& asker, verbs::Relay relay) {
  const auto pass_on = [this, asker](auto result) {
    answer(asker, result ? to_response(*result)
                         : verbs::refusal(annotate(result.error(), "ask the worker")));
  };
  std::visit(
      [&](const auto& question) { bus->ask_peer(relay.worker, question, kRelayTimeout, pass_on); },
      relay.question);
}

// ── Backup ──────────────────────────────────────────────────────────────────────────────────────

void SchedulerService::Impl::backup(const scheduler::Asker& asker, const std::string& path) {
  if (const Status started = store->start_backup(path); !started)
    return answer(asker, verbs::refusal(started.error()));
  backup_asker = asker;
  backup_step.start_once(Duration::zero(), [this] { step_backup(); });
}

void SchedulerService::Impl::step_backup() {
  const Result<std::optional<uint64_t>> bytes = store->step_backup();
  if (!bytes) return answer(backup_asker, verbs::refusal(bytes.error()));
  if (!*bytes) return backup_step.start_once(Duration::zero(), [this] { step_backup(); });
  log_info("store.backup", "a backup of the database is written");
  answer(backup_asker, to_response(BackupAnswer{**bytes}));
}

}  // namespace dray
