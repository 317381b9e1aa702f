// Geometry of the plots. Pure.

export interface Point {
  at: number;
  value: number;
}

/** The last points of a curve over time, thinned: pictures come faster than anybody can see. */
export class Series {
  readonly points: Point[] = [];

  constructor(
    private readonly spanMs: number,
    private readonly stepMs: number,
  ) {}

  add(at: number, value: number): boolean {
    const last = this.points.at(-1);
    if (last && at - last.at < this.stepMs) {
      last.value = value;
      return false;
    }
    this.points.push({ at, value });
    while (this.points[0] && at - this.points[0].at > this.spanMs) this.points.shift();
    return true;
  }
}

/** 1, 2 or 5 times a power of two thousand-and-twenty-four: a top that reads well. */
export function niceTop(value: number): number {
  if (value <= 0) return 1024;
  let unit = 1;
  while (value / unit >= 1024) unit *= 1024;
  const count = value / unit;
  for (const step of [1, 2, 5, 10, 20, 50, 100, 200, 500, 1024])
    if (count <= step) return step * unit;
  return 1024 * unit;
}

/** "M0 40L10 35..." of points in a box; `from` and `to` are the ends of time. */
export function linePath(
  points: Point[],
  box: { width: number; height: number },
  from: number,
  to: number,
  top: number,
): string {
  const span = Math.max(1, to - from);
  return points
    .map((point, index) => {
      const x = ((point.at - from) / span) * box.width;
      const y = box.height - (Math.min(point.value, top) / top) * box.height;
      return `${index === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join("");
}

export interface DayOutcome {
  /** "2026-12-01" */
  day: string;
  good: number;
  warn: number;
  bad: number;
  other: number;
}

const columns: Record<string, "good" | "warn" | "bad"> = {
  succeeded: "good",
  warning: "warn",
  missed: "warn",
  failed: "bad",
};

/** Outcomes by day of the zone, the newest day last, days without runs included. */
export function outcomesByDay(
  runs: { state: string; scheduled_at: string | null }[],
  days: number,
  now: number,
  dayOf: (at: number) => string,
): DayOutcome[] {
  const all = new Map<string, DayOutcome>();
  for (let back = days - 1; back >= 0; back -= 1) {
    const day = dayOf(now - back * 86_400_000);
    all.set(day, { day, good: 0, warn: 0, bad: 0, other: 0 });
  }
  for (const run of runs) {
    if (!run.scheduled_at) continue;
    const day = all.get(dayOf(Date.parse(run.scheduled_at)));
    if (day) day[columns[run.state] ?? "other"] += 1;
  }
  return [...all.values()];
}

export function worstOf(day: DayOutcome): "good" | "warn" | "bad" | "none" {
  if (day.bad) return "bad";
  if (day.warn) return "warn";
  return day.good ? "good" : "none";
}
