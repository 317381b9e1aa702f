// When a job runs, with the next ten times as the server computes them.

import { useEffect, useMemo, useState } from "preact/hooks";
import { post } from "../../api/client";
import type {
  MisfirePolicy,
  OccurrencesAnswer,
  OverlapPolicy,
  ScheduleKind,
} from "../../api/contract";
import { scheduleInput, scheduleProblems, timeZones } from "../../core/schedule";
import { useQuery } from "../../state/query";
import { Loading, ProblemNotice } from "../../ui/basics";
import { Choices, NumberField, Select, TextField, Weekdays, type Choice } from "../../ui/form";
import { Occurrences } from "../../ui/occurrences";
import type { StepProps } from "./step";

const kinds: Choice<ScheduleKind>[] = [
  { value: "daily", title: "Daily", text: "Once a day at a time" },
  { value: "weekly", title: "Weekly", text: "On chosen days" },
  { value: "cron", title: "Cron", text: "A line of five fields" },
  { value: "every", title: "Interval", text: "Again and again after some time" },
  { value: "manual", title: "By hand", text: "Only when somebody starts it" },
];

const misfires: [MisfirePolicy, string][] = [
  ["run_once", "Run once, as soon as possible"],
  ["skip", "Skip what was missed"],
  ["run_all", "Run all that were missed"],
];

const overlaps: [OverlapPolicy, string][] = [
  ["skip", "Skip the new one"],
  ["queue_one", "Let one wait"],
  ["cancel_previous", "Cancel the old one"],
  ["allow", "Let both run"],
];

export function ScheduleStep({ job, set, problemOf }: StepProps) {
  const schedule = job.schedule;
  const change = (part: Partial<typeof schedule>) => set({ schedule: { ...schedule, ...part } });
  const zones = useMemo(timeZones, []);
  return (
    <div class="columns wide-narrow">
      <div class="form">
        <Choices
          legend="How often"
          value={schedule.kind}
          choices={kinds}
          onInput={(kind) =>
            change({
              kind,
              at: schedule.at || "02:00",
              weekdays: schedule.weekdays || "sun",
              cron: schedule.cron || "30 2 * * 1-5",
              every_seconds: schedule.every_seconds || 21_600,
            })
          }
        />
        {schedule.kind === "weekly" && (
          <Weekdays
            label="Days"
            value={schedule.weekdays}
            problem={problemOf("schedule.weekdays")}
            onInput={(weekdays) => change({ weekdays })}
          />
        )}
        <div class="form-grid">
          {(schedule.kind === "daily" || schedule.kind === "weekly") && (
            <TextField
              label="Time"
              placeholder="02:30"
              size="short"
              value={schedule.at}
              problem={problemOf("schedule.at")}
              onInput={(at) => change({ at })}
            />
          )}
          {schedule.kind === "cron" && (
            <TextField
              label="Cron line"
              mono
              value={schedule.cron}
              help="Minute, hour, day of the month, month, weekday; or @daily and friends"
              problem={problemOf("schedule.cron")}
              onInput={(cron) => change({ cron })}
            />
          )}
          {schedule.kind === "every" && (
            <EveryField
              seconds={schedule.every_seconds}
              problem={problemOf("schedule.every_seconds")}
              onInput={(every_seconds) => change({ every_seconds })}
            />
          )}
          {schedule.kind !== "manual" && schedule.kind !== "every" && (
            <TextField
              label="Time zone"
              value={schedule.time_zone}
              suggestions={zones}
              problem={problemOf("schedule.time_zone")}
              help="Type a city: Oslo, New_York"
              onInput={(time_zone) => change({ time_zone })}
            />
          )}
        </div>
        {schedule.kind !== "manual" && (
          <div class="section form-grid">
            <Select
              label="After downtime"
              value={job.misfire}
              options={misfires}
              onInput={(misfire) => set({ misfire })}
            />
            {job.misfire === "run_all" && (
              <NumberField
                label="At most so many"
                value={job.misfire_max}
                min={1}
                max={1000}
                problem={problemOf("misfire_max")}
                onInput={(misfire_max) => set({ misfire_max })}
              />
            )}
            <Select
              label="When the last run is not over yet"
              value={job.overlap}
              problem={problemOf("overlap")}
              options={overlaps}
              onInput={(overlap) =>
                set({
                  overlap,
                  max_concurrent: overlap === "allow" ? Math.max(2, job.max_concurrent) : 1,
                })
              }
            />
            {job.overlap === "allow" && (
              <NumberField
                label="Runs at the same time"
                value={job.max_concurrent}
                min={1}
                max={100}
                problem={problemOf("max_concurrent")}
                onInput={(max_concurrent) => set({ max_concurrent })}
              />
            )}
          </div>
        )}
      </div>
      {schedule.kind !== "manual" && <Preview schedule={schedule} />}
    </div>
  );
}

const everyUnits: [string, string][] = [
  ["60", "minutes"],
  ["3600", "hours"],
  ["86400", "days"],
];

function EveryField(props: {
  seconds: number;
  problem: string;
  onInput: (seconds: number) => void;
}) {
  const fitting = [...everyUnits].reverse().find(([size]) => props.seconds % Number(size) === 0);
  const unit = fitting?.[0] ?? "60";
  const count = props.seconds / Number(unit);
  return (
    <NumberField
      label="Every"
      value={count}
      min={1}
      problem={props.problem}
      onInput={(next) => props.onInput(Math.round(next * Number(unit)))}
      behind={
        <select
          class="input short"
          aria-label="Unit of the interval"
          value={unit}
          onInput={(event) => props.onInput(count * Number(event.currentTarget.value))}
        >
          {everyUnits.map(([size, name]) => (
            <option key={size} value={size}>
              {name}
            </option>
          ))}
        </select>
      }
    />
  );
}

/** Waits until nobody types any more. */
function useSettled<T>(value: T, ms: number): T {
  const [settled, setSettled] = useState(value);
  const text = JSON.stringify(value);
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(value), ms);
    return () => window.clearTimeout(timer);
  }, [text]);
  return settled;
}

function Preview({ schedule }: { schedule: StepProps["job"]["schedule"] }) {
  const settled = useSettled(schedule, 300);
  const good = Object.keys(scheduleProblems(settled)).length === 0;
  const asked = scheduleInput(settled);
  const preview = useQuery(good ? `preview/${JSON.stringify(asked)}` : null, () =>
    post<OccurrencesAnswer>("/schedules/preview", { schedule: asked, count: 10 }),
  );
  return (
    <section class="stack tight" aria-label="The next ten runs">
      <h3>The next ten runs</h3>
      {preview.data ? (
        <Occurrences occurrences={preview.data.occurrences} zone={settled.time_zone} />
      ) : preview.problem ? (
        <ProblemNotice problem={preview.problem} what="This schedule does not work" />
      ) : good ? (
        <Loading />
      ) : (
        <p class="muted">They are shown when the schedule is complete.</p>
      )}
    </section>
  );
}
