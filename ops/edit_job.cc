#include "ops/edit_job.h"

#include <algorithm>
#include <cctype>

#include "daemon/base/quote.h"
#include "daemon/base/text.h"
#include "schemas/limits.h"

namespace dray::ops {
namespace {

enum class Take {
  text,
  number,
  list,
  rate,      // bytes per second, stored as kilobytes (1000 B) per second
  duration,  // stored as seconds
  yes,       // a flag
  no,
};

struct JobOption {
  OptionSpec spec;
  Take take;
  std::string_view field;  // JSON pointer into a JobSpec
  int64_t least = 0;
  int64_t most = 0;
};

constexpr int64_t kManySeconds = int64_t{366} * 24 * 3600;

const JobOption kOptions[] = {
    {{"--from", "REMOTE:PATH", "source", Use::required, {}, "remote"}, Take::text, "/source"},
    {{"--to", "REMOTE:PATH", "destination", Use::required, {}, "remote"},
     Take::text,
     "/destination"},
    {{"--kind", "KIND", "sync makes the destination equal and deletes there; copy never deletes",
      Use::optional, "sync copy"},
     Take::text,
     "/kind"},
    {{"--client", "NAME", "whose job it is (default: default)", Use::optional, {}, "client"},
     Take::text,
     "/client"},
    {{"--priority", "N", "-100 to 100; higher goes first"}, Take::number, "/priority", -100, 100},
    {{"--misfire", "POLICY", "occurrences missed while the scheduler was away", Use::optional,
      "run_once skip run_all"},
     Take::text,
     "/misfire"},
    {{"--misfire-max", "N", "with run_all: this many at most"},
     Take::number,
     "/misfire_max",
     1,
     1000},
    {{"--overlap", "POLICY", "when it falls due while it still runs", Use::optional,
      "skip queue_one cancel_previous allow"},
     Take::text,
     "/overlap"},
    {{"--max-concurrent", "N", "with overlap allow: runs at the same time"},
     Take::number,
     "/max_concurrent",
     1,
     256},
    {{"--bandwidth", "RATE", "cap like 8M (MiB per second) or off"}, Take::rate, "/bandwidth_kbps"},
    {{"--retry-attempts", "N", "attempts in all, the first one counts"},
     Take::number,
     "/retry/max_attempts",
     1,
     limits::kMaxAttempts},
    {{"--retry-backoff", "TIME", "wait before the second attempt, like 30s; doubles"},
     Take::duration,
     "/retry/backoff_seconds",
     1,
     kManySeconds},
    {{"--retry-backoff-max", "TIME", "longest wait between attempts, like 30m"},
     Take::duration,
     "/retry/backoff_max_seconds",
     1,
     kManySeconds},
    {{"--filter", "RULE", "rclone filter rule like '- *.tmp'; replaces all earlier ones",
      Use::repeated},
     Take::list,
     "/options/filters"},
    {{"--transfers", "N", "files at the same time"}, Take::number, "/options/transfers", 1, 1000},
    {{"--checkers", "N", "comparisons at the same time"},
     Take::number,
     "/options/checkers",
     1,
     1000},
    {{"--max-delete", "N", "stop a run that would delete more files; -1: no limit"},
     Take::number,
     "/options/max_delete",
     -1,
     INT64_MAX},
    {{"--file-log", "", "a log record per file; slows many small files down"},
     Take::yes,
     "/options/file_log"},
    {{"--no-file-log", "", "errors and statistics only"}, Take::no, "/options/file_log"},
    {{"--stall", "TIME", "stop and retry when nothing moves for so long; 0s: never"},
     Take::duration,
     "/options/stall_seconds",
     0,
     kManySeconds},
    {{"--flag", "FLAG", "further rclone flag from the allow-list, as --flag=--checksum",
      Use::repeated},
     Take::list,
     "/options/flags"},
    {{"--disabled", "", "keep it, but do not run it by schedule"}, Take::no, "/enabled"},
};

// Options that together make one field: the schedule and the filter file.
const OptionSpec kOthers[] = {
    {"--filter-from",
     "FILE",
     "filter rules from a file, one per line; behind those of --filter",
     Use::optional,
     {},
     "file"},
    {"--daily", "HH:MM", "every day at this time"},
    {"--weekly", "DAYS@HH:MM", "like mon,thu@02:30 or mon-fri@22:00"},
    {"--cron", "EXPR", "five fields, like '*/15 2-5 * * *', or @hourly"},
    {"--every", "TIME", "like 6h, counted from when the job was made"},
    {"--manual", "", "only by `dray run`"},
    {"--tz", "ZONE", "time zone of the schedule, like Europe/Oslo"},
};

Status set_field(Json& body, const JobOption& option, const Args& args) {
  const std::string_view key = option.spec.key();
  Json& field = body[Json::json_pointer(std::string(option.field))];
  switch (option.take) {
    case Take::text:
      field = args.text(key);
      return {};
    case Take::list:
      field = args.all(key);
      return {};
    case Take::yes:
      field = true;
      return {};
    case Take::no:
      field = false;
      return {};
    case Take::number: {
      DRAY_TRY_ASSIGN(const int64_t number, args.number(key, 0, option.least, option.most));
      field = number;
      return {};
    }
    case Take::rate: {
      std::string text = args.text(key);
      if (text != "off")
        std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
      DRAY_TRY_ASSIGN(const uint64_t rate, annotate(parse_rate(text), std::string(key)));
      field = (rate + 999) / 1000;
      return {};
    }
    case Take::duration: {
      DRAY_TRY_ASSIGN(const Duration time,
                      annotate(parse_duration(args.text(key)), std::string(key)));
      const int64_t whole = time / seconds{1};
      if (whole < option.least || whole > option.most)
        return fail(ErrorCode::invalid, "{}: {} is out of range; allowed: {} to {}", key,
                    dray::quoted(args.text(key)), human_duration(seconds{option.least}),
                    human_duration(seconds{option.most}));
      field = whole;
      return {};
    }
  }
  return {};
}

Result<Json> weekly(const std::string& text) {
  const size_t at = text.find('@');
  if (at == std::string::npos)
    return fail(ErrorCode::invalid, "--weekly: {} needs days and a time, like mon,thu@02:30",
                dray::quoted(text));
  return Json{{"kind", "weekly"}, {"weekdays", text.substr(0, at)}, {"at", text.substr(at + 1)}};
}

Result<Json> every(const std::string& text) {
  DRAY_TRY_ASSIGN(const Duration time, annotate(parse_duration(text), "--every"));
  return Json{{"kind", "every"}, {"every_seconds", time / seconds{1}}};
}

// The schedule that was asked for; null when none of its options was given.
Result<Json> schedule_of(const Args& args) {
  std::vector<std::string_view> given;
  for (const std::string_view key : {"--daily", "--weekly", "--cron", "--every", "--manual"})
    if (args.has(key)) given.push_back(key);
  if (given.size() > 1)
    return fail(ErrorCode::invalid, "{} and {} exclude each other: a job has one schedule",
                given[0], given[1]);
  if (given.empty()) return Json();
  const std::string& value = args.text(given[0]);
  Result<Json> schedule = Json{{"kind", given[0].substr(2)}};
  if (given[0] == "--daily") (*schedule)["at"] = value;
  if (given[0] == "--cron") (*schedule)["cron"] = value;
  if (given[0] == "--weekly") schedule = weekly(value);
  if (given[0] == "--every") schedule = every(value);
  if (schedule && args.has("--tz")) (*schedule)["time_zone"] = args.text("--tz");
  return schedule;
}

}  // namespace

std::vector<OptionSpec> job_options(bool adding) {
  std::vector<OptionSpec> list = {
      {"NAME", "", "of the job", Use::required, {}, adding ? "" : "job"}};
  for (const JobOption& option : kOptions) {
    list.push_back(option.spec);
    if (!adding && list.back().use == Use::required) list.back().use = Use::optional;
  }
  list.insert(list.end(), std::begin(kOthers), std::end(kOthers));
  return list;
}

Result<Json> job_fields(const Args& args) {
  Json body = Json::object();
  body["name"] = args.text("NAME");
  for (const JobOption& option : kOptions)
    if (args.has(option.spec.key())) DRAY_TRY(set_field(body, option, args));
  DRAY_TRY_ASSIGN(Json schedule, schedule_of(args));
  if (!schedule.is_null()) body["schedule"] = std::move(schedule);
  return body;
}

std::vector<std::string> filter_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = trim(text.substr(0, end));
    if (!line.empty() && line.front() != '#' && line.front() != ';') lines.emplace_back(line);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

}  // namespace dray::ops
