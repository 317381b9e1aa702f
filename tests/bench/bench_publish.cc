// Publishes progress of runs at a steady rate, as workers do. It plays the scheduler, too, so that
// the broker believes that the runs are this worker's.
//
//   bench-publish run --config FILE --rate N --runs N
//
// Prints a line when it begins, and goes on until it is killed.
#include <time.h>

#include "broker/bus.h"
#include "daemon/base/config.h"
#include "daemon/base/event_loop.h"
#include "tests/bench/measure.h"

namespace dray::bench {
namespace {

constexpr const char* kWorker = "bench-publish";

int64_t monotonic_us() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return int64_t{time.tv_sec} * 1'000'000 + time.tv_nsec / 1000;
}

class Publisher {
 public:
  explicit Publisher(const Arguments& arguments)
      : rate_(static_cast<double>(arguments.number("rate", 50))),
        runs_(arguments.number("runs", 100)),
        timer_(loop_),
        owners_timer_(loop_) {
    const IpcEndpoints ipc = ipc_endpoints(must(load_config(arguments.text("config"))));
    scheduler_ = open(Role::scheduler, "drayd", ipc.scheduler, "");
    worker_ = open(Role::worker, kWorker, ipc.worker, ipc.progress);
    worker_->on_message([](const Incoming&) {});
    scheduler_->on_message([this](const Incoming& incoming) {
      if (incoming.envelope.type() == MessageType::request)
        scheduler_->send_to(incoming.from, Response{0, "", "{}"}, incoming.envelope.id());
    });
    while (!scheduler_->link().broker_up || !worker_->link().scheduler_up)
      loop_.run_turn();
  }

  void run() {
    send_owners();
    Report().add("runs", static_cast<double>(runs_)).print();
    start_ = now();
    timer_.start_repeating(milliseconds{1}, [this] { publish_due(); });
    // The broker may have listened to the scheduler before until now.
    owners_timer_.start_repeating(milliseconds{200}, [this] { send_owners(); });
    loop_.run();
  }

 private:
  std::unique_ptr<Bus> open(Role role, std::string name, const std::string& endpoint,
                            const std::string& progress) {
    BusOptions options;
    options.role = role;
    options.name = std::move(name);
    options.version = DRAY_VERSION;
    options.epoch = epoch_;
    options.endpoint = endpoint;
    options.progress_endpoint = progress;
    auto bus = must(Bus::open(loop_, std::move(options)));
    return bus;
  }
  Token token(uint64_t i) const { return {RunId{epoch_ + i % runs_}, 1, epoch_}; }

  void send_owners() {
    Owners owners;
    owners.replace = true;
    for (uint64_t i = 0; i < runs_; ++i)
      owners.add.push_back({token(i), kWorker, "default", fmt::format("job-{}", i)});
    scheduler_->send(owners);
  }

  void publish_due() {
    for (const double due = seconds_since(start_) * rate_; static_cast<double>(sent_) < due;) {
      RunProgress progress;
      progress.token = token(sent_);
      progress.sequence = ++sent_;
      progress.worker = kWorker;
      progress.progress.phase = Phase::transferring;
      progress.progress.percent = static_cast<double>(sent_ % 1000) / 10;
      progress.progress.bytes_done = monotonic_us();
      progress.progress.bytes_total = 1'000'000'000;
      progress.progress.files_done = 5;
      progress.progress.files_total = 100;
      worker_->publish_progress(progress);
    }
  }

  EventLoop loop_;
  // Later than that of every process before, as are the runs.
  uint64_t epoch_ = static_cast<uint64_t>(monotonic_us());
  double rate_;
  uint64_t runs_;
  std::unique_ptr<Bus> scheduler_, worker_;
  Timer timer_;
  Timer owners_timer_;
  uint64_t sent_ = 0;
  Instant start_{};
};

}  // namespace
}  // namespace dray::bench

int main(int argc, char** argv) {
  dray::bench::Publisher(dray::bench::Arguments(argc, argv)).run();
}
