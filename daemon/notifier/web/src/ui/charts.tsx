// Plots in SVG: the speed of a run, sizes over time, a calendar of outcomes. Each says in words what it
// shows.

import { linePath, niceTop, worstOf, type DayOutcome, type Point } from "../core/chart";
import { bytesText, plural, rateText } from "../core/format";

const box = { width: 600, height: 120 };

/** Bytes per second over the last minutes. */
export function SpeedChart({ points, spanMs }: { points: Point[]; spanMs: number }) {
  const to = points.at(-1)?.at ?? 0;
  const from = Math.max(to - spanMs, points[0]?.at ?? 0);
  const top = niceTop(Math.max(0, ...points.map((point) => point.value)));
  const line = points.length > 1 ? linePath(points, box, from, to, top) : "";
  const now = points.at(-1)?.value ?? 0;
  return (
    <figure class="chart">
      <div class="chart-y" aria-hidden="true">
        <span>{rateText(top)}</span>
        <span>{rateText(top / 2)}</span>
        <span>0</span>
      </div>
      <svg
        viewBox={`0 0 ${box.width} ${box.height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Speed, now ${rateText(now)}, at most ${rateText(Math.max(0, ...points.map((p) => p.value)))}`}
      >
        <path class="grid" d={`M0 ${box.height / 2}H${box.width}`} />
        {line && <path class="area" d={`${line}L${box.width} ${box.height}L0 ${box.height}Z`} />}
        {line && <path class="line" d={line} />}
      </svg>
    </figure>
  );
}

export interface Bar {
  label: string;
  value: number;
  tone: string;
}

/** One bar for each run, the oldest first. */
export function BarChart({ bars, what }: { bars: Bar[]; what: string }) {
  const top = Math.max(1, ...bars.map((bar) => bar.value));
  const width = box.width / Math.max(bars.length, 24);
  const largest = bars.reduce((most, bar) => Math.max(most, bar.value), 0);
  return (
    <figure class="chart">
      <div class="chart-y" aria-hidden="true">
        <span>{bytesText(top)}</span>
        <span>{bytesText(top / 2)}</span>
        <span>0</span>
      </div>
      <svg
        viewBox={`0 0 ${box.width} ${box.height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${what} of ${plural(bars.length, "run")}, at most ${bytesText(largest)}`}
      >
        <path class="grid" d={`M0 ${box.height / 2}H${box.width}`} />
        {bars.map((bar, index) => {
          const height = Math.max(bar.value > 0 ? 2 : 1, (bar.value / top) * box.height);
          return (
            <rect
              key={index}
              class={`column ${bar.tone}`}
              x={index * width + width * 0.12}
              y={box.height - height}
              width={width * 0.76}
              height={height}
            >
              <title>{bar.label}</title>
            </rect>
          );
        })}
      </svg>
    </figure>
  );
}

/** A few small bars inside a row of a table. */
export function Trend({ values, what }: { values: number[]; what: string }) {
  if (values.length < 2) return <span class="muted">–</span>;
  const top = Math.max(1, ...values);
  const width = 72 / Math.max(values.length, 8);
  return (
    <svg
      class="trend"
      viewBox="0 0 72 20"
      role="img"
      aria-label={`${what}: ${values.slice(-4).map(bytesText).join(", ")}`}
    >
      {values.map((value, index) => {
        const height = Math.max(1.5, (value / top) * 20);
        return (
          <rect
            key={index}
            class="column"
            x={index * width + 0.6}
            y={20 - height}
            width={width - 1.2}
            height={height}
          >
            <title>{bytesText(value)}</title>
          </rect>
        );
      })}
    </svg>
  );
}

const words = {
  good: "succeeded",
  warn: "with warnings or missed",
  bad: "failed",
  other: "other",
} as const;

function dayText(day: DayOutcome): string {
  const parts = (["bad", "warn", "good", "other"] as const)
    .filter((key) => day[key])
    .map((key) => `${day[key]} ${words[key]}`);
  return `${day.day}: ${parts.length ? parts.join(", ") : "no runs"}`;
}

/** One square for each day. */
export function OutcomeCalendar({ days }: { days: DayOutcome[] }) {
  return (
    <ol class="calendar plain" aria-label="Outcomes by day">
      {days.map((day) => (
        <li key={day.day} class={`day-square ${worstOf(day)}`} title={dayText(day)}>
          <span class="hidden-text">{dayText(day)}</span>
        </li>
      ))}
    </ol>
  );
}
