// Logins that rclone renewed on a worker.
#include "daemon/base/log.h"
#include "daemon/base/quote.h"
#include "daemon/scheduler/shell.h"

namespace dray {
namespace {

// Stores the renewal when the remote is as the run was given it, or has this renewal already.
Result<RemoteRefreshedAck> compare_and_swap(store::Catalog catalog, const RemoteRefreshed& message,
                                            WallTime now) {
  RemoteRefreshedAck ack;
  ack.client = message.client;
  ack.remote = message.remote;
  DRAY_TRY_ASSIGN(std::optional<SealedRemote> remote,
                  catalog.sealed_remote(message.client, message.remote));
  if (!remote) return ack;
  ack.version = remote->version;
  if (remote->version == message.version + 1 && remote->sealed == message.sealed) {
    ack.stored = true;
  } else if (remote->version == message.version && remote->sealed_for == message.sealed_for) {
    ack.version = ++remote->version;
    remote->sealed = message.sealed;
    DRAY_TRY(catalog.put_remote(*remote, now, now));
    ack.stored = true;
  } else {
    ack.current = std::move(remote);
  }
  return ack;
}

}  // namespace

void Shell::remote_refreshed(const RemoteRefreshed& message, const scheduler::Asker& asker,
                             Now now) {
  if (!accepting()) return;  // the worker repeats it
  if (const Status opened = open_transaction(); !opened) return fail_turn(opened.error(), now);
  const Result<RemoteRefreshedAck> ack =
      compare_and_swap(store::Catalog(store_.db()), message, now.wall);
  if (!ack) return fail_turn(ack.error(), now);
  post(asker.session, asker.request_id, *ack);
  if (!ack->stored) return;
  log_info({"remote.login_renewed", {{"client", message.client}, {"remote", message.remote}}},
           "worker {} renewed the login of remote {}", asker.name, quoted(message.remote));
  // What is sent to workers from now on, and one run at a time even if nobody said so before.
  step(scheduler::AccountPut{{message.client, message.remote, 1}}, now);
}

}  // namespace dray
