// A worker that notes when each ASSIGN and each START reaches it: the real core on the real bus,
// with a shell of its own around them, because the real one shows neither moment.
//
//   bench-assign --config FILE     $DRAY_BENCH_JOURNAL: where to note
#include <fcntl.h>

#include <cstdlib>
#include <memory>

#include "broker/bus.h"
#include "daemon/base/daemon_main.h"
#include "daemon/base/fd.h"
#include "tests/bench/assign_journal.h"
#include "tests/bench/measure.h"
#include "workers/spool.h"
#include "workers/start_up.h"
#include "workers/worker_core.h"

namespace dray::bench {
namespace {

using namespace worker;

class Watcher {
 public:
  Watcher(DaemonContext& context, CoreOptions options, Bus& bus, UniqueFd journal)
      : context_(context),
        bus_(bus),
        core_(std::move(options), {}),
        timer_(context.loop),
        journal_(std::move(journal)) {
    bus_.on_link([this](const LinkState& link) { step(LinkChanged{link.scheduler_up}); });
    bus_.on_message([this](const Incoming& incoming) { receive(incoming.envelope); });
  }

 private:
  void receive(const Envelope& envelope) {
    static_cast<void>(take<Assign>(envelope) || take<Start>(envelope) ||
                      take<ResultAck>(envelope) || take<Renewed>(envelope) ||
                      take<Welcome>(envelope) || take<Withdraw>(envelope) || take<Stale>(envelope));
  }
  template <class Message>
  bool take(const Envelope& envelope) {
    if (envelope.type() != Message::kType) return false;
    const int64_t at = now().time_since_epoch().count();
    const Message message = must(envelope.decode<Message>());
    if constexpr (requires { message.spec; })
      note({message.token.run.value, at, 0});
    else if constexpr (std::is_same_v<Message, Start>)
      note({message.token.run.value, 0, at});
    step(message);
    return true;
  }
  void note(const AssignRecord& record) {
    must(write_all(journal_.get(), {reinterpret_cast<const char*>(&record), sizeof record},
                   "journal"));
  }
  void step(const Event& event) {
    std::vector<Action> actions;
    core_.step(event, context_.clock.now(), actions);
    for (const Action& action : actions)
      std::visit([this](const auto& a) { carry_out(a); }, action);
    if (const auto next = core_.next_deadline())
      timer_.start_once(*next - context_.clock.now().mono, [this] { step(Tick{}); });
  }
  template <class Message>
  void carry_out(const Send<Message>& send) {
    bus_.send(send.message);
  }
  void carry_out(const StartAttempt& start) {
    AttemptResult result;
    result.token = start.token;
    result.outcome = Outcome::succeeded;
    step(AttemptEnded{std::move(result)});
  }
  void carry_out(const SpoolResult& spool) { step(ResultSpooled{spool.result.token, true}); }
  template <class Other>
  void carry_out(const Other&) {}

  DaemonContext& context_;
  Bus& bus_;
  WorkerCore core_;
  Timer timer_;
  UniqueFd journal_;
};

Status run(DaemonContext& context) {
  const Config::Worker& config = context.config.worker;
  DRAY_TRY_ASSIGN(const uint64_t epoch, next_epoch(config.spool_dir, context.clock.now().wall));
  DRAY_TRY_ASSIGN(BusOptions options, bus_options(context.config, epoch));
  DRAY_TRY_ASSIGN(const std::unique_ptr<Bus> bus, Bus::open(context.loop, std::move(options)));
  const char* journal = std::getenv("DRAY_BENCH_JOURNAL");
  if (!journal) return fail(ErrorCode::invalid, "DRAY_BENCH_JOURNAL is not set");
  Watcher watcher(context,
                  {.name = config.name,
                   .epoch = epoch,
                   .boot_id = boot_id(),
                   .version = DRAY_VERSION,
                   .rclone_version = "none",
                   .slots = config.slots,
                   .public_key = std::string(kSealKeyBytes, 'k')},
                  *bus, UniqueFd(::open(journal, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)));
  return context.serve();
}

}  // namespace
}  // namespace dray::bench

int main(int argc, char** argv) {
  return dray::daemon_main(
      argc, argv, {"bench-assign", "A worker that notes what it is told.", dray::bench::run});
}
