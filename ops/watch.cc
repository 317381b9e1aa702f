#include "ops/watch.h"

#include <algorithm>

#include "daemon/base/text.h"
#include "ops/format.h"
#include "ops/views.h"

namespace dray::ops {
namespace {

// The picture is asked for again this often even when nothing was heard: publications may be lost.
constexpr Duration kAskAgain = seconds{5};
constexpr size_t kFilesShown = 5;
constexpr std::string_view kLost =
    "connection to {} lost, waiting for it to come back (the run goes on)";

class RunWatcher {
 public:
  RunWatcher(Context& context, Backend& daemon, RunId run, const WatchOptions& options)
      : context_(context), daemon_(daemon), run_(run), options_(options), own_area_(context.out) {
    picture_.run = run;
    live_ = context.out.interactive() && !options.stream_json && !options.silent;
  }

  Result<WatchEnd> watch() {
    const Instant started = daemon_.now().mono;
    daemon_.follow_progress(run_);
    daemon_.follow_events();
    daemon_.catch_interrupt();
    DRAY_TRY(ask());
    // A held run stands still until a person decides: nobody waits for that.
    while (!is_terminal(end_.last.run.state) && end_.last.run.state != RunState::held) {
      show();
      Duration wait = kAskAgain;
      if (options_.timeout) {
        const Duration left = started + *options_.timeout - daemon_.now().mono;
        if (left <= Duration{0}) return stop(false);
        wait = std::min(wait, left);
      }
      const News news = daemon_.wait(wait);
      if (options_.on_turn) options_.on_turn();
      if (news.kind == News::Kind::interrupted) return stop(true);
      DRAY_TRY(take(news));
    }
    end_.finished = true;
    return stop(false);
  }

 private:
  Status take(const News& news) {
    switch (news.kind) {
      case News::Kind::progress:
        if (news.progress.token.run == run_) take_progress(news.progress);
        return {};
      case News::Kind::event:
        return news.event.run == run_ ? ask() : Status{};
      case News::Kind::link_lost:
        lost_ = true;
        picture_.note = fmt::format(fmt::runtime(kLost), news.text);
        return {};
      case News::Kind::nothing:
        // While the way is down, asking would only wait for the way.
        return lost_ ? Status{} : ask();
      case News::Kind::link_back:
        lost_ = false;
        return ask();
      case News::Kind::interrupted:
      case News::Kind::upload:
      case News::Kind::upload_refused:
        break;
    }
    return {};
  }

  void take_progress(const RunProgress& progress) {
    // A picture of an attempt that is over says nothing any more.
    if (progress.token.attempt < picture_.attempt) return;
    picture_.attempt = progress.token.attempt;
    picture_.progress = progress.progress;
    // What is committed is stronger than what is painted.
    if (end_.last.run.state != RunState::cancelling) picture_.state = progress.state;
    if (!progress.worker.empty()) picture_.worker = progress.worker;
    picture_.note.clear();
  }

  Status ask() {
    Result<std::string> text =
        daemon_.request("run.show", dump_json(Json{{"run", run_.value}}, -1));
    if (!text) return missed(text.error());
    DRAY_TRY_ASSIGN(end_.last, read_answer<RunShowAnswer>("run.show", *text));
    end_.last_json = std::move(*text);
    const RunView& run = end_.last.run;
    lost_ = false;
    picture_.job = run.job;
    picture_.worker = run.worker;
    picture_.state = run.state;
    picture_.note.clear();
    if (run.attempt > picture_.attempt) picture_.progress = {};
    picture_.attempt = run.attempt;
    if (run.progress && run.progress->elapsed_ms > picture_.progress.elapsed_ms)
      picture_.progress = *run.progress;
    if (run.state == RunState::queued || run.state == RunState::retry_wait) return ask_why();
    if (run.state == RunState::cancelling)
      picture_.note = fmt::format("{} asked to cancel: {}", run.cancel_by, run.cancel_reason);
    return {};
  }

