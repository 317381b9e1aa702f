// How the runs of a time went, for the overview. Pure.

import type { RunView } from "../api/contract";
import { isTerminal } from "./run_state";

export interface DayStats {
  ended: number;
  good: number;
  warned: number;
  failed: number;
  missed: number;
  bytes: number;
  /** 0 to 100; null: nothing ended. Cancelled and skipped runs do not count. */
  successPercent: number | null;
}

export function dayStats(runs: RunView[]): DayStats {
  const stats: DayStats = {
    ended: 0,
    good: 0,
    warned: 0,
    failed: 0,
    missed: 0,
    bytes: 0,
    successPercent: null,
  };
  for (const run of runs) {
    stats.bytes += run.bytes;
    if (!isTerminal(run.state) || run.dry_run) continue;
    stats.ended += 1;
    if (run.state === "succeeded") stats.good += 1;
    if (run.state === "warning") stats.warned += 1;
    if (run.state === "failed") stats.failed += 1;
    if (run.state === "missed") stats.missed += 1;
  }
  const judged = stats.good + stats.warned + stats.failed + stats.missed;
  if (judged) stats.successPercent = ((stats.good + stats.warned) / judged) * 100;
  return stats;
}
