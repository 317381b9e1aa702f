#include "daemon/notifier/notifications.h"

#include "daemon/base/files.h"
#include "daemon/base/log.h"
#include "daemon/notifier/notifications_impl.h"

namespace dray::notify {
namespace {

Result<SealingKeyPair> own_key(const std::string& path) {
  Result<SealingKeyPair> key = load_private_key(path);
  if (key || key.error().code != ErrorCode::not_found) return key;
  DRAY_TRY(ensure_private_dir(parent_dir(path)));
  SealingKeyPair made = generate_sealing_keypair();
  DRAY_TRY(save_private_key(path, made));
  log_info({"notify.key", {{"fingerprint", fingerprint(made.public_key)}}},
           "made the notifier's key {}; keep a copy of it", path);
  return made;
}

struct RegisterBody {
  std::string public_key;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("public_key", self.public_key);
  }
};

}  // namespace

Notifications::Notifications(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Notifications::~Notifications() = default;

Result<std::unique_ptr<Notifications>> Notifications::open(EventLoop& loop, Bus& bus,
                                                           NotificationOptions options) {
  DRAY_TRY_ASSIGN(AddressGuard guard, annotate(AddressGuard::make(options.allow_addresses),
                                               "notifier.allow_addresses"));
  DRAY_TRY_ASSIGN(SealingKeyPair key, annotate(own_key(options.key_file), "the notifier's key"));
  DRAY_TRY(ensure_private_dir(parent_dir(options.database)));
  DRAY_TRY_ASSIGN(std::unique_ptr<DeliveryStore> store, DeliveryStore::open(options.database));
  auto impl = std::make_unique<Impl>(loop, bus, std::move(options), std::move(key),
                                     std::move(store), std::move(guard));
  DRAY_TRY(impl->start());
  return std::unique_ptr<Notifications>(new Notifications(std::move(impl)));
}

void Notifications::link_changed(const LinkState& link) {
  impl_->link_changed(link);
}

void Notifications::event(const EventMessage& event) {
  if (impl_->cursor && event.sequence <= impl_->cursor->sequence) return;
  impl_->doorbell = true;
  impl_->fetch();
}

bool Notifications::message(const Incoming& incoming) {
  if (incoming.envelope.type() != MessageType::worker_query) return false;
  const Result<WorkerQuery> query = incoming.envelope.decode<WorkerQuery>();
  const uint64_t id = incoming.envelope.id();
  Bus& bus = impl_->bus;
  const auto done = [&bus, id](Result<std::string> answer) {
    WorkerAnswer message;
    if (answer) {
      message.body = std::move(*answer);
    } else {
      message.code = static_cast<uint8_t>(to_wire_code(answer.error().code));
      message.message = answer.error().message;
    }
    bus.send(message, id);
  };
  if (query)
    impl_->answer(*query, done);
  else
    done(std::unexpected(query.error()));
  return true;
}

NotificationCounters Notifications::counters() const {
  NotificationCounters counters = impl_->counted;
  counters.sequence = impl_->cursor ? impl_->cursor->sequence : 0;
  const Duration behind = impl_->clock.now().mono - impl_->caught_up_at;
  counters.behind_seconds = std::chrono::duration<double>(behind).count();
  return counters;
}

// ── Life ────────────────────────────────────────────────────────────────────────────────────────

Notifications::Impl::Impl(EventLoop& loop_in, Bus& bus_in, NotificationOptions options_in,
                          SealingKeyPair key_in, std::unique_ptr<DeliveryStore> store_in,
                          AddressGuard guard)
    : loop(loop_in),
      bus(bus_in),
      options(std::move(options_in)),
      key(std::move(key_in)),
      store(std::move(store_in)),
      ticker(loop_in),
      wake(loop_in),
      again(loop_in),
      sender(loop_in, std::move(guard),
             [this](uint64_t id, const Attempt& attempt) { ended(id, attempt); }) {}

Status Notifications::Impl::start() {
  DRAY_TRY(load_stored());
  DRAY_TRY_ASSIGN(const size_t unsure, store->resume_sending());
  if (unsure > 0)
    log_warn("notify.resumed",
             "{} messages were being sent when the notifier ended; they are sent "
             "again under the same Message-ID",
             unsure);
  caught_up_at = clock.now().mono;
  ticker.start_repeating(kTick, [this] { tick(); });
  link_changed(bus.link());
  return {};
}

Status Notifications::Impl::load_stored() {
  DRAY_TRY_ASSIGN(cursor, store->cursor());
  stored_sequence = cursor ? cursor->sequence : 0;
  DRAY_TRY_ASSIGN(std::vector<JobState> states, store->job_states());
  rules.load_states(std::move(states));
  return {};
}

void Notifications::Impl::link_changed(const LinkState& state) {
  if (state.scheduler_up == up) return;
  up = state.scheduler_up;
  ++link_number;
  // The page that was under way had moved what is remembered of jobs.
  if (busy)
    if (const Status loaded = load_stored(); !loaded)
      log_warn("notify.store", "{}", loaded.error().message);
  configured = busy = marking = false;
  if (!up) return;
  register_key();
}

void Notifications::Impl::register_key() {
  ask<JsonText>("notify.register", to_json(RegisterBody{format_sealing_key(key.public_key)}),
                [this](Result<JsonText> done) {
                  if (!done) return give_up(done.error());
                  load_config();
                });
}

void Notifications::Impl::load_config() {
  ask<NotifyConfigAnswer>("notify.config", "{}", [this](Result<NotifyConfigAnswer> config) {
    if (!config) return give_up(config.error());
    apply_config(std::move(*config));
    configured = known = true;
    doorbell = true;
    fetch();
    dispatch();
  });
}

void Notifications::Impl::apply_config(NotifyConfigAnswer config) {
  channels.clear();
  for (NotifyChannel& spec : config.channels) {
    Result<Secrets> secrets = open_secrets(key, spec);
    if (!secrets) log_warn("notify.secrets", "{}", secrets.error().message);
    const std::string name = spec.name;
    channels.emplace(name, Channel{std::move(spec), std::move(secrets)});
  }
  rules.load_rules(std::move(config.rules));
  renderer.load(config.templates);
}

void Notifications::Impl::tick() {
  if (up && !configured && !busy && !again.active()) register_key();
  doorbell = true;  // a publication may be lost
  check_overdue();
  fetch();
  make_digests();
  send_marks();
  if (const auto gone = store->forget(wall() - kKeepDeliveries, 500); !gone)
    log_warn("notify.store", "{}", gone.error().message);
  dispatch();
}

}  // namespace dray::notify
