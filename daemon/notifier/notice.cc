#include "daemon/notifier/notice.h"

#include <algorithm>

#include "daemon/base/text.h"
#include "schemas/report.h"

namespace dray::notify {
namespace {

constexpr size_t kMaxPaths = 20;
constexpr size_t kMaxPathBytes = 300;
constexpr size_t kMaxSaidBytes = 500;

// The times of the class are what people can do something about.
struct CauseRow {
  ErrorClass error_class;
  std::string_view words;
};
constexpr CauseRow kCauses[] = {
    {ErrorClass::auth, "the login was refused"},
    {ErrorClass::config, "a setting is wrong"},
    {ErrorClass::usage, "rclone refused its command line"},
    {ErrorClass::not_found, "something was not found"},
    {ErrorClass::permission, "something is not allowed"},
    {ErrorClass::network, "the network or the server failed"},
    {ErrorClass::quota, "the provider limits the account"},
    {ErrorClass::storage_full, "the destination is full"},
    {ErrorClass::source_changed, "files changed while they were copied"},
    {ErrorClass::integrity, "the copy differs from the source"},
    {ErrorClass::guard, "a safety limit stopped it"},
    {ErrorClass::limit, "a budget of the job was used up"},
    {ErrorClass::resources, "the worker ran out of resources"},
    {ErrorClass::crash, "the transfer crashed"},
};

std::string_view cause_words(std::string_view name) {
  for (const CauseRow& row : kCauses)
    if (to_string(row.error_class) == name) return row.words;
  return "";
}

std::string job_words(const Notice& n) {
  const bool backup = n.kind.empty() || n.kind == "sync" || n.kind == "copy" || n.kind == "move" ||
                      n.kind == "archive" || n.kind == "check" || n.kind == "command" ||
                      n.kind == "upload";
  return backup ? n.job : fmt::format("{} of {}", n.kind, n.job);
}

std::string failure_headline(const Notice& n) {
  const std::string_view cause = cause_words(n.error_class);
  return fmt::format("{} failed{}{}", job_words(n), cause.empty() ? "" : ": ", cause);
}

std::string overdue_headline(const Notice& n) {
  return fmt::format("{} is overdue: no good run for {}", job_words(n),
                     human_duration(seconds{n.must_succeed_every_seconds}));
}

struct EventRow {
  NotifyEvent event;
  std::string (*headline)(const Notice&);
  std::string_view next;  // where the job does not say
};
#define DRAY_HEADLINE(text) [](const Notice& n) -> std::string { return job_words(n) + (text); }
constexpr EventRow kEvents[] = {
    {NotifyEvent::success, DRAY_HEADLINE(" succeeded"), ""},
    {NotifyEvent::warning, DRAY_HEADLINE(" ended with warnings"), ""},
    {NotifyEvent::failure, failure_headline, ""},
    {NotifyEvent::cancelled, DRAY_HEADLINE(" was cancelled"), ""},
    {NotifyEvent::missed, DRAY_HEADLINE(" was missed"), ""},
    {NotifyEvent::held, DRAY_HEADLINE(" waits for approval"),
     "Nothing was changed. Somebody has to decide: `dray runs approve {}` or `dray runs reject "
     "{}`."},
    {NotifyEvent::overdue, overdue_headline, ""},
    {NotifyEvent::fixed, DRAY_HEADLINE(" works again"), ""},
    {NotifyEvent::started, DRAY_HEADLINE(" started"), ""},
    {NotifyEvent::digest,
     [](const Notice& n) {
       return fmt::format("{} notice{} of backups", n.items.size(), n.items.size() == 1 ? "" : "s");
     },
     ""},
    {NotifyEvent::test, [](const Notice&) -> std::string { return "This is a test of Drayage"; },
     ""},
};
#undef DRAY_HEADLINE

const EventRow& row_of(NotifyEvent event) {
  const auto found = std::ranges::find(kEvents, event, &EventRow::event);
  DRAY_CHECK(found != std::end(kEvents), "every event has a headline");
  return *found;
}

std::string next_words(const Notice& n) {
  if (n.event == NotifyEvent::held)
    return fmt::format(fmt::runtime(row_of(n.event).next), n.run, n.run);
  if (n.event == NotifyEvent::digest || n.event == NotifyEvent::test || n.job.empty()) return "";
  if (n.next_due != WallTime{})
    return fmt::format("The job runs again {}.", time_words(n.next_due));
  return fmt::format("No further run is scheduled; `dray run {}` starts one.", n.job);
}

std::string number(uint64_t value) {
  return value == 0 ? "" : std::to_string(value);
}

std::string clean(std::string_view text, size_t max_bytes = 1000) {
  return shorten(escape_for_display(text), max_bytes);
}

void add_report(Notice& notice, const AttemptView& attempt) {
  notice.said = clean(attempt.deciding_line, kMaxSaidBytes);
  const auto report = from_json<AttemptReport>(attempt.report.json, {.unknown_keys = true});
  if (!report) return;
  for (const std::string& path : report->failing_paths)
    if (notice.failing_paths.size() < kMaxPaths)
      notice.failing_paths.push_back(clean(path, kMaxPathBytes));
}

}  // namespace

std::string time_words(WallTime time) {
  if (time == WallTime{}) return "";
  std::string text = format_rfc3339(time);
  text[10] = ' ';
  return text.substr(0, 16) + " UTC";
}

void add_run(Notice& n, const RunShowAnswer& facts) {
  const RunView& run = facts.run;
  n.run = run.run;
  n.trigger = run.trigger;
  n.state = to_string(run.state);
  n.outcome = run.outcome == Outcome::none ? "" : to_string(run.outcome);
  n.error_class = run.error_class == ErrorClass::none ? "" : to_string(run.error_class);
  n.hint = clean(run.hint);
  n.reason = clean(run.reason.empty() ? run.cancel_reason : run.reason);
  n.cancelled_by = clean(run.cancel_by);
  n.worker = clean(run.worker);
  n.attempts = static_cast<uint32_t>(facts.attempts.size());
  n.scheduled_at = run.scheduled_at;
  n.started_at = run.started_at;
  n.ended_at = run.ended_at;
  if (run.started_at != WallTime{} && run.ended_at > run.started_at)
    n.duration_ms = static_cast<uint64_t>(to_ms(run.ended_at - run.started_at));
  n.bytes = run.bytes;
  n.files = run.files;
  n.checks = run.checks;
  n.deletes = run.deletes;
  n.errors = run.errors;
  n.grade = run.grade == Grade::none ? "" : to_string(run.grade);
  if (!facts.attempts.empty()) add_report(n, facts.attempts.back());
}

void add_job(Notice& notice, const JobShowAnswer& facts) {
  notice.next_due = facts.next_due;
}

void complete(Notice& notice, std::string_view public_url) {
  notice.headline = row_of(notice.event).headline(notice);
  notice.next = next_words(notice);
  while (public_url.ends_with('/'))
    public_url.remove_suffix(1);
  if (public_url.empty()) return;
  notice.link = std::string(public_url) + "/";
  if (notice.run)
    notice.link += fmt::format("#/runs/{}", notice.run);
  else if (!notice.job.empty())
    notice.link += fmt::format("#/jobs/{}", notice.job);
}

NoticeItem item_of(const Notice& n) {
  return {n.event, n.headline, n.client, n.job, n.run, n.hint, n.link, n.at};
}

Notice digest_of(std::vector<NoticeItem> items, WallTime now) {
  Notice digest;
  digest.event = NotifyEvent::digest;
  digest.at = now;
  digest.items = std::move(items);
  return digest;
}

Variables to_variables(const Notice& n) {
  Variables v;
  v.texts = {
      {"event", std::string(to_string(n.event))},
      {"headline", n.headline},
      {"client", n.client},
      {"job", n.job},
      {"run", number(n.run.value)},
      {"kind", n.kind},
      {"trigger", n.trigger},
      {"outcome", n.state},
      {"cause", n.error_class},
      {"hint", n.hint},
      {"reason", n.reason},
      {"cancelled_by", n.cancelled_by},
      {"said", n.said},
      {"worker", n.worker},
      {"attempts", number(n.attempts)},
      {"scheduled", time_words(n.scheduled_at)},
      {"started", time_words(n.started_at)},
      {"ended", time_words(n.ended_at)},
      {"duration", n.duration_ms == 0 ? "" : human_duration(milliseconds{n.duration_ms})},
      {"bytes", n.started_at == WallTime{} ? "" : human_bytes(n.bytes)},
      {"files", n.started_at == WallTime{} ? "" : std::to_string(n.files)},
      {"checks", number(n.checks)},
      {"deletes", number(n.deletes)},
      {"errors", number(n.errors)},
      {"validation", n.grade},
      {"failures", number(n.failures)},
      {"failing_since", time_words(n.failing_since)},
      {"last_success", time_words(n.last_success_at)},
      {"must_succeed_every", n.must_succeed_every_seconds == 0
                                 ? ""
                                 : human_duration(seconds{n.must_succeed_every_seconds})},
      {"next_due", time_words(n.next_due)},
      {"next", n.next},
      {"link", n.link},
      {"time", time_words(n.at)},
      {"count", number(n.items.size())},
  };
  std::vector<Variables>& paths = v.lists["failing_paths"];
  for (const std::string& path : n.failing_paths)
    paths.push_back({{{"this", path}}, {}});
  std::vector<Variables>& items = v.lists["items"];
  for (const NoticeItem& i : n.items)
    items.push_back({{{"event", std::string(to_string(i.event))},
                      {"headline", i.headline},
                      {"client", i.client},
                      {"job", i.job},
                      {"run", number(i.run.value)},
                      {"hint", i.hint},
                      {"link", i.link},
                      {"time", time_words(i.at)}},
                     {}});
  return v;
}

Notice sample_notice(NotifyEvent event, WallTime now) {
  Notice n;
  n.event = event;
  n.at = now;
  if (event == NotifyEvent::test) return n;
  n.client = "acme";
  n.job = "photos";
  n.run = RunId{42};
  n.kind = "sync";
  n.trigger = "schedule";
  n.worker = "worker1";
  n.attempts = 3;
  n.scheduled_at = now - minutes{125};
  n.started_at = now - minutes{125};
  n.ended_at = now;
  n.duration_ms = 125 * 60 * 1000;
  n.bytes = 1'300'000'000;
  n.files = 1200;
  n.next_due = now + hours{22};
  n.grade = "hash";
  n.state = "succeeded";
  n.outcome = "succeeded";
  n.last_success_at = now - hours{24};
  if (event == NotifyEvent::failure || event == NotifyEvent::warning) {
    n.state = event == NotifyEvent::failure ? "failed" : "warning";
    n.outcome = n.state;
    n.error_class = "permission";
    n.hint = "The account may not read some of the files: check its rights.";
    n.said = "Failed to copy: permission denied";
    n.errors = 2;
    n.grade = "partial";
    n.failing_paths = {"Albums/2024/IMG_0001.jpg", "Albums/2024/<b>IMG</b> & co.jpg"};
    n.failures = 2;
    n.failing_since = now - hours{24};
  }
  if (event == NotifyEvent::cancelled) {
    n.state = n.outcome = "cancelled";
    n.reason = "maintenance of the provider";
    n.cancelled_by = "ann@console";
  }
  if (event == NotifyEvent::held) {
    n.state = n.outcome = "held";
    n.reason = "the run would delete 900 of 1000 files";
  }
  if (event == NotifyEvent::missed) {
    n.state = "missed";
    n.outcome.clear();
    n.reason = "drayd was not running at that time";
    n.started_at = n.ended_at = {};
    n.duration_ms = 0;
  }
  if (event == NotifyEvent::overdue) n.must_succeed_every_seconds = 26 * 3600;
  if (event == NotifyEvent::fixed) n.failures = 2;
  if (event == NotifyEvent::digest) {
    Notice inner = sample_notice(NotifyEvent::failure, now);
    complete(inner, "");
    n = digest_of({item_of(inner), item_of(inner)}, now);
  }
  return n;
}

}  // namespace dray::notify
