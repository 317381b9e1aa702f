// Tables and texts about runs that several commands show. Pure.
#pragma once

#include <string>
#include <vector>

#include "daemon/base/time.h"
#include "ops/table.h"
#include "schemas/answers_runs.h"

namespace dray::ops {

// For a sentence: foreign text, made safe.
std::string clean_name(std::string_view name);

Table run_table(const std::vector<RunView>& runs, WallTime now);

// "succeeded: 1.21 GiB in 300 files, 12 deleted, took 2m 05s".
std::string outcome_text(const RunView& run);

// What a run did, or while it is on a worker: how far it is. "" before its first attempt.
std::string counts_text(const RunView& run);

// One event for people: "2026-11-20 05:47:03  run.finished  photos  run 42  succeeded".
std::string event_line(const EventView& event, bool colour);

}  // namespace dray::ops
