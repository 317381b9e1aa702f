#include "ops/edit_job.h"

#include <algorithm>
#include <cctype>

#include "daemon/base/quote.h"
#include "daemon/base/text.h"
#include "ops/policy_options.h"
#include "schemas/limits.h"

namespace dray::ops {
namespace {

enum class Take {
  text,
  number,
  list,
  size,      // bytes
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
    {{"--from", "REMOTE:PATH", "source", Use::optional, {}, "remote"}, Take::text, "/source"},
    {{"--to",
      "REMOTE:PATH",
      "destination (default: the operator's store)",
      Use::optional,
      {},
      "remote"},
     Take::text,
     "/destination"},
    {{"--kind", "KIND",
      "sync makes the destination equal and deletes there; copy never deletes; move empties the "
      "source; check only compares; command runs a program; "
      "archive makes one compressed file per run; upload takes files that are handed in",
      Use::optional, "sync copy move archive check command upload"},
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
    {{"--bandwidth-weight", "N", "share of the bandwidth beside other runs, 1 to 1000"},
     Take::number,
     "/bandwidth_weight",
     1,
     1000},
    {{"--max-duration", "TIME", "stop a run that takes longer; 0s: never"},
     Take::duration,
     "/limits/max_duration_seconds",
     0,
     kManySeconds},
    {{"--memory", "SIZE", "of the run's processes, like 512M; 0: the worker's default"},
     Take::size,
     "/limits/memory_bytes"},
    {{"--cpu", "PERCENT", "of the run's processes, 100 is one processor; 0: the worker's default"},
     Take::number,
     "/limits/cpu_percent",
     0,
     100'000},
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
    {{"--encrypt", "", "encrypt content and names at the destination; the default for uploads"},
     Take::yes,
     "/encryption"},
    {{"--no-encrypt", "", "store files as they are"}, Take::no, "/encryption"},
    {{"--sandbox", "WHERE", "where its processes live; the worker's administrator may enforce one",
      Use::optional, "worker_default local_process sandboxed_process"},
     Take::text,
     "/sandbox"},
    {{"--layout", "LAYOUT",
      "versioned (default): the newest state in current/, replaced and deleted files in versions/; "
      "mirror: straight into the destination",
      Use::optional, "versioned mirror"},
     Take::text,
     "/layout"},
    {{"--versions-path",
      "REMOTE:PATH",
      "with layout mirror: keep replaced and deleted files there",
      Use::optional,
      {},
      "remote"},
     Take::text,
     "/versions_path"},
    {{"--keep-last", "N", "states to keep; 0: no such rule"},
     Take::number,
     "/retention/keep_last_n",
     0,
     100'000},
    {{"--keep-days", "N", "keep the states of so many days; 0: no such rule"},
     Take::number,
     "/retention/keep_days",
     0,
     100'000},
    {{"--keep-floor", "N", "so many good states never go"},
     Take::number,
     "/retention/floor",
     1,
     100'000},
    {{"--restore-drill", "PERIOD", "restore a sample and compare it, after a good run when due",
      Use::optional, "never daily weekly monthly"},
     Take::text,
     "/restore_drill"},
    {{"--archive-level", "N", "of compression, 1 to 19 (default: 3)"},
     Take::number,
     "/archive/level",
     1,
     limits::kMaxArchiveLevel},
    {{"--archive-volume", "SIZE", "cut archives into volumes of this size, like 50G"},
     Take::size,
     "/archive/volume_bytes",
     limits::kMinArchiveVolume,
     INT64_MAX},
    {{"--archive-fetchers", "N", "files of the source fetched at the same time (default: 16)"},
     Take::number,
     "/archive/fetchers",
     1,
     limits::kMaxArchiveFetchers},
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
    {"--window", "WHEN",
     "when it may run, like mon-fri@22:00-06:00 or 20:00-24:00, in the schedule's time zone; any: "
     "always",
     Use::repeated},
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
    case Take::size: {
      DRAY_TRY_ASSIGN(const uint64_t size, annotate(parse_size(args.text(key)), std::string(key)));
      const bool fits = size >= static_cast<uint64_t>(option.least) && size <= INT64_MAX;
      if (!fits)
        return fail(ErrorCode::invalid, "{}: {} is out of range; allowed: {} or more", key,
                    dray::quoted(args.text(key)), human_bytes(static_cast<uint64_t>(option.least)));
      field = size;
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

// "mon-fri@22:00-06:00", "20:00-24:00".
Result<Json> window(const std::string& text) {
  const size_t at = text.find('@');
  const size_t begin = at == std::string::npos ? 0 : at + 1;
  const size_t dash = text.find('-', begin);
  if (dash == std::string::npos)
    return fail(ErrorCode::invalid,
                "--window: {} is not a window; write DAYS@HH:MM-HH:MM, like mon-fri@22:00-06:00",
                dray::quoted(text));
  Json row{{"from", text.substr(begin, dash - begin)}, {"to", text.substr(dash + 1)}};
  if (begin > 0) row["weekdays"] = text.substr(0, at);
  return row;
}

// The windows that were asked for; null when none was named.
Result<Json> windows_of(const Args& args) {
  if (!args.has("--window")) return Json();
  Json rows = Json::array();
  if (args.all("--window") == std::vector<std::string>{"any"}) return rows;
  for (const std::string& text : args.all("--window")) {
    DRAY_TRY_ASSIGN(Json row, window(text));
    rows.push_back(std::move(row));
  }
  return rows;
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
  const std::span<const OptionSpec> policies = policy_options();
  list.insert(list.end(), policies.begin(), policies.end());
  list.insert(list.end(), std::begin(kOthers), std::end(kOthers));
  return list;
}

Result<Json> job_fields(const Args& args) {
  Json body = Json::object();
  body["name"] = args.text("NAME");
  for (const JobOption& option : kOptions)
    if (args.has(option.spec.key())) DRAY_TRY(set_field(body, option, args));
  DRAY_TRY(add_policy_fields(body, args));
  DRAY_TRY_ASSIGN(Json schedule, schedule_of(args));
  if (!schedule.is_null()) body["schedule"] = std::move(schedule);
  DRAY_TRY_ASSIGN(Json windows, windows_of(args));
  if (!windows.is_null()) body["limits"]["windows"] = std::move(windows);
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
