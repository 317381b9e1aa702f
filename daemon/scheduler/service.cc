#include "daemon/scheduler/service.h"

#include <malloc.h>

#include "daemon/base/files.h"
#include "daemon/base/log.h"
#include "daemon/base/text.h"
#include "daemon/scheduler/service_impl.h"

namespace dray {
namespace {

std::string directory_of(const std::string& path) {
  return path.substr(0, std::max<size_t>(path.rfind('/'), 1));
}

verbs::Surroundings surroundings(const DaemonContext& context) {
  verbs::Surroundings around;
  around.version = DRAY_VERSION;
  around.started_at = context.clock.now().wall;
  return around;
}

}  // namespace

SchedulerService::SchedulerService(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SchedulerService::~SchedulerService() = default;

Result<std::unique_ptr<SchedulerService>> SchedulerService::open(DaemonContext& context) {
  const Config::Scheduler& config = context.config.scheduler;
  DRAY_TRY(ensure_private_dir(directory_of(config.database)));
  DRAY_TRY_ASSIGN(std::unique_ptr<Store> store,
                  Store::open({config.database, std::string("drayd ") + DRAY_VERSION},
                              context.clock.now().wall));
  auto impl = std::make_unique<Impl>(context, std::move(store), surroundings(context));
  impl->apply_config();
  DRAY_TRY(annotate(impl->shell.load(context.clock.now()), "load the database"));
  // Loading takes twice the memory of what stays.
  malloc_trim(0);
  DRAY_TRY(impl->connect());
  impl->begin();
  return std::unique_ptr<SchedulerService>(new SchedulerService(std::move(impl)));
}

void SchedulerService::stop() {
  impl_->stop();
}

void SchedulerService::reload() {
  impl_->apply_config();
}

// ── Life ────────────────────────────────────────────────────────────────────────────────────────

SchedulerService::Impl::Impl(DaemonContext& context_in, std::unique_ptr<Store> store_in,
                             verbs::Surroundings around)
    : context(context_in),
      store(std::move(store_in)),
      shell(*store, *this,
            scheduler::CoreOptions{
                .lease = context_in.config.scheduler.lease,
                .seed = static_cast<uint64_t>(to_unix_us(context_in.clock.now().wall))},
            std::move(around)),
      deadline(context_in.loop),
      maintenance(context_in.loop),
      backup_step(context_in.loop) {}

void SchedulerService::Impl::apply_config() {
  verbs::Surroundings& around = shell.surroundings();
  around.default_time_zone = context.config.scheduler.default_time_zone;
  around.further_flags = context.config.worker.allow_flags;
  around.min_free_disk = context.config.scheduler.min_free_disk;
  around.default_destination = {context.config.default_destination.remote,
                                context.config.default_destination.path};
}

Status SchedulerService::Impl::connect() {
  BusOptions options;
  options.role = Role::scheduler;
  options.name = "drayd";
  options.version = DRAY_VERSION;
  options.epoch = shell.surroundings().scheduler_epoch;
  options.endpoint = ipc_endpoints(context.config).scheduler;
  DRAY_TRY_ASSIGN(bus, Bus::open(context.loop, std::move(options)));
  bus->on_message([this](const Incoming& incoming) { receive(incoming); });
  bus->on_link([this](const LinkState& link) { link_changed(link); });
  return {};
}

void SchedulerService::Impl::begin() {
  // What loading brought (runs that were missed) is committed before anybody is told.
  finish_turn();
  maintenance.start_repeating(kMaintenanceInterval, [this] { maintain(); });
  maintain();
}

void SchedulerService::Impl::stop() {
  deadline.cancel();
  maintenance.cancel();
  backup_step.cancel();
  finish_turn();
  bus->flush();
  if (const Status status = store->checkpoint(); !status)
    log_warn("store.checkpoint", "{}", status.error().message);
  context.loop.stop();
}

void SchedulerService::Impl::finish_turn() {
  const Now now = context.clock.now();
  shell.finish_turn(now);
  deadline.start_once(shell.time_to_wait(now), [this] { deadline_passed(); });
}

void SchedulerService::Impl::end_turn_later() {
  if (turn_open) return;
  turn_open = true;
  context.loop.at_end_of_turn([this] {
    turn_open = false;
    finish_turn();
  });
}

void SchedulerService::Impl::deadline_passed() {
  const Now now = context.clock.now();
  if (shell.recover(now)) shell.handle(scheduler::Tick{}, now);
  finish_turn();
}

void SchedulerService::Impl::link_changed(const LinkState& state) {
  const Now now = context.clock.now();
  if (link_epoch != 0 && (!state.broker_up || state.broker_epoch != link_epoch)) {
    link_epoch = 0;
    log_warn("broker.lost", "the broker is away: {}", state.problem);
    shell.handle(scheduler::BrokerLost{}, now);
  }
  if (state.broker_up && link_epoch == 0) {
    link_epoch = state.broker_epoch;
    log_info("broker.up", "connected to the broker");
    shell.handle(scheduler::BrokerUp{}, now);
  }
  end_turn_later();
}

// ── Idle moments ────────────────────────────────────────────────────────────────────────────────

void SchedulerService::Impl::maintain() {
  const Now now = context.clock.now();
  check_disk(now);
  const bool idle = shell.commits() - commits_at_last_look <= kIdleCommits;
  commits_at_last_look = shell.commits();
  if (!shell.accepting() || store->in_transaction() || !idle) return finish_turn();
  delete_history(now);
  if (const Status status = store->checkpoint(); !status)
    log_warn("store.checkpoint", "{}", status.error().message);
  finish_turn();
}

void SchedulerService::Impl::check_disk(Now now) {
  const uint64_t floor = shell.surroundings().min_free_disk;
  const Result<uint64_t> free = free_bytes(directory_of(store->path()));
  if (!free) return log_warn("disk.unknown", "{}", free.error().message);
  std::optional<std::string> why;
  if (*free < floor)
    why =
        fmt::format("the disk of the database has {} left, less than scheduler.min_free_disk ({})",
                    human_bytes(*free), human_bytes(floor));
  if (why && !disk_is_low) log_warn("disk.low", "no run starts: {}", *why);
  disk_is_low = why.has_value();
  shell.set_disk_low(std::move(why), now);
}

void SchedulerService::Impl::delete_history(Now now) {
  if (now.mono < next_deletion) return;
  store::Catalog catalog(store->db());
  const auto stored = catalog.settings();
  if (!stored) return;
  const hours keep{24 * setting_number(*stored, "history_keep_days")};
  const Result<size_t> deleted = store->delete_history(now.wall - keep, kHistoryRows);
  if (!deleted) return log_warn("store.history", "{}", deleted.error().message);
  // More may be left: the next idle moment goes on.
  if (*deleted > 0) return;
  next_deletion = now.mono + hours{1};
  if (const Status status = catalog.drop_answers(now.wall - hours{24}); !status)
    log_warn("store.answers", "{}", status.error().message);
}

}  // namespace dray
