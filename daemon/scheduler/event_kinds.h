// Every kind of event there is and what its body holds, in one table: the journal that operators
// read and the notifier follows. Kinds are append only.
#pragma once

#include <string_view>

#include "daemon/base/log.h"

namespace dray::scheduler {

struct EventKind {
  std::string_view name;
  std::string_view body;            // fields of the JSON object
  std::string_view meaning;         // for the manual
  LogLevel level = LogLevel::info;  // of its line in drayd's log
};

namespace event_kind {
inline constexpr std::string_view kRunQueued = "run.queued";
inline constexpr std::string_view kRunStarted = "run.started";
inline constexpr std::string_view kRunCancelRequested = "run.cancel_requested";
inline constexpr std::string_view kRunRetry = "run.retry";
inline constexpr std::string_view kRunLost = "run.lost";
inline constexpr std::string_view kRunFinished = "run.finished";
inline constexpr std::string_view kRunSkipped = "run.skipped";
inline constexpr std::string_view kRunMissed = "run.missed";
inline constexpr std::string_view kJobCreated = "job.created";
inline constexpr std::string_view kJobChanged = "job.changed";
inline constexpr std::string_view kJobRemoved = "job.removed";
inline constexpr std::string_view kJobBroken = "job.broken";
inline constexpr std::string_view kClientChanged = "client.changed";
inline constexpr std::string_view kSettingsChanged = "settings.changed";
inline constexpr std::string_view kWorkerUp = "worker.up";
inline constexpr std::string_view kWorkerLost = "worker.lost";
inline constexpr std::string_view kWorkerRefused = "worker.refused";
inline constexpr std::string_view kWorkerDrain = "worker.drain";
inline constexpr std::string_view kClockJumped = "clock.jumped";
inline constexpr std::string_view kRunPauseRequested = "run.pause_requested";
inline constexpr std::string_view kRunPaused = "run.paused";
inline constexpr std::string_view kRunResumed = "run.resumed";
inline constexpr std::string_view kRunPriority = "run.priority";
inline constexpr std::string_view kBandwidthCap = "bandwidth.cap";
inline constexpr std::string_view kRunHeld = "run.held";
inline constexpr std::string_view kRunApproved = "run.approved";
inline constexpr std::string_view kRunRejected = "run.rejected";
inline constexpr std::string_view kJobKeyExported = "job.key_exported";
inline constexpr std::string_view kVersionKept = "version.kept";
inline constexpr std::string_view kVersionsPruned = "version.pruned";
}  // namespace event_kind

inline constexpr EventKind kEventKinds[] = {
    {event_kind::kRunQueued, "{trigger, scheduled_at, asked_by?}", "a run waits for its turn",
     LogLevel::debug},
    {event_kind::kRunStarted, "{attempt, worker}", "a worker accepted the run", LogLevel::debug},
    {event_kind::kRunCancelRequested, "{reason, asked_by, state}", "somebody asked for its end"},
    {event_kind::kRunRetry, "{attempt, class, hint, retry_at}", "failed; another attempt follows"},
    {event_kind::kRunLost, "{attempt, worker, why}", "the worker of an attempt is gone",
     LogLevel::warn},
    {event_kind::kRunFinished, "{state, outcome, class, hint, attempt}", "the run has ended"},
    {event_kind::kRunSkipped, "{scheduled_at, reason}", "an occurrence did not become a run"},
    {event_kind::kRunMissed, "{scheduled_at, reason}", "an occurrence passed while we were away"},
    {event_kind::kJobCreated, "{}", "a job is new"},
    {event_kind::kJobChanged, "{enabled, paused}", "a job was changed"},
    {event_kind::kJobRemoved, "{}", "a job was removed"},
    {event_kind::kJobBroken, "{why}", "a job's schedule cannot be computed: it never falls due",
     LogLevel::error},
    {event_kind::kClientChanged, "{weight, max_concurrent_jobs, max_bandwidth_kbps, paused}",
     "a client's shares or caps were changed"},
    {event_kind::kSettingsChanged,
     "{global_max_concurrent_jobs, global_max_bandwidth_kbps, queue_paused, queue_paused_reason}",
     "global settings were changed"},
    {event_kind::kWorkerUp, "{worker, epoch, slots}", "a worker is ready"},
    {event_kind::kWorkerLost, "{worker}", "the connection to a worker is gone", LogLevel::warn},
    {event_kind::kWorkerRefused, "{worker, why}", "a worker was sent away", LogLevel::warn},
    {event_kind::kWorkerDrain, "{worker, drain}", "a worker gets no new runs, or does again"},
    {event_kind::kClockJumped, "{seconds}", "the wall clock was set", LogLevel::warn},
    {event_kind::kRunPauseRequested, "{reason, asked_by, state}", "somebody asked for a pause"},
    {event_kind::kRunPaused, "{reason}", "no process of the run is left; it goes on later"},
    {event_kind::kRunResumed, "{asked_by?}", "a paused run waits for its turn again"},
    {event_kind::kRunPriority, "{priority, before, asked_by}", "a waiting run was moved"},
    {event_kind::kBandwidthCap, "{scope, name, kbps, until?}",
     "another bandwidth cap is in force; kbps 0: none"},
    {event_kind::kRunHeld,
     "{attempt, reason, known_files, source_files, deletes, overwrites, creates}",
     "the run's guard stopped it before anything was changed; a person decides", LogLevel::warn},
    {event_kind::kRunApproved, "{asked_by, reason}", "a held run goes on"},
    {event_kind::kRunRejected, "{asked_by, reason}", "a held run is given up"},
    {event_kind::kJobKeyExported, "{asked_by, again}",
     "somebody was given the passwords of an encrypted job", LogLevel::warn},
    {event_kind::kVersionKept, "{files, bytes, good}", "the state after the run can be restored",
     LogLevel::debug},
    {event_kind::kVersionsPruned, "{files, bytes}", "retention deleted files of earlier states"},
};

constexpr const EventKind* find_event_kind(std::string_view name) {
  for (const EventKind& kind : kEventKinds)
    if (kind.name == name) return &kind;
  return nullptr;
}

}  // namespace dray::scheduler
