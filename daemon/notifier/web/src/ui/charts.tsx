// Plots in SVG: the speed of a run, sizes over time, a calendar of outcomes. Each says in words what it
// shows.

import type { ComponentChildren } from "preact";
import { linePath, niceTop, worstOf, type DayOutcome, type Point } from "../core/chart";
import { bytesText, plural, rateText } from "../core/format";

const box = { width: 600, height: 120 };

/** The frame of a plot: an axis from `top` to 0, and the words for those who do not see it. */
function Plot(props: {
  top: number;
  text: (value: number) => string;
  label: string;
  children: ComponentChildren;
}) {
  return (
    <figure class="chart">
      <div class="chart-y" aria-hidden="true">
        <span>{props.text(props.top)}</span>
        <span>{props.text(props.top / 2)}</span>
        <span>0</span>
      </div>
      <svg
        viewBox={`0 0 ${box.width} ${box.height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={props.label}
      >
        <path class="grid" d={`M0 ${box.height / 2}H${box.width}`} />
        {props.children}
      </svg>
    </figure>
  );
}

const most = (values: number[]): number => values.reduce((top, value) => Math.max(top, value), 0);

/** Bytes per second over the last minutes. */
export function SpeedChart({ points, spanMs }: { points: Point[]; spanMs: number }) {
  const to = points.at(-1)?.at ?? 0;
  const from = Math.max(to - spanMs, points[0]?.at ?? 0);
  const largest = most(points.map((point) => point.value));
  const top = niceTop(largest);
  const line = points.length > 1 ? linePath(points, box, from, to, top) : "";
  const label = `Speed, now ${rateText(points.at(-1)?.value ?? 0)}, at most ${rateText(largest)}`;
  return (
    <Plot top={top} text={rateText} label={label}>
      {line && <path class="area" d={`${line}L${box.width} ${box.height}L0 ${box.height}Z`} />}
      {line && <path class="line" d={line} />}
    </Plot>
  );
}

export interface Bar {
  label: string;
  value: number;
  tone: string;
}

/** One bar for each run, the oldest first. */
export function BarChart({ bars, what }: { bars: Bar[]; what: string }) {
  const largest = most(bars.map((bar) => bar.value));
  const top = Math.max(1, largest);
  const width = box.width / Math.max(bars.length, 24);
  const label = `${what} of ${plural(bars.length, "run")}, at most ${bytesText(largest)}`;
  return (
    <Plot top={top} text={bytesText} label={label}>
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
    </Plot>
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
