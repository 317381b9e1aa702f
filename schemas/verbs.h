// Every REQUEST there is. The scheduler's dispatcher, the broker-side role check, the command line
// and the API all read this one table. Bodies are JSON objects; field names are those of
// schemas/job.h.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "daemon/base/enum_names.h"

namespace dray {

enum class Scope : uint8_t { read = 1, operate = 2, admin = 3 };

template <>
struct EnumNames<Scope> {
  static constexpr std::string_view kWhat = "scope";
  static constexpr EnumRow<Scope> kRows[] = {
      {Scope::read, "read"}, {Scope::operate, "operate"}, {Scope::admin, "admin"}};
};

// What a person that belongs to a client is held to (daemon/scheduler/reach.h). Fields are those of
// the body.
enum class Reach : uint8_t {
  everyone,        // nothing of any client is in it
  operators,       // only for those who belong to no client
  filtered,        // the answer leaves out what belongs to others
  client,          // `client` must be the own one, and is it where it is not given
  client_and_job,  // and so must the client of `job` be, where that is given
  client_name,     // `name` is the client
  job_name,        // `name` is a job of the client
  job,             // `job` is one
  new_job,         // `name` is one, or a new one; `client` as above
  run,             // `run` is one of the client
  runs,            // all `runs` are
  version,         // the state that `run` left is the client's
  notifier,        // asked by the notifier for itself: about sessions and the use of tokens
};

struct Verb {
  std::string_view name;
  Scope scope;
  bool changes;  // writes to the database: audited
  Reach reach;
  std::string_view body;    // what it takes
  std::string_view answer;  // what it gives
};

inline constexpr Verb kVerbs[] = {
    {"status", Scope::read, false, Reach::filtered, "{}",
     "{scheduler, counts, running[], queued[], failing[], next[]}"},
    {"client.list", Scope::read, false, Reach::filtered, "{}", "{clients[]}"},
    {"client.put", Scope::admin, true, Reach::operators,
     "ClientSpec, only the fields to change; {create: bool}: fails if it exists or not",
     "{client}"},
    {"client.remove", Scope::admin, true, Reach::operators, "{name}", "{}"},
    {"remote.list", Scope::read, false, Reach::client, "{client?}", "{remotes[]} without settings"},
    // login: "new" or "kept" when the settings hold a login, as an OAuth token is one.
    {"remote.put", Scope::admin, true, Reach::client,
     "SealedRemote with sealed as base64, {login?}", "{remote}"},
    {"remote.remove", Scope::admin, true, Reach::client, "{name, client?}", "{}"},
    {"remote.test", Scope::operate, false, Reach::client, "{name, client?, path?}", "ProbeResult"},
    {"remote.about", Scope::operate, false, Reach::client, "{name, client?, path?}", "RemoteSpace"},
    {"remote.browse", Scope::operate, false, Reach::client, "{name, client?, path?, files?}",
     "RemoteEntries"},
    // What the settings become with a sealed patch; remote.put stores it.
    {"remote.merge", Scope::admin, false, Reach::client, "{name, client?, patch}", "MergedRemote"},
    {"remote.types", Scope::read, false, Reach::everyone, "{type?}", "ProvidersAnswer"},
    {"remote.host_key", Scope::operate, false, Reach::everyone, "{host, port?}", "HostKeysAnswer"},
    {"seal.key", Scope::read, false, Reach::everyone, "{}", "{public_key, fingerprint}"},
    {"job.list", Scope::read, false, Reach::client, "{client?, limit?, after?}", "{jobs[]}"},
    {"job.show", Scope::read, false, Reach::job_name, "{name}", "{job, next_due, last_runs[]}"},
    {"job.put", Scope::operate, true, Reach::new_job,
     "JobSpec; {create: bool}: fails if it exists or not", "{job}"},
    {"job.import", Scope::operate, true, Reach::operators,
     "{jobs[]}: bodies of job.put; all of them or none", "{imported}"},
    {"job.remove", Scope::operate, true, Reach::job_name, "{name}", "{}"},
    {"job.enable", Scope::operate, true, Reach::job_name, "{name, enabled}", "{job}"},
    {"job.next", Scope::read, false, Reach::job_name, "{name, count?, from?}", "{occurrences[]}"},
    {"job.export_key", Scope::admin, true, Reach::job_name, "{name, public_key, again?}",
     "{sealed, sealed_for}: the job's passwords, sealed to public_key"},
    {"schedule.preview", Scope::read, false, Reach::everyone, "{schedule, count?, from?}",
     "{occurrences[]}"},
    {"run.list", Scope::read, false, Reach::client,
     "{job?, client?, state?, since?, until?, limit?, before?}", "{runs[]}"},
    {"run.show", Scope::read, false, Reach::run, "{run}",
     "{run, attempts[], cancel_requests[], events[]}"},
    {"run.why", Scope::read, false, Reach::run, "{run}", "{run, state, reasons[]}"},
    {"run.approve", Scope::operate, true, Reach::run, "{run, reason?}", "{run, state}"},
    {"run.reject", Scope::operate, true, Reach::run, "{run, reason?}", "{run, state}"},
    {"run.log", Scope::read, false, Reach::run, "{run, attempt?, offset?, max_bytes?}",
     "LogChunk, data as base64"},
    {"version.list", Scope::read, false, Reach::job, "{job}", "{versions[]}"},
    {"version.show", Scope::read, false, Reach::version, "{run}", "{version, deletions[]}"},
    {"version.find", Scope::read, false, Reach::job, "{job, pattern, run?}",
     "{files[], truncated}"},
    {"version.pin", Scope::operate, true, Reach::version, "{run, reason?}", "{version}"},
    {"version.unpin", Scope::operate, true, Reach::version, "{run}", "{version}"},
    {"retention.preview", Scope::read, false, Reach::job, "{job}", "{versions[]}"},
    {"event.list", Scope::read, false, Reach::client, "{since?, limit?, run?, job?, client?}",
     "{events[], last_sequence}"},
    {"run.pause", Scope::operate, true, Reach::runs, "{runs[], reason?}", "{runs[]}"},
    {"run.resume", Scope::operate, true, Reach::runs, "{runs[]}", "{runs[]}"},
    {"run.priority", Scope::operate, true, Reach::run, "{run, priority}", "{runs[]}"},
    {"job.pause", Scope::operate, true, Reach::job_name, "{name, paused, reason?, stop?}",
     "{runs[]}"},
    {"client.pause", Scope::operate, true, Reach::client_name, "{name, paused, reason?, stop?}",
     "{runs[]}"},
    {"queue.pause", Scope::admin, true, Reach::operators, "{paused, reason?, stop?}", "{runs[]}"},
    {"bandwidth.show", Scope::read, false, Reach::filtered, "{}", "{caps[], runs[]}"},
    {"bandwidth.set", Scope::admin, true, Reach::operators, "{client? or job?, kbps?, table?}",
     "{scope, name, kbps, table}"},
    {"worker.list", Scope::read, false, Reach::operators, "{}", "{workers[]}"},
    {"worker.programs", Scope::read, false, Reach::everyone, "{name?}", "{hooks[], commands[]}"},
    {"worker.examine", Scope::read, false, Reach::operators, "{name}",
     "{sandbox_works, sandbox_problem, sandbox, sandbox_enforced, run_memory, group_limits}"},
    {"worker.drain", Scope::admin, true, Reach::operators, "{name, drain}", "{}"},
    {"upload.prepare", Scope::operate, true, Reach::client_and_job, "{client?, job?, crypt_key?}",
     "{job}: the upload job that takes files of the client"},
    {"receipt.list", Scope::read, false, Reach::client,
     "{client?, name?, job?, run?, limit?, before?}", "{receipts[]}"},
    {"notify.channel.list", Scope::read, false, Reach::client, "{client?}",
     "{channels[]} without what is sealed"},
    {"notify.channel.put", Scope::admin, true, Reach::client,
     "NotifyChannel with sealed as base64; of a known one only the fields to change; {create: "
     "bool}: fails if it exists or not",
     "{channel}"},
    {"notify.channel.remove", Scope::admin, true, Reach::client, "{name, client?}", "{}"},
    {"notify.rule.list", Scope::read, false, Reach::client, "{client?, job?}", "{rules[]}"},
    {"notify.rule.put", Scope::operate, true, Reach::client,
     "NotifyRule; of a known one (id) only the fields to change", "{rule}"},
    {"notify.rule.remove", Scope::operate, true, Reach::client, "{id, client?}", "{}"},
    {"notify.template.list", Scope::read, false, Reach::client, "{client?}", "{templates[]}"},
    {"notify.template.put", Scope::operate, true, Reach::client, "NotifyTemplate", "{}"},
    {"notify.template.remove", Scope::operate, true, Reach::client, "{client?, event?, part}",
     "{}"},
    {"notify.key", Scope::read, false, Reach::everyone, "{}",
     "{public_key, fingerprint}: what secrets of channels are sealed to"},
    {"notify.deliveries", Scope::read, false, Reach::client,
     "{state?, client?, job?, channel?, run?, limit?, before?}", "{deliveries[]}"},
    {"notify.preview", Scope::read, false, Reach::client, "{event?, client?, run?}",
     "{subject, text, html, json}"},
    {"notify.test", Scope::operate, true, Reach::client, "{channel, recipient?, client?}",
     "{ok, error, duration_ms}"},
    {"notify.retry", Scope::operate, true, Reach::operators, "{ids[]?, channel?}", "{retried}"},
    {"notify.register", Scope::read, true, Reach::notifier, "{public_key}", "{}"},
    {"notify.config", Scope::read, false, Reach::notifier, "{}",
     "{channels[], rules[], templates[]}"},
    {"notify.mark", Scope::read, true, Reach::notifier, "{runs[]: {run, at}}", "{}"},
    {"settings.list", Scope::read, false, Reach::operators, "{}", "{settings{}}"},
    {"settings.set", Scope::admin, true, Reach::operators, "{name, value, client?}",
     "{settings{}}"},
    // Secrets are made by whoever asks; the scheduler gets hashes (access.h).
    {"token.list", Scope::admin, false, Reach::operators, "{}", "{tokens[]}"},
    {"token.put", Scope::admin, true, Reach::operators, "NewToken", "{token}"},
    {"token.remove", Scope::admin, true, Reach::operators, "{id}", "{}"},
    {"user.list", Scope::admin, false, Reach::operators, "{}", "{users[]}"},
    {"user.put", Scope::admin, true, Reach::operators, "{name, create?, first?, ...UserChange}",
     "{user}"},
    {"user.remove", Scope::admin, true, Reach::operators, "{name}", "{}"},
    {"user.password", Scope::read, true, Reach::notifier, "{name, password}", "{}"},
    {"session.put", Scope::read, true, Reach::notifier, "NewSession", "{}"},
    {"session.remove", Scope::read, true, Reach::notifier, "{hash}", "{}"},
    {"access.used", Scope::read, true, Reach::notifier, "{tokens[]: {id, at, address}}", "{}"},
    {"audit.list", Scope::admin, false, Reach::operators, "{limit?, before?}", "{entries[]}"},
    {"system.check", Scope::read, false, Reach::operators, "{}", "{checks[]}"},
    {"system.backup", Scope::admin, false, Reach::operators, "{path}", "{bytes}"},
};

constexpr const Verb* find_verb(std::string_view name) {
  for (const Verb& verb : kVerbs)
    if (verb.name == name) return &verb;
  return nullptr;
}

}  // namespace dray
