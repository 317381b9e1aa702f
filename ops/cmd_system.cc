// dray doctor, keygen, system ...
#include "broker/curve.h"
#include "daemon/base/seal.h"
#include "daemon/base/text.h"
#include "ops/commands.h"
#include "ops/context.h"
#include "ops/doctor.h"
#include "ops/format.h"
#include "ops/views.h"

namespace dray::ops {
namespace {

struct HealthRow {
  Health health;
  std::string_view word;
  Tint tint;
};
constexpr HealthRow kHealth[] = {{Health::good, "ok", Tint::good},
                                 {Health::warning, "warning", Tint::warn},
                                 {Health::bad, "problem", Tint::bad}};

const HealthRow& row_of(Health health) {
  return kHealth[static_cast<size_t>(health)];
}

Exit exit_of_findings(const std::vector<Finding>& findings) {
  Exit exit = Exit::ok;
  for (const Finding& finding : findings) {
    if (finding.health == Health::bad) return Exit::failed;
    if (finding.health == Health::warning) exit = Exit::warnings;
  }
  return exit;
}

Result<Exit> doctor(Context& context, const Args&) {
  std::vector<Finding> findings;
  const Result<Config> config = context.config();
  if (!config) {
    findings.push_back({"configuration", Health::bad, config.error().message,
                        "`dray config show --defaults` shows what is allowed"});
  } else {
    findings.push_back(
        {"configuration", Health::good,
         context.config_path.empty() ? std::string(kDefaultConfigPath) : context.config_path, ""});
    for (Finding& finding : examine_machine(*config))
      findings.push_back(std::move(finding));
    for (Finding& finding : examine_daemons(context))
      findings.push_back(std::move(finding));
  }
  const Exit exit = exit_of_findings(findings);
  if (context.json) {
    Json rows = Json::array();
    for (const Finding& f : findings)
      rows.push_back({{"name", f.name},
                      {"health", row_of(f.health).word},
                      {"detail", f.detail},
                      {"fix", f.fix}});
    context.out.line(dump_json(Json{{"checks", rows}}));
    return exit;
  }
  Table table({{.title = "", .shrink = 0},
               {.title = "CHECK", .shrink = 0},
               {.title = "FOUND", .shrink = 1}});
  for (const Finding& f : findings)
    table.row({Cell(row_of(f.health).word, row_of(f.health).tint), f.name, f.detail});
  context.out.write(table.text(context.out.width(), context.out.colour()));
  bool first = true;
  for (const Finding& f : findings) {
    if (f.fix.empty()) continue;
    context.out.line(fmt::format("{}  {}: {}", first ? "\nWhat to do:\n" : "", clean_name(f.name),
                                 clean_name(f.fix)));
    first = false;
  }
  return exit;
}

// The key that opens credentials: every worker of an installation has the same.
Result<Exit> seal_keygen(Context& context, const std::string& path) {
  const SealingKeyPair pair = generate_sealing_keypair();
  DRAY_TRY(save_private_key(path, pair));
  const std::string print = fingerprint(pair.public_key);
  if (context.json) {
    context.out.line(dump_json(Json{{"file", path}, {"fingerprint", print}}));
  } else {
    context.out.line(
        fmt::format("private key of the workers: {} (fingerprint {})\nKeep a copy in a "
                    "safe place: without it the credentials of remotes are lost.",
                    clean_name(path), print));
  }
  return Exit::ok;
}

Result<Exit> keygen(Context& context, const Args& args) {
  const std::string& path = args.text("FILE");
  if (args.has("--seal")) return seal_keygen(context, path);
  const CurveKeyPair pair = generate_curve_keypair();
  DRAY_TRY(save_curve_keypair(path, pair));
  if (context.json) {
    context.out.line(dump_json(Json{{"file", path}, {"public_key", pair.public_key}}));
    return Exit::ok;
  }
  context.out.line(fmt::format("secret key: {0} (keep it here)\npublic key: {0}.pub\n\n{1}\n",
                               clean_name(path), pair.public_key));
  context.out.line(
      "To let this peer in, copy the .pub file on the broker's machine to\n"
      "  authorized_keys.d/worker/NAME.pub   (a worker called NAME)\n"
      "  authorized_keys.d/ops/NAME.pub      (an operator called NAME)");
  return Exit::ok;
}

Result<Exit> backup(Context& context, const Args& args) {
  DRAY_TRY_ASSIGN(const std::string text,
                  context.ask("system.backup", {{"path", args.text("FILE")}}));
  if (context.printed_json(text)) return Exit::ok;
  DRAY_TRY_ASSIGN(const BackupAnswer answer, read_answer<BackupAnswer>("system.backup", text));
  context.out.line(fmt::format("{} written to {} on the scheduler's machine",
                               human_bytes(answer.bytes), clean_name(args.text("FILE"))));
  return Exit::ok;
}

Result<Exit> audit(Context& context, const Args& args) {
  DRAY_TRY_ASSIGN(const int64_t limit, args.number("--limit", 50, 1, 500));
  DRAY_TRY_ASSIGN(const std::string text, context.ask("audit.list", {{"limit", limit}}));
  if (context.printed_json(text)) return Exit::ok;
  DRAY_TRY_ASSIGN(const AuditListAnswer answer, read_answer<AuditListAnswer>("audit.list", text));
  Table table({{.title = "WHEN", .shrink = 0},
               {.title = "WHO", .shrink = 2},
               {.title = "PEER", .shrink = 3},
               {.title = "WHAT", .shrink = 0},
               {.title = "ON", .shrink = 1}});
  for (const AuditEntry& entry : answer.entries)
    table.row({time_text(entry.at), entry.asked_by, entry.peer, entry.verb, entry.target});
  context.out.write(table.text(context.out.width(), context.out.colour()));
  return Exit::ok;
}

}  // namespace

std::vector<Command> system_commands() {
  return {
      {"doctor",
       "Look for what keeps Drayage from working, and say the fix.",
       {},
       "dray doctor",
       doctor,
       "Ends with 1 when there is a problem and with 6 when there are only warnings."},
      {"keygen",
       "Make the workers' key, or a key for encrypted connections from another machine.",
       {{"FILE", "", "key file to make; never replaced", Use::required, {}, "file"},
        {"--seal", "", "the key that opens the credentials of remotes (worker.key_file)"}},
       "dray keygen --seal /etc/dray/worker.key\ndray keygen /etc/dray/curve.key",
       keygen,
       "Without --seal it makes a CURVE key for tcp:// endpoints; the public half is FILE.pub."},
      {"system backup",
       "Back up the scheduler's database while it runs.",
       {{"FILE", "", "on the scheduler's machine; must not exist", Use::required, {}, "file"}},
       "dray system backup /var/lib/dray/scheduler/backups/monday.db",
       backup},
      {"system audit",
       "Show who changed what.",
       {{"--limit", "N", "this many of the newest (default 50)"}},
       "dray system audit --limit 20",
       audit},
  };
}

}  // namespace dray::ops
