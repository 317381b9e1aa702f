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
    {"remote.put", Scope::admin, true, "SealedRemote with sealed as base64", "{remote}"},
    {"remote.remove", Scope::admin, true, "{name, client?}", "{}"},
    {"remote.test", Scope::operate, false, "{name, client?, path?}", "ProbeResult"},
    {"seal.key", Scope::read, false, "{}", "{public_key, fingerprint}"},
    {"job.list", Scope::read, false, "{client?, limit?, after?}", "{jobs[]}"},
    {"job.show", Scope::read, false, "{name}", "{job, next_due, last_runs[]}"},
    {"job.put", Scope::operate, true, "JobSpec; {create: bool}: fails if it exists or not",
     "{job}"},
    {"job.remove", Scope::operate, true, "{name}", "{}"},
    {"job.enable", Scope::operate, true, "{name, enabled}", "{job}"},
    {"job.next", Scope::read, false, "{name, count?, from?}", "{occurrences[]}"},
    {"schedule.preview", Scope::read, false, "{schedule, count?, from?}", "{occurrences[]}"},
    {"run.list", Scope::read, false, "{job?, client?, state?, since?, until?, limit?, before?}",
     "{runs[]}"},
    {"run.show", Scope::read, false, "{run}", "{run, attempts[], cancel_requests[], events[]}"},
    {"run.why", Scope::read, false, "{run}", "{run, state, reasons[]}"},
    {"run.log", Scope::read, false, "{run, attempt?, offset?, max_bytes?}",
     "LogChunk, data as base64"},
    {"event.list", Scope::read, false, "{since?, limit?, run?, job?, client?}",
     "{events[], last_sequence}"},
    {"worker.list", Scope::read, false, "{}", "{workers[]}"},
    {"worker.drain", Scope::admin, true, "{name, drain}", "{}"},
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
