// The life of a run. Wire and database values: append only, never renumber.
//
//             ┌────────────── retry_wait ◄──────────────┐ (backoff, attempt + 1)
//             ▼                                          │
//  queued ─► assigned ─► starting ─► running ─► validating ─► finishing ─► succeeded | warning |
//  failed
//    │          │           │          │             │            │
//    │          └── offer withdrawn ───┴─ worker lost ┘            │
//    ├─► held (needs approval)                                     │
//    └─► cancelling ◄──── cancel at any point ─────────────────────┘ ─► cancelled
//  terminal without running: skipped (overlap, disabled), missed (downtime, by policy)
//  paused: stopped on request, resumes as the next attempt of the same run
//
// `assigned` lives in memory only: an offer that nobody accepted is worth nothing after a restart,
// so the stored state stays `queued` until the ACCEPT is committed as `starting`.
#pragma once

#include <cstdint>

#include "daemon/base/enum_names.h"

namespace dray {

enum class RunState : uint8_t {
  queued = 1,
  assigned = 2,
  starting = 3,
  running = 4,
  validating = 5,
  finishing = 6,
  retry_wait = 7,
  held = 8,
  paused = 9,
  cancelling = 10,
  succeeded = 20,
  warning = 21,
  failed = 22,
  cancelled = 23,
  skipped = 24,
  missed = 25,
};

template <>
struct EnumNames<RunState> {
  static constexpr std::string_view kWhat = "run state";
  static constexpr EnumRow<RunState> kRows[] = {
      {RunState::queued, "queued"},         {RunState::assigned, "assigned"},
      {RunState::starting, "starting"},     {RunState::running, "running"},
      {RunState::validating, "validating"}, {RunState::finishing, "finishing"},
      {RunState::retry_wait, "retry_wait"}, {RunState::held, "held"},
      {RunState::paused, "paused"},         {RunState::cancelling, "cancelling"},
      {RunState::succeeded, "succeeded"},   {RunState::warning, "warning"},
      {RunState::failed, "failed"},         {RunState::cancelled, "cancelled"},
      {RunState::skipped, "skipped"},       {RunState::missed, "missed"},
  };
};

constexpr bool is_terminal(RunState state) {
  return state >= RunState::succeeded;
}
// A worker holds, or may hold, processes of the run.
constexpr bool is_on_worker(RunState state) {
  return state == RunState::starting || state == RunState::running ||
         state == RunState::validating || state == RunState::finishing ||
         state == RunState::cancelling;
}

// The only moves there are. A terminal state absorbs.
constexpr bool can_move(RunState from, RunState to) {
  using enum RunState;
  struct Move {
    RunState from;
    RunState to;
  };
  constexpr Move kMoves[] = {
      {queued, assigned},      {queued, starting},       {queued, held},
      {queued, paused},        {queued, cancelled},      {queued, skipped},
      {queued, missed},        {queued, failed},         {assigned, failed},
      {assigned, starting},    {assigned, queued},       {assigned, cancelled},
      {assigned, paused},      {starting, running},      {starting, validating},
      {starting, finishing},   {starting, cancelling},   {starting, retry_wait},
      {starting, queued},      {starting, paused},       {starting, succeeded},
      {starting, warning},     {starting, failed},       {starting, cancelled},
      {starting, held},        {running, validating},    {running, finishing},
      {running, cancelling},   {running, retry_wait},    {running, queued},
      {running, paused},       {running, held},          {running, succeeded},
      {running, warning},      {running, failed},        {running, cancelled},
      {validating, finishing}, {validating, cancelling}, {validating, retry_wait},
      {validating, queued},    {validating, succeeded},  {validating, warning},
      {validating, failed},    {validating, cancelled},  {finishing, cancelling},
      {finishing, retry_wait}, {finishing, queued},      {finishing, succeeded},
      {finishing, warning},    {finishing, failed},      {finishing, cancelled},
      {retry_wait, queued},    {retry_wait, assigned},   {retry_wait, starting},
      {retry_wait, cancelled}, {retry_wait, paused},     {retry_wait, failed},
      {held, queued},          {held, cancelled},        {held, failed},
      {paused, queued},        {paused, cancelled},      {cancelling, cancelled},
      {cancelling, succeeded}, {cancelling, warning},    {cancelling, failed},
      {validating, paused},    {finishing, paused},      {validating, held},
      {finishing, held},
  };
  for (const Move& move : kMoves)
    if (move.from == from && move.to == to) return true;
  return false;
}

}  // namespace dray
