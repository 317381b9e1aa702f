// The operator's side of the life-cycle benchmarks: makes jobs, keeps runs in flight and sees them
// end, through the bus, as the command line does.
//
//   bench-load jobs    --config FILE --jobs N [--root DIR]
//   bench-load life    --config FILE --jobs N --in-flight W --runs N [--progress 1]
//   bench-load enqueue --config FILE --jobs N        prints the runs' numbers
//   bench-load latency --config FILE --jobs N --rate R --runs N --journal FILE
#include <memory>
#include <unordered_map>

#include "broker/bus.h"
#include "daemon/base/config.h"
#include "daemon/base/event_loop.h"
#include "daemon/base/files.h"
#include "schemas/job_json.h"
#include "schemas/json_fields.h"
#include "tests/bench/assign_journal.h"
#include "tests/bench/measure.h"

namespace dray::bench {
namespace {

constexpr Duration kPatience = seconds{30};
constexpr size_t kJobsInFlight = 64;

Enqueue enqueue_of(std::string job) {
  Enqueue request;
  request.job = std::move(job);
  request.asked_by = "bench";
  return request;
}

class Load {
 public:
  explicit Load(const Arguments& arguments)
      : jobs_(arguments.number("jobs", 1)),
        prefix_(arguments.text("name", "bench")),
        root_(arguments.text("root")) {
    const Config config = must(load_config(arguments.text("config")));
    BusOptions options;
    options.role = Role::ops;
    options.name = "bench-load";
    options.endpoint = config.cli.broker;
    options.events_endpoint = config.cli.events;
    bus_ = must(Bus::open(loop_, std::move(options)));
    watchdog_ = std::make_unique<Timer>(loop_);
    watchdog_->start_once(kPatience, [] { give_up("drayd cannot be reached"); });
    while (!bus_->link().scheduler_up)
      loop_.run_turn();
    watchdog_->cancel();
  }

  void make_jobs() {
    for (size_t i = 0; i < std::min<size_t>(kJobsInFlight, jobs_); ++i)
      make_next_job();
    loop_.run();
  }

  // `in_flight` runs at any time until `runs` have ended.
  void life(uint64_t in_flight, uint64_t runs) {
    runs_ = runs;
    follow_events([this, in_flight] {
      start_ = now();
      while (asked_ < std::min(in_flight, runs_))
        enqueue_next();
    });
    const double wall = seconds_since(start_);
    Report report;
    report.add("rate", static_cast<double>(runs_) / wall).add("seconds", wall);
    report.percentiles("life_us", took_).print();
  }

  void enqueue_all() {
    for (uint64_t i = 0; i < jobs_; ++i)
      bus_->ask(enqueue_of(job_name(i)), kPatience, [this](Result<Enqueued> answer) {
        if (!answer) give_up(answer.error().message);
        if (answer->code != 0) give_up(answer->message);
        Report().add("run", static_cast<double>(answer->run.value)).print();
        if (++done_ == jobs_) loop_.stop();
      });
    loop_.run();
  }

  // Pays for a live view, as somebody who watches does.
  void watch_progress() {
    bus_->subscribe(std::string(kProgressTopic), [](std::string_view, const Envelope&) {});
  }

  // One run every 1/rate seconds, whether or not the one before has ended.
  void latency(uint64_t rate, uint64_t runs, const std::string& journal) {
    runs_ = runs;
    Timer pace(loop_);
    follow_events([&] {
      pace.start_repeating(Duration{seconds{1}} / static_cast<int64_t>(rate), [this] {
        if (asked_ < runs_) enqueue_next();
      });
    });
    std::vector<double> assigned, started;
    for (const AssignRecord& record : must(read_assign_journal(journal))) {
      const auto found = asked_at_.find(record.run);
      if (found == asked_at_.end()) continue;
      const int64_t asked = found->second.time_since_epoch().count();
      if (record.assigned) assigned.push_back(to_us(Duration{record.assigned - asked}));
      if (record.started) started.push_back(to_us(Duration{record.started - asked}));
    }
    if (assigned.size() < runs_) give_up("the worker received fewer runs than were asked for");
    Report()
        .percentiles("assign_us", assigned)
        .percentiles("start_us", started)
        .percentiles("ack_us", acks_)
        .print();
  }

