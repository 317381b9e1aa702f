// What protects and proves the copy: versions and how long they are kept, the guard, validation, drills,
// hooks.

import { at, get } from "../../api/client";
import type {
  DrillPeriod,
  FailureAction,
  HookCall,
  Layout,
  ProgramsAnswer,
  RetentionPreviewAnswer,
  ValidationMode,
} from "../../api/contract";
import { keepsVersions, writesObjects } from "../../core/job_form";
import { useQuery } from "../../state/query";
import { Bytes, Button, Notice, ProblemNotice, Time } from "../../ui/basics";
import { Table } from "../../ui/table";
import { Check, Choices, NumberField, Select, TextField, type Choice } from "../../ui/form";
import type { StepProps } from "./step";

const layouts: Choice<Layout>[] = [
  {
    value: "versioned",
    title: "With versions",
    text: "What is replaced or deleted is kept, and can be restored.",
  },
  {
    value: "mirror",
    title: "Plain mirror",
    text: "Files lie straight in the folder; nothing older is kept.",
  },
];

const modes: Choice<ValidationMode>[] = [
  { value: "size", title: "Sizes", text: "Every file is there with its size. Fast." },
  { value: "hash", title: "Hashes", text: "Contents, by hashes that both sides know." },
  { value: "sample", title: "Sample", text: "Every byte of some files, others each run." },
  { value: "download", title: "Everything", text: "Every byte of both sides is read." },
  { value: "none", title: "Nothing", text: "The result is not proven." },
];

type PartProps = Pick<StepProps, "job" | "set" | "problemOf">;

export function SafetyStep(props: StepProps) {
  const { job } = props;
  return (
    <div class="form">
      {writesObjects(job.kind) && <LayoutPart {...props} />}
      {keepsVersions(job) && <RetentionPart {...props} />}
      {writesObjects(job.kind) && <GuardPart {...props} />}
      {job.kind !== "command" && job.kind !== "upload" && job.kind !== "move" && (
        <ValidationPart {...props} />
      )}
      {job.kind !== "upload" && <Hooks {...props} />}
    </div>
  );
}

function LayoutPart({ job, set, problemOf }: PartProps) {
  return (
    <div class="section">
      <h3>How it is stored</h3>
      <Choices
        legend="How it is stored"
        value={job.layout}
        choices={layouts}
        onInput={(layout) => set({ layout, versions_path: "" })}
      />
      {job.layout === "mirror" && (
        <TextField
          label="Folder for versions"
          help="remote:path on the destination's remote; empty: none are kept"
          value={job.versions_path}
          problem={problemOf("versions_path")}
          mono
          onInput={(versions_path) => set({ versions_path })}
        />
      )}
    </div>
  );
}

function RetentionPart({ job, set, isNew, problemOf }: StepProps) {
  const retention = job.retention;
  const change = (part: Partial<typeof retention>) => set({ retention: { ...retention, ...part } });
  const none = !retention.keep_last_n && !retention.keep_days;
  return (
    <div class="section">
      <h3>How long versions are kept</h3>
      <div class="form-grid">
        <NumberField
          label="Keep the last"
          help="0: no rule"
          behind={<span class="muted">runs</span>}
          value={retention.keep_last_n}
          min={0}
          problem={problemOf("retention.keep_last_n")}
          onInput={(keep_last_n) => change({ keep_last_n })}
        />
        <NumberField
          label="Keep for"
          help="0: no rule"
          behind={<span class="muted">days</span>}
          value={retention.keep_days}
          min={0}
          problem={problemOf("retention.keep_days")}
          onInput={(keep_days) => change({ keep_days })}
        />
        <NumberField
          label="Never fewer than"
          behind={<span class="muted">good copies</span>}
          value={retention.floor}
          min={1}
          problem={problemOf("retention.floor")}
          onInput={(floor) => change({ floor })}
        />
      </div>
      <p class="soft small">
        {none
          ? "Without a rule every version is kept."
          : retention.keep_last_n && retention.keep_days
            ? "A version goes only when both rules let it go, and only after a run that was validated."
            : "A version goes only after a run that was validated."}
      </p>
      {!isNew && <RetentionPreview job={job.name} />}
      <Select
        label="Restore drill"
        help="A sample is restored, compared and removed again, after a good run."
        value={job.restore_drill}
        problem={problemOf("restore_drill")}
        options={(["never", "daily", "weekly", "monthly"] as DrillPeriod[]).map(
          (one): [DrillPeriod, string] => [one, one],
        )}
        onInput={(restore_drill) => set({ restore_drill })}
      />
    </div>
  );
}

/** By the rules as they are stored. */
export function RetentionPreview({ job }: { job: string }) {
  const preview = useQuery(`retention/${job}`, (signal) =>
    get<RetentionPreviewAnswer>(at("jobs", job, "retention"), {}, signal),
  );
  const rows = preview.data?.versions ?? [];
  return (
    <details class="more">
      <summary>What the stored rules would do now</summary>
      <ProblemNotice
        problem={preview.problem}
        what="The preview could not be made"
        retry={preview.reload}
      />
      {rows.length ? (
        <Table head={["Version", "Of", "Would be", "Why", ["Size", "num"]]} wide>
          {rows.map((row) => (
            <tr key={row.run}>
              <td>run {row.run}</td>
              <td>
                <Time at={row.at} />
              </td>
              <td>{row.keep ? "kept" : "removed"}</td>
              <td>{row.why}</td>
              <td class="num">
                <Bytes value={row.bytes} />
              </td>
            </tr>
          ))}
        </Table>
      ) : (
        preview.data && <p class="muted">There are no versions yet.</p>
      )}
    </details>
  );
}

