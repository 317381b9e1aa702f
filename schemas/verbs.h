// Every REQUEST there is. The scheduler's dispatcher, the broker-side role check, the command line
// and the API all read this one table. Bodies are JSON objects; field names are those of
// schemas/job.h.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace dray {

enum class Scope : uint8_t { read = 1, operate = 2, admin = 3 };

struct Verb {
  std::string_view name;
  Scope scope;
  bool changes;             // writes to the database: audited
  std::string_view body;    // what it takes
  std::string_view answer;  // what it gives
};

inline constexpr Verb kVerbs[] = {
    {"status", Scope::read, false, "{}",
     "{scheduler, counts, running[], queued[], failing[], next[]}"},
    {"client.list", Scope::read, false, "{}", "{clients[]}"},
    {"client.put", Scope::admin, true, "ClientSpec, only the fields to change", "{client}"},
    {"client.remove", Scope::admin, true, "{name}", "{}"},
    {"remote.list", Scope::read, false, "{client?}", "{remotes[]} without settings"},
    // login: "new" or "kept" when the settings hold a login, as an OAuth token is one.
    {"remote.put", Scope::admin, true, "SealedRemote with sealed as base64, {login?}", "{remote}"},
    {"remote.remove", Scope::admin, true, "{name, client?}", "{}"},
    {"remote.test", Scope::operate, false, "{name, client?, path?}", "ProbeResult"},
    {"remote.about", Scope::operate, false, "{name, client?}", "RemoteSpace"},
    {"remote.browse", Scope::operate, false, "{name, client?, path?, files?}", "RemoteEntries"},
    // What the settings become with a sealed patch; remote.put stores it.
    {"remote.merge", Scope::admin, false, "{name, client?, patch}", "MergedRemote"},
    {"remote.types", Scope::read, false, "{type?}", "ProvidersAnswer"},
    {"remote.host_key", Scope::operate, false, "{host, port?}", "HostKeysAnswer"},
    {"seal.key", Scope::read, false, "{}", "{public_key, fingerprint}"},
    {"job.list", Scope::read, false, "{client?, limit?, after?}", "{jobs[]}"},
    {"job.show", Scope::read, false, "{name}", "{job, next_due, last_runs[]}"},
    {"job.put", Scope::operate, true, "JobSpec; {create: bool}: fails if it exists or not",
     "{job}"},
    {"job.import", Scope::operate, true, "{jobs[]}: bodies of job.put; all of them or none",
     "{imported}"},
    {"job.remove", Scope::operate, true, "{name}", "{}"},
    {"job.enable", Scope::operate, true, "{name, enabled}", "{job}"},
    {"job.next", Scope::read, false, "{name, count?, from?}", "{occurrences[]}"},
    {"job.export_key", Scope::admin, true, "{name, public_key, again?}",
     "{sealed, sealed_for}: the job's passwords, sealed to public_key"},
    {"schedule.preview", Scope::read, false, "{schedule, count?, from?}", "{occurrences[]}"},
    {"run.list", Scope::read, false, "{job?, client?, state?, since?, until?, limit?, before?}",
     "{runs[]}"},
    {"run.show", Scope::read, false, "{run}", "{run, attempts[], cancel_requests[], events[]}"},
    {"run.why", Scope::read, false, "{run}", "{run, state, reasons[]}"},
    {"run.approve", Scope::operate, true, "{run, reason?}", "{run, state}"},
    {"run.reject", Scope::operate, true, "{run, reason?}", "{run, state}"},
    {"run.log", Scope::read, false, "{run, attempt?, offset?, max_bytes?}",
     "LogChunk, data as base64"},
    {"version.list", Scope::read, false, "{job}", "{versions[]}"},
    {"version.show", Scope::read, false, "{run}", "{version, deletions[]}"},
    {"version.find", Scope::read, false, "{job, pattern, run?}", "{files[], truncated}"},
    {"version.pin", Scope::operate, true, "{run, reason?}", "{version}"},
    {"version.unpin", Scope::operate, true, "{run}", "{version}"},
    {"retention.preview", Scope::read, false, "{job}", "{versions[]}"},
    {"event.list", Scope::read, false, "{since?, limit?, run?, job?, client?}",
     "{events[], last_sequence}"},
    {"run.pause", Scope::operate, true, "{runs[], reason?}", "{runs[]}"},
    {"run.resume", Scope::operate, true, "{runs[]}", "{runs[]}"},
    {"run.priority", Scope::operate, true, "{run, priority}", "{runs[]}"},
    {"job.pause", Scope::operate, true, "{name, paused, reason?, stop?}", "{runs[]}"},
    {"client.pause", Scope::operate, true, "{name, paused, reason?, stop?}", "{runs[]}"},
    {"queue.pause", Scope::admin, true, "{paused, reason?, stop?}", "{runs[]}"},
    {"bandwidth.show", Scope::read, false, "{}", "{caps[], runs[]}"},
    {"bandwidth.set", Scope::admin, true, "{client? or job?, kbps?, table?}",
     "{scope, name, kbps, table}"},
    {"worker.list", Scope::read, false, "{}", "{workers[]}"},
    {"worker.programs", Scope::read, false, "{name?}", "{hooks[], commands[]}"},
    {"worker.examine", Scope::read, false, "{name}",
     "{sandbox_works, sandbox_problem, sandbox, sandbox_enforced, run_memory, group_limits}"},
    {"worker.drain", Scope::admin, true, "{name, drain}", "{}"},
    {"upload.prepare", Scope::operate, true, "{client?, job?, crypt_key?}",
     "{job}: the upload job that takes files of the client"},
    {"receipt.list", Scope::read, false, "{client?, name?, job?, run?, limit?, before?}",
     "{receipts[]}"},
    {"settings.list", Scope::read, false, "{}", "{settings{}}"},
    {"settings.set", Scope::admin, true, "{name, value, client?}", "{settings{}}"},
    {"audit.list", Scope::admin, false, "{limit?, before?}", "{entries[]}"},
    {"system.check", Scope::read, false, "{}", "{checks[]}"},
    {"system.backup", Scope::admin, false, "{path}", "{bytes}"},
};

constexpr const Verb* find_verb(std::string_view name) {
  for (const Verb& verb : kVerbs)
    if (verb.name == name) return &verb;
  return nullptr;
}

}  // namespace dray
