// `dray watch` without a run: a line per open run.
#include <algorithm>
#include <map>

#include "ops/views.h"
#include "ops/watch.h"

namespace dray::ops {
namespace {

constexpr Duration kAskAgain = seconds{5};

class AllWatcher {
 public:
  AllWatcher(Context& context, Backend& daemon)
      : context_(context), daemon_(daemon), area_(context.out) {}

  Result<Exit> watch() {
    daemon_.follow_progress(RunId{});
    daemon_.follow_events();
    daemon_.catch_interrupt();
    DRAY_TRY(ask());
    while (true) {
      show();
      const News news = daemon_.wait(kAskAgain);
      if (news.kind == News::Kind::interrupted) break;
      if (news.kind == News::Kind::link_lost) {
        note_ = fmt::format("connection to {} lost, waiting", news.text);
      } else if (news.kind == News::Kind::progress) {
        take(news.progress);
      } else if (news.kind != News::Kind::event || news.event.kind.starts_with("run.")) {
        if (const Status status = ask(); !status) note_ = "no answer from the scheduler, waiting";
      }
    }
    area_.clear();
    return Exit::ok;
  }

 private:
  Status ask() {
    DRAY_TRY_ASSIGN(const std::string text, daemon_.request("status", "{}"));
    DRAY_TRY_ASSIGN(const StatusAnswer status, read_answer<StatusAnswer>("status", text));
    std::map<RunId, RunPicture> now;
    for (const auto* list : {&status.running, &status.queued})
      for (const RunView& run : *list)
        now[run.run] = picture_of(run);
    for (const auto& [run, picture] : pictures_)
      if (!now.contains(run)) gone(run);
    pictures_ = std::move(now);
    note_.clear();
    return {};
  }

  RunPicture picture_of(const RunView& run) {
    RunPicture picture{run.run, run.job, run.worker, run.attempt, run.state, {}, ""};
    const auto known = pictures_.find(run.run);
    if (known != pictures_.end() && known->second.attempt == run.attempt)
      picture.progress = known->second.progress;
    else if (run.progress)
      picture.progress = *run.progress;
    return picture;
  }

  void take(const RunProgress& progress) {
    const auto known = pictures_.find(progress.token.run);
    if (known == pictures_.end() || progress.token.attempt < known->second.attempt) return;
    known->second.progress = progress.progress;
    if (known->second.state != RunState::cancelling) known->second.state = progress.state;
  }

  // Says how a run ended that was shown before.
  void gone(RunId run) {
    const Result<std::string> text =
        daemon_.request("run.show", dump_json(Json{{"run", run.value}}, -1));
    if (!text) return;
    const Result<RunShowAnswer> answer = read_answer<RunShowAnswer>("run.show", *text);
    if (!answer || !is_terminal(answer->run.state)) return;
    say(context_.json ? to_json(answer->run)
                      : fmt::format("run {} of {} {}", run.value, clean_name(answer->run.job),
                                    outcome_text(answer->run)));
    filters_.erase(run);
  }

  void say(const std::string& line) {
    if (live()) {
      area_.print_above(line);
    } else {
      context_.out.line(line);
    }
  }

  bool live() const { return context_.out.interactive() && !context_.json; }

  void show() {
    if (!live()) {
      for (const auto& [run, picture] : pictures_)
        if (filters_[run].worth_a_line(picture))
          context_.out.line(context_.json ? json_line(picture) : render_line(picture, 0, false));
      return;
    }
    const int width = context_.out.width() - 1;
    const auto room = static_cast<size_t>(std::max(1, context_.out.height() - 3));
    std::string block;
    size_t shown = 0;
    for (const auto& [run, picture] : pictures_)
      if (shown++ < room) block += render_line(picture, width, context_.out.colour()) + "\n";
    if (shown > room) block += fmt::format("… and {} more\n", shown - room);
    if (pictures_.empty()) block = "Nothing runs or waits. Ctrl-C ends.\n";
    area_.draw(block + note_);
  }

  static std::string json_line(const RunPicture& picture) {
    return fmt::format(R"({{"run":{},"state":"{}","attempt":{},"progress":{}}})", picture.run.value,
                       to_string(picture.state), picture.attempt, to_json(picture.progress));
  }

  Context& context_;
  Backend& daemon_;
  LiveArea area_;
  std::map<RunId, RunPicture> pictures_;
  std::map<RunId, LineFilter> filters_;
  std::string note_;
};

}  // namespace

Result<Exit> watch_all(Context& context, Backend& daemon) {
  return AllWatcher(context, daemon).watch();
}

}  // namespace dray::ops
