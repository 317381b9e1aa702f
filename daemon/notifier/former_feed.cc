#include "daemon/notifier/former_feed.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "daemon/notifier/former_json.h"
#include "daemon/notifier/live_hub.h"
#include "daemon/store/store_receipts.h"

namespace dray::notifier {
namespace {

namespace asio = boost::asio;

LiveSubject subject_of(std::string client, RunId run) {
  return {"run.told", std::move(client), "", run};
}

// An upload has one receipt for each file that it stored.
Task<void> tell_receipts(std::shared_ptr<LiveHub> hub, Api& api, std::string client, RunId run) {
  store::ReceiptFilter filter;
  filter.client = client;
  filter.run = run;
  const auto read = [filter](store::Db& db) { return store::receipts(db, filter); };
  const auto receipts = co_await api.database.ask(read);
  if (!receipts) co_return;  // the list of receipts has them
  for (const ReceiptView& receipt : *receipts)
    hub->tell_former(subject_of(client, run), former_message(former::message_of(
                                                  "fileReceipt", former::receipt_json(receipt))));
}

Task<void> tell_status(std::shared_ptr<LiveHub> hub, Api& api, std::set<std::string> clients) {
  for (const std::string& client : clients) {
    const auto status = co_await former::status_json(api, client);
    if (!status) continue;  // the next change tries again
    const LiveMessagePtr message = former_message(former::message_of("status", *status));
    for (LiveSession* session : hub->sessions())
      if (session->form() == LiveForm::former && session->filter().who().client == client)
        session->say(message);
  }
}

}  // namespace

void FormerFeed::tell(LiveHub& hub) {
  for (FormerEvents::Told& told : events_.tell())
    hub.tell_former(subject_of(std::move(told.client), told.run),
                    former_message(std::move(told.json)));
  for (FormerEvents::Stored& stored : events_.stored())
    asio::co_spawn(
        api_.loop.context(),
        tell_receipts(hub.shared_from_this(), api_, std::move(stored.client), stored.run),
        asio::detached);
}

void FormerFeed::refresh(LiveHub& hub) {
  if (!events_.states_changed()) return;
  std::set<std::string> clients;
  for (const LiveSession* session : hub.sessions())
    if (session->form() == LiveForm::former) clients.insert(session->filter().who().client);
  if (!clients.empty()) send_status(hub.shared_from_this(), std::move(clients));
}

void FormerFeed::send_status(std::shared_ptr<LiveHub> hub, std::set<std::string> clients) {
  asio::co_spawn(api_.loop.context(), tell_status(std::move(hub), api_, std::move(clients)),
                 asio::detached);
}

}  // namespace dray::notifier
