// dray bandwidth ...
#include <algorithm>
#include <cctype>

#include "daemon/base/quote.h"
#include "daemon/base/text.h"
#include "ops/commands.h"
#include "ops/context.h"
#include "ops/format.h"
#include "ops/views.h"
#include "schemas/answers_bandwidth.h"
#include "schemas/weekdays.h"

namespace dray::ops {
namespace {

std::string rate(uint64_t bytes_per_second) {
  return bytes_per_second == 0 ? "no cap" : human_rate(bytes_per_second);
}

std::string place(const std::string& scope, const std::string& name) {
  return name.empty() ? "all runs" : fmt::format("{} {}", scope, clean_name(name));
}

// Why a run has what it has.
std::string why(const BandwidthShareView& run) {
  if (!run.live && run.share == 0) return "started without a limit; keeps that until it ends";
  if (!run.live) return "cannot be changed while it runs";
  if (run.limited_by == "itself") return "needs no more";
  if (!run.limited_by.empty())
    return fmt::format("share of the cap of {}",
                       run.limited_by == "global" ? "all runs" : "its " + run.limited_by);
  return run.share == 0 ? "no cap applies" : "more than it needs";
}

Result<Exit> show(Context& context, const Args&) {
  DRAY_TRY_ASSIGN(const std::string text, context.ask("bandwidth.show"));
  if (context.printed_json(text)) return Exit::ok;
  DRAY_TRY_ASSIGN(const BandwidthAnswer answer,
                  read_answer<BandwidthAnswer>("bandwidth.show", text));
  const WallTime now = SystemClock{}.now().wall;
  Table caps({{.title = "CAP OF"},
              {.title = "NOW", .align = Column::Align::right, .shrink = 0},
              {.title = "GIVEN", .align = Column::Align::right, .shrink = 0},
              {.title = "USED", .align = Column::Align::right, .shrink = 0},
              {.title = "RUNS", .align = Column::Align::right, .shrink = 0},
              {.title = "CHANGES", .shrink = 2}});
  for (const BandwidthCapView& cap : answer.caps)
    caps.row({place(cap.scope, cap.name), rate(cap.cap), human_rate(cap.given),
              human_rate(cap.used), std::to_string(cap.runs),
              cap.from_table ? relative_text(cap.next_change, now) : ""});
  context.out.write(caps.text(context.out.width(), context.out.colour()));
  if (answer.runs.empty()) {
    context.out.line("Nothing runs.");
    return Exit::ok;
  }
  Table runs({{.title = "RUN", .shrink = 0},
              {.title = "JOB"},
              {.title = "CLIENT", .shrink = 2},
              {.title = "WORKER", .shrink = 3},
              {.title = "WEIGHT", .align = Column::Align::right, .shrink = 0},
              {.title = "MAY USE", .align = Column::Align::right, .shrink = 0},
              {.title = "USES", .align = Column::Align::right, .shrink = 0},
              {.title = "WHY", .shrink = 2}});
  for (const BandwidthShareView& run : answer.runs)
    runs.row({std::to_string(run.run.value), run.job, run.client, run.worker,
              std::to_string(run.weight),
              Cell(rate(run.share), run.confirmed ? Tint::none : Tint::dim), human_rate(run.used),
              why(run)});
  context.out.line("");
  context.out.write(runs.text(context.out.width(), context.out.colour()));
  return Exit::ok;
}

Result<uint64_t> kbps_of(std::string text, std::string_view where) {
  if (text != "off")
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
  DRAY_TRY_ASSIGN(const uint64_t bytes, annotate(parse_rate(text), std::string(where)));
  return (bytes + 999) / 1000;
}

Result<Json> target_of(const Args& args) {
  if (args.has("--client") && args.has("--job"))
    return fail(ErrorCode::invalid, "--client and --job exclude each other");
  Json body = Json::object();
  for (const std::string_view key : {"--client", "--job"})
    if (args.has(key)) body[std::string(key.substr(2))] = args.text(key);
  return body;
}

std::string table_text(const BandwidthTable& table) {
  std::string text;
  for (const BandwidthRow& row : table.rows)
    text += fmt::format("  {:<12} {:<6} {}\n", weekdays_text(row.weekdays), clean_name(row.at),
                        row.kbps == 0 ? "no cap" : kbps_text(row.kbps));
  return text;
}

Result<Exit> change(Context& context, const Json& body) {
  DRAY_TRY_ASSIGN(const std::string text, context.ask("bandwidth.set", body));
  if (context.printed_json(text)) return Exit::ok;
  DRAY_TRY_ASSIGN(const BandwidthSetAnswer answer,
                  read_answer<BandwidthSetAnswer>("bandwidth.set", text));
  const std::string where = place(answer.scope, answer.name);
  if (answer.table.rows.empty()) {
    context.out.line(fmt::format("{}: {}", where, kbps_text(answer.kbps)));
    return Exit::ok;
  }
  context.out.line(
      fmt::format("{}: by day and time ({})", where, clean_name(answer.table.time_zone)));
  context.out.write(table_text(answer.table));
  return Exit::ok;
}

Result<Exit> set(Context& context, const Args& args) {
  DRAY_TRY_ASSIGN(Json body, target_of(args));
  DRAY_TRY_ASSIGN(body["kbps"], kbps_of(args.text("RATE"), "RATE"));
  return change(context, body);
}

// "mon-fri@08:00=2M", "18:00=off".
Result<Json> row_of(const std::string& text) {
  const size_t equals = text.rfind('=');
  if (equals == std::string::npos)
    return fail(ErrorCode::invalid, "{} is not a row; write DAYS@HH:MM=RATE, like mon-fri@08:00=2M",
                dray::quoted(text));
  std::string when = text.substr(0, equals);
  Json row = Json::object();
  if (const size_t at = when.find('@'); at != std::string::npos) {
    row["weekdays"] = when.substr(0, at);
    when.erase(0, at + 1);
  }
  row["at"] = when;
  DRAY_TRY_ASSIGN(row["kbps"], kbps_of(text.substr(equals + 1), text));
  return row;
}

Result<Exit> schedule(Context& context, const Args& args) {
  DRAY_TRY_ASSIGN(Json body, target_of(args));
  if (args.has("--clear") == !args.all("ROW").empty())
    return fail(ErrorCode::invalid, "give rows, or --clear");
  Json table{{"rows", Json::array()}};
  for (const std::string& text : args.all("ROW")) {
    DRAY_TRY_ASSIGN(Json row, row_of(text));
    table["rows"].push_back(std::move(row));
  }
  if (args.has("--tz")) table["time_zone"] = args.text("--tz");
  body["table"] = std::move(table);
  return change(context, body);
}

const OptionSpec kClient{"--client",    "NAME", "of this client instead of all runs",
                         Use::optional, {},     "client"};
const OptionSpec kJob{"--job", "NAME", "of this job instead of all runs", Use::optional, {}, "job"};

}  // namespace

std::vector<Command> bandwidth_commands() {
  return {
      {"bandwidth show",
       "Show who has how much of the bandwidth, and why.",
       {},
       "dray bandwidth show",
       show},
      {"bandwidth set",
       "Cap the bandwidth of all runs, of a client or of a job; it counts at once.",
       {{"RATE", "", "like 8M (MiB per second), 500k or off", Use::required}, kClient, kJob},
       "dray bandwidth set 20M\ndray bandwidth set 5M --client acme",
       set,
       "A table made with `dray bandwidth schedule` goes before this cap."},
      {"bandwidth schedule",
       "Cap the bandwidth by day and time; each row holds until the next one.",
       {{"ROW", "", "DAYS@HH:MM=RATE, like mon-fri@08:00=2M or 18:00=off", Use::repeated},
        {"--tz", "ZONE", "time zone of the rows, like Europe/Oslo (default: UTC)"},
        {"--clear", "", "forget the table: the plain cap holds"},
        kClient,
        kJob},
       "dray bandwidth schedule mon-fri@08:00=2M mon-fri@18:00=off --tz Europe/Oslo",
       schedule},
  };
}

}  // namespace dray::ops