  Status ask_why() {
    const Result<std::string> text =
        daemon_.request("run.why", dump_json(Json{{"run", run_.value}}, -1));
    if (!text) return missed(text.error());
    const Result<Json> why = parse_json(*text);
    if (why && why->contains("reasons") && !(*why)["reasons"].empty())
      picture_.note = reason_text((*why)["reasons"].front());
    return {};
  }

  // The first answer must come; later the way may break as often as it likes.
  Status missed(const Error& error) {
    const bool way_down = error.code == ErrorCode::unavailable || error.code == ErrorCode::timeout;
    if (!way_down || end_.last_json.empty()) return std::unexpected(error);
    lost_ = true;
    picture_.note = "no answer from the scheduler, waiting (the run goes on)";
    return {};
  }

  LiveArea& area() { return options_.area != nullptr ? *options_.area : own_area_; }

  void show() {
    if (options_.silent) return;
    if (live_) {
      const int rows = std::max(0, context_.out.height() - 6);
      area().draw(render_live(picture_, context_.out.width() - 1,
                              std::min(kFilesShown, static_cast<size_t>(rows)),
                              context_.out.colour()));
    } else if (filter_.worth_a_line(picture_)) {
      context_.out.line(options_.stream_json ? json_line() : render_line(picture_, 0, false));
    }
  }

  std::string json_line() const {
    return fmt::format(R"({{"run":{},"job":{},"state":"{}","attempt":{},"progress":{},"note":{}}})",
                       run_.value, json_quote(picture_.job), to_string(picture_.state),
                       picture_.attempt, to_json(picture_.progress), json_quote(picture_.note));
  }

  Result<WatchEnd> stop(bool interrupted) {
    end_.interrupted = interrupted;
    if (live_) area().clear();
    if (!options_.silent && options_.say_end && !options_.stream_json) say_end();
    if (options_.stream_json) {
      const Result<Json> last = parse_json(end_.last_json);
      context_.out.line(last ? dump_json(*last, -1) : end_.last_json);
    }
    return std::move(end_);
  }

  void say_end() {
    const RunView& run = end_.last.run;
    if (!end_.finished) {
      context_.out.line(fmt::format(
          "{} run {} of {} goes on. `dray watch {}` shows it, `dray cancel {}` ends it.",
          end_.interrupted ? "Detached:" : "Stopped waiting:", run_.value, clean_name(run.job),
          run_.value, run_.value));
      return;
    }
    context_.out.line(
        fmt::format("run {} of {} {}", run_.value, clean_name(run.job),
                    tinted(outcome_text(run), state_tint(run.state), context_.out.colour())));
    if (run.state == RunState::held)
      context_.out.line(fmt::format(
          "  `dray runs show {0}` tells more, `dray approve {0}` lets it go on, `dray reject {0}` "
          "gives it up",
          run_.value));
    else if (!run.hint.empty() && run.state != RunState::cancelled)
      context_.out.line("  " + clean_name(run.hint));
    if (run.state == RunState::cancelled)
      context_.out.line(
          fmt::format("  {}: {}", clean_name(run.cancel_by), clean_name(run.cancel_reason)));
    if (run.state == RunState::failed || run.state == RunState::warning)
      context_.out.line(fmt::format("  `dray logs {}` shows what rclone said", run_.value));
  }

  Context& context_;
  Backend& daemon_;
  RunId run_;
  const WatchOptions& options_;
  LiveArea own_area_;
  RunPicture picture_;
  LineFilter filter_;
  WatchEnd end_;
  bool live_ = false;
  bool lost_ = false;
};

}  // namespace

std::string reason_text(const Json& reason) {
  return reason.is_object()   ? member_text(reason, "text")
         : reason.is_string() ? reason.get<std::string>()
                              : dump_json(reason, -1);
}

Result<WatchEnd> watch_run(Context& context, Backend& daemon, RunId run,
                           const WatchOptions& options) {
  return RunWatcher(context, daemon, run, options).watch();
}

Exit exit_of(const WatchEnd& end) {
  if (!end.finished) return Exit::timed_out;
  return exit_of(end.last.run.state, end.last.run.error_class);
}

}  // namespace dray::ops
