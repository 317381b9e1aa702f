// Where files come from and where they go.

import { Check, NumberField } from "../../ui/form";
import { PlacePicker } from "../../ui/place_picker";
import { Notice } from "../../ui/basics";
import type { StepProps } from "./step";

export function SourceStep({ job, set, problemOf }: StepProps) {
  return (
    <div class="form">
      <PlacePicker
        what="source"
        client={job.client}
        value={job.source}
        problem={problemOf("source")}
        onInput={(source) => set({ source })}
      />
    </div>
  );
}

export function DestinationStep({ job, set, isNew, problemOf }: StepProps) {
  return (
    <div class="form">
      <PlacePicker
        what="destination"
        client={job.client}
        value={job.destination}
        problem={problemOf("destination")}
        onInput={(destination) => set({ destination })}
      />
      <div class="section">
        <Check
          label="Encrypt what is stored"
          help="Names and contents are encrypted on the worker before they leave it. The passwords are made here and kept for the job."
          value={job.encryption}
          onInput={(encryption) => set({ encryption })}
        />
        {job.encryption && (
          <Notice tone="warn" title="Keep a copy of the passwords">
            Without them nobody can read the data, with or without Drayage. An administrator gets
            them with <code>dray job export-key</code>.
          </Notice>
        )}
        {job.encryption && !isNew && (
          <p class="muted small">What was stored before this was switched on stays as it is.</p>
        )}
      </div>
      {job.kind === "archive" && <ArchivePart job={job} set={set} problemOf={problemOf} />}
    </div>
  );
}

const gib = 2 ** 30;

function ArchivePart({ job, set, problemOf }: Pick<StepProps, "job" | "set" | "problemOf">) {
  const archive = job.archive;
  return (
    <div class="section">
      <h3>Archive</h3>
      <div class="form-grid">
        <NumberField
          label="Compression"
          help="1 is fast, 19 is small; 3 suits most."
          value={archive.level}
          min={1}
          max={19}
          problem={problemOf("archive.level")}
          onInput={(level) => set({ archive: { ...archive, level } })}
        />
        <NumberField
          label="Cut into volumes of"
          help="0: one file, as large as the destination takes"
          behind={<span class="muted">GiB</span>}
          value={archive.volume_bytes / gib}
          min={0}
          step={0.5}
          problem={problemOf("archive.volume_bytes")}
          onInput={(size) => set({ archive: { ...archive, volume_bytes: Math.round(size * gib) } })}
        />
      </div>
    </div>
  );
}
