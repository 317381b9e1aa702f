// How much of the line, of time and of the machine a job may use.

import { BandwidthTableFields } from "../../ui/bandwidth_table";
import { Button } from "../../ui/basics";
import { NumberField, RateField, TextField, Weekdays } from "../../ui/form";
import type { StepProps } from "./step";

export function LimitsStep({ job, set, problemOf }: StepProps) {
  return (
    <div class="form">
      <Bandwidth job={job} set={set} problemOf={problemOf} />
      <Windows job={job} set={set} problemOf={problemOf} />
      <Work job={job} set={set} problemOf={problemOf} />
    </div>
  );
}

type PartProps = Pick<StepProps, "job" | "set" | "problemOf">;

function Bandwidth({ job, set, problemOf }: PartProps) {
  return (
    <div class="section">
      <h3>Bandwidth</h3>
      <p class="soft small">
        Changes reach a running transfer at once. What others leave free is used.
      </p>
      {!job.bandwidth_table.rows.length && (
        <RateField
          label="At most"
          help="0: no cap of its own"
          value={job.bandwidth_kbps}
          problem={problemOf("bandwidth_kbps")}
          onInput={(bandwidth_kbps) => set({ bandwidth_kbps })}
        />
      )}
      <h3>By time of the week</h3>
      <BandwidthTableFields
        table={job.bandwidth_table}
        onInput={(bandwidth_table) => set({ bandwidth_table })}
        problemOf={(field) => problemOf(`bandwidth_table.${field}`)}
      />
    </div>
  );
}

function Windows({ job, set, problemOf }: PartProps) {
  const limits = job.limits;
  const change = (windows: typeof limits.windows) => set({ limits: { ...limits, windows } });
  return (
    <div class="section">
      <h3>When it may run</h3>
      <p class="soft small">
        {limits.windows.length
          ? "Outside these times its runs wait, and what runs is paused."
          : "At any time. Add times to keep it out of working hours."}
      </p>
      {limits.windows.map((window, index) => (
        <div class="week-row" key={index}>
          <Weekdays
            label="Days"
            value={window.weekdays}
            problem={problemOf(`limits.windows[${index}].weekdays`)}
            onInput={(weekdays) =>
              change(limits.windows.map((one, i) => (i === index ? { ...one, weekdays } : one)))
            }
          />
          <TextField
            label="From"
            size="short"
            value={window.from}
            problem={problemOf(`limits.windows[${index}].from`)}
            onInput={(from) =>
              change(limits.windows.map((one, i) => (i === index ? { ...one, from } : one)))
            }
          />
          <TextField
            label="To"
            size="short"
            value={window.to}
            onInput={(to) =>
              change(limits.windows.map((one, i) => (i === index ? { ...one, to } : one)))
            }
          />
          <Button
            kind="quiet"
            icon="trash"
            label={`Remove time ${index + 1}`}
            onClick={() => change(limits.windows.filter((_, i) => i !== index))}
          />
        </div>
      ))}
      <div>
        <Button
          icon="plus"
          onClick={() =>
            change([...limits.windows, { weekdays: "daily", from: "20:00", to: "06:00" }])
          }
        >
          Add a time
        </Button>
      </div>
    </div>
  );
}

const mebibyte = 1 << 20;

function Work({ job, set, problemOf }: PartProps) {
  const { options, limits, retry } = job;
  return (
    <div class="section">
      <h3>Work</h3>
      <div class="form-grid">
        <NumberField
          label="Files at the same time"
          value={options.transfers}
          min={1}
          max={256}
          problem={problemOf("options.transfers")}
          onInput={(transfers) => set({ options: { ...options, transfers } })}
        />
        <NumberField
          label="Comparisons at the same time"
          value={options.checkers}
          min={1}
          max={1024}
          problem={problemOf("options.checkers")}
          onInput={(checkers) => set({ options: { ...options, checkers } })}
        />
        <NumberField
          label="Priority"
          help="-100 to 100; one point is five minutes of waiting"
          value={job.priority}
          min={-100}
          max={100}
          problem={problemOf("priority")}
          onInput={(priority) => set({ priority })}
        />
        <NumberField
          label="Stop after"
          help="0: no limit"
          behind={<span class="muted">hours</span>}
          value={limits.max_duration_seconds / 3600}
          min={0}
          step={0.5}
          problem={problemOf("limits.max_duration_seconds")}
          onInput={(hours) =>
            set({ limits: { ...limits, max_duration_seconds: Math.round(hours * 3600) } })
          }
        />
        <NumberField
          label="Memory"
          help="Of a run's processes; 0: what the worker gives"
          behind={<span class="muted">MiB</span>}
          value={Math.round(limits.memory_bytes / mebibyte)}
          min={0}
          problem={problemOf("limits.memory_bytes")}
          onInput={(mebibytes) =>
            set({ limits: { ...limits, memory_bytes: Math.round(mebibytes) * mebibyte } })
          }
        />
        <NumberField
          label="Processor"
          help="100: one processor; 0: what the worker gives"
          behind={<span class="muted">%</span>}
          value={limits.cpu_percent}
          min={0}
          problem={problemOf("limits.cpu_percent")}
          onInput={(cpu_percent) => set({ limits: { ...limits, cpu_percent } })}
        />
        <NumberField
          label="Stalled after"
          help="Nothing moves for so long: stop and try again. 0: never"
          behind={<span class="muted">minutes</span>}
          value={options.stall_seconds / 60}
          min={0}
          problem={problemOf("options.stall_seconds")}
          onInput={(minutes) =>
            set({ options: { ...options, stall_seconds: Math.round(minutes * 60) } })
          }
        />
        <NumberField
          label="Attempts"
          help="After an error that may pass"
          value={retry.max_attempts}
          min={1}
          max={100}
          problem={problemOf("retry.max_attempts")}
          onInput={(max_attempts) => set({ retry: { ...retry, max_attempts } })}
        />
      </div>
    </div>
  );
}
