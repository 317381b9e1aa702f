// The filters of lists of runs, as they stand in the address, and how pages of answers become one list.
// Pure.

import type { QueryValues } from "./router";

export interface RunFilters {
  text?: string;
  state?: string;
  client?: string;
  job?: string;
  /** Days of the viewer, "2026-12-01"; `to` is included. */
  from?: string;
  to?: string;
  [key: string]: string | undefined;
}

function startOfDay(day: string, plusDays: number): string | null {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(day);
  if (!match) return null;
  const at = new Date(Number(match[1]), Number(match[2]) - 1, Number(match[3]) + plusDays);
  return Number.isNaN(at.getTime()) ? null : at.toISOString();
}

/** What the server is asked; the text is looked for in what came. */
export function runQuery(filters: RunFilters, onlyClient: string): QueryValues {
  return {
    state: filters.state,
    client: onlyClient || filters.client,
    job: filters.job,
    since: startOfDay(filters.from ?? "", 0),
    until: startOfDay(filters.to ?? "", 1),
  };
}

/**
 * Newest first, one row for each run; `fresh` replaces what is known. `top`: it is the newest page, so
 * what is known beyond it stays. `onlyKnown`: a row that is not in the list does not come into it.
 */
export function mergeRuns<T extends { run: number }>(
  known: T[],
  fresh: T[],
  top: boolean,
  onlyKnown = false,
): T[] {
  const rows = new Map(known.map((row) => [row.run, row]));
  const oldest = fresh.at(-1)?.run ?? 0;
  if (top) for (const row of known) if (row.run >= oldest) rows.delete(row.run);
  for (const row of fresh) if (!onlyKnown || rows.has(row.run)) rows.set(row.run, row);
  return [...rows.values()].sort((a, b) => b.run - a.run);
}