function GuardPart({ job, set, problemOf }: PartProps) {
  const guard = job.guard;
  const change = (part: Partial<typeof guard>) => set({ guard: { ...guard, ...part } });
  return (
    <div class="section">
      <h3>Guard: ask a person before unusual changes</h3>
      <Check
        label="When the source is empty although it was not"
        value={guard.empty_source}
        onInput={(empty_source) => change({ empty_source })}
      />
      <div class="form-grid">
        <NumberField
          label="When more would be deleted or replaced than"
          help="100: never"
          behind={<span class="muted">% of the files</span>}
          value={guard.max_delete_percent}
          min={0}
          max={100}
          problem={problemOf("guard.max_delete_percent")}
          onInput={(max_delete_percent) => change({ max_delete_percent })}
        />
        <NumberField
          label="But not for fewer replaced files than"
          value={guard.min_overwrites}
          min={0}
          problem={problemOf("guard.min_overwrites")}
          onInput={(min_overwrites) => change({ min_overwrites })}
        />
        <NumberField
          label="Stop when more files are deleted than"
          help="-1: no limit"
          value={job.options.max_delete}
          min={-1}
          problem={problemOf("options.max_delete")}
          onInput={(max_delete) => set({ options: { ...job.options, max_delete } })}
        />
      </div>
      <Check
        label="Learn from earlier runs"
        help="What approved or earlier runs changed is not unusual."
        value={guard.learn}
        onInput={(learn) => change({ learn })}
      />
    </div>
  );
}

function ValidationPart({ job, set, problemOf }: PartProps) {
  const validation = job.validation;
  const change = (part: Partial<typeof validation>) =>
    set({ validation: { ...validation, ...part } });
  return (
    <div class="section">
      <h3>Validation after each run</h3>
      <Choices
        legend="Validation"
        value={validation.mode}
        choices={modes}
        onInput={(mode) => change({ mode })}
      />
      {job.encryption && validation.mode === "size" && (
        <Notice>Of an encrypted destination sizes prove little; hashes compare contents.</Notice>
      )}
      <div class="form-grid">
        {validation.mode === "sample" && (
          <NumberField
            label="Size of the sample"
            behind={<span class="muted">% of the files</span>}
            value={validation.sample_percent}
            min={1}
            max={100}
            problem={problemOf("validation.sample_percent")}
            onInput={(sample_percent) => change({ sample_percent })}
          />
        )}
        {validation.mode !== "none" && (
          <Select
            label="When it differs"
            value={validation.on_failure}
            options={[
              ["fail", "The run has failed"],
              ["warn", "The run has warnings"],
            ]}
            onInput={(on_failure) => change({ on_failure })}
          />
        )}
      </div>
    </div>
  );
}

const reactions: [FailureAction, string][] = [
  ["fail", "fails the run"],
  ["warn", "warns"],
  ["ignore", "does not matter"],
];

function Hooks({ job, set, problemOf }: PartProps) {
  const programs = useQuery("programs", (signal) => get<ProgramsAnswer>("/programs", {}, signal));
  const known = programs.data?.hooks ?? [];
  if (!known.length && !job.before.length && !job.after.length) return null;
  const list = (when: "before" | "after") => {
    const hooks = job[when];
    const change = (next: HookCall[]) => set({ [when]: next });
    return (
      <div class="stack tight">
        <h3>Programs {when} the run</h3>
        {hooks.map((hook, index) => (
          <div class="week-row" key={index}>
            <Select
              label="Program"
              value={hook.name}
              problem={problemOf(`${when}[${index}].name`)}
              options={[...new Set([hook.name, ...known.map((one) => one.name)])].map(
                (name): [string, string] => [name, name],
              )}
              onInput={(name) =>
                change(hooks.map((one, i) => (i === index ? { ...one, name } : one)))
              }
            />
            <Select
              label="An error of it"
              value={hook.on_failure}
              options={reactions}
              onInput={(on_failure) =>
                change(hooks.map((one, i) => (i === index ? { ...one, on_failure } : one)))
              }
            />
            <NumberField
              label="At most"
              behind={<span class="muted">seconds</span>}
              value={hook.timeout_seconds}
              min={1}
              problem={problemOf(`${when}[${index}].timeout_seconds`)}
              onInput={(timeout_seconds) =>
                change(hooks.map((one, i) => (i === index ? { ...one, timeout_seconds } : one)))
              }
            />
            <Button
              kind="quiet"
              icon="trash"
              label={`Remove program ${index + 1} ${when} the run`}
              onClick={() => change(hooks.filter((_, i) => i !== index))}
            />
          </div>
        ))}
        {known[0] && (
          <div>
            <Button
              small
              icon="plus"
              onClick={() =>
                change([
                  ...hooks,
                  { name: known[0]?.name ?? "", on_failure: "fail", timeout_seconds: 60 },
                ])
              }
            >
              Add a program {when} the run
            </Button>
          </div>
        )}
      </div>
    );
  };
  return (
    <div class="section">
      {list("before")}
      {list("after")}
    </div>
  );
}