 private:
  std::string job_name(uint64_t i) const { return fmt::format("{}-{}", prefix_, i % jobs_); }

  void make_next_job() {
    if (made_ == jobs_) return;
    JobSpec job;
    job.name = job_name(made_++);
    job.source = {"bench-files", fmt::format("{}/in/{}", root_, job.name)};
    job.destination = {"bench-files", fmt::format("{}/out/{}", root_, job.name)};
    job.overlap = OverlapPolicy::allow;
    job.max_concurrent = 64;
    job.policy.layout = Layout::mirror;  // runs side by side would mix their versions
    job.policy.guard.empty_source = false;
    job.policy.guard.max_delete_percent = 100;
    job.policy.validation.mode = ValidationMode::none;
    bus_->ask(Request{"job.put", to_json(job), "bench", ""}, kPatience,
              [this](Result<Response> answer) {
                if (!answer) give_up(answer.error().message);
                if (answer->code != 0) give_up(answer->message);
                if (++done_ == jobs_) loop_.stop();
                make_next_job();
              });
  }

  // Calls `begin` once the subscription is certain to bring whatever is committed from then on,
  // and turns the loop until all runs have ended.
  void follow_events(const std::function<void()>& begin) {
    bus_->subscribe(std::string(kEventTopic),
                    [this](std::string_view, const Envelope& envelope) { on_event(envelope); });
    bus_->ask(Request{"status", "{}", "bench", ""}, kPatience, [&](Result<Response> answer) {
      if (!answer) give_up(answer.error().message);
      begin();
    });
    watchdog_->start_repeating(kPatience, [this] {
      if (done_ == done_before_)
        give_up(fmt::format("{} of {} runs have ended, and nothing moves", done_, runs_));
      done_before_ = done_;
    });
    loop_.run();
  }

  void enqueue_next() {
    const Instant begin = now();
    bus_->ask(enqueue_of(job_name(asked_++)), kPatience, [this, begin](Result<Enqueued> answer) {
      if (!answer) give_up(answer.error().message);
      if (answer->code != 0) give_up(answer->message);
      acks_.push_back(to_us(now() - begin));
      asked_at_[answer->run.value] = begin;
      if (early_.erase(answer->run.value) > 0) finished(answer->run.value);
    });
  }

  void on_event(const Envelope& envelope) {
    const auto event = envelope.decode<EventMessage>();
    if (!event) give_up(event.error().message);
    if (last_sequence_ != 0 && event->sequence > last_sequence_ + 1)
      give_up(fmt::format("{} events were lost", event->sequence - last_sequence_ - 1));
    last_sequence_ = event->sequence;
    if (event->kind != "run.finished") return;
    // The end of a run may be told before its beginning is acknowledged: other sockets.
    if (asked_at_.contains(event->run.value))
      finished(event->run.value);
    else
      early_[event->run.value] = true;
  }

  void finished(uint64_t run) {
    took_.push_back(to_us(now() - asked_at_[run]));
    if (++done_ == runs_) return loop_.stop();
    if (start_ != Instant{} && asked_ < runs_) enqueue_next();
  }

  EventLoop loop_;
  std::unique_ptr<Bus> bus_;
  std::unique_ptr<Timer> watchdog_;
  uint64_t jobs_;
  std::string prefix_;
  std::string root_;  // of the jobs' paths
  uint64_t runs_ = 0;
  uint64_t made_ = 0;
  uint64_t asked_ = 0;
  uint64_t done_ = 0;
  uint64_t done_before_ = 0;
  uint64_t last_sequence_ = 0;
  Instant start_{};
  std::unordered_map<uint64_t, Instant> asked_at_;
  std::unordered_map<uint64_t, bool> early_;
  std::vector<double> took_, acks_;
};

}  // namespace
}  // namespace dray::bench

int main(int argc, char** argv) {
  using namespace dray::bench;
  const Arguments arguments(argc, argv);
  Load load(arguments);
  if (arguments.number("progress", 0) > 0) load.watch_progress();
  if (arguments.verb() == "jobs")
    load.make_jobs();
  else if (arguments.verb() == "enqueue")
    load.enqueue_all();
  else if (arguments.verb() == "life")
    load.life(arguments.number("in-flight", 1), arguments.number("runs", 1000));
  else
    load.latency(arguments.number("rate", 100), arguments.number("runs", 500),
                 arguments.text("journal"));
}
