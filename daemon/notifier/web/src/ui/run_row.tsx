// One run in a list. It follows the run's live pictures by itself, without its list.

import { useComputed } from "@preact/signals";
import type { RunView } from "../api/contract";
import { durationText, parseTime, percentText, rateText } from "../core/format";
import { href } from "../core/router";
import { errorClasses, isOnWorker, isTerminal } from "../core/run_state";
import { liveRun } from "../state/live";
import { now } from "../state/route";
import { isProvider } from "../state/session";
import { Bytes, GradeText, Name, ProgressBar, StateBadge, Time } from "./basics";
import { Icon } from "./icon";

/** The run with what is known since it was loaded. Whoever draws it is drawn with every picture. */
export function current(run: RunView): RunView {
  const live = liveRun(run.run).value;
  if (!live || isTerminal(run.state)) return run;
  return { ...run, state: live.state, progress: live.progress ?? run.progress };
}

/** Changes a few times in a run's life, where pictures come twice a second. */
function useLiveState(run: RunView): RunView["state"] {
  const live = useComputed(() => liveRun(run.run).value?.state).value;
  return live && !isTerminal(run.state) ? live : run.state;
}

export function runDuration(run: RunView, at: number): number | null {
  const from = parseTime(run.started_at);
  if (from === null) return null;
  return (parseTime(run.ended_at) ?? at) - from;
}

export interface RunRowProps {
  run: RunView;
  /** On the page of its job, which need not be named again. */
  ofJob?: boolean;
  selected?: boolean;
  onSelect?: (selected: boolean) => void;
}

const gridOf = (select: boolean, ofJob?: boolean): string =>
  ofJob ? "of-job" : select ? "" : "no-select";

export function RunRow(props: RunRowProps) {
  const state = useLiveState(props.run);
  const run = { ...props.run, state };
  const link = href(["runs", run.run]);
  return (
    <div class={`grid-row runs-grid ${gridOf(Boolean(props.onSelect), props.ofJob)}`}>
      {props.onSelect && (
        <span class="wide">
          <input
            type="checkbox"
            aria-label={`Select run ${run.run}`}
            checked={props.selected}
            onInput={(event) => props.onSelect?.(event.currentTarget.checked)}
          />
        </span>
      )}
      <span class={props.ofJob ? "nowrap" : "wide nowrap"}>
        <a href={link}>{run.run}</a>
        {run.dry_run && <span class="muted small"> dry</span>}
      </span>
      {!props.ofJob && <JobName run={run} link={link} />}
      <span>
        <StateBadge state={run.state} outcome={run.outcome} />
      </span>
      <span class="wide">
        <Time at={run.started_at ?? run.scheduled_at ?? run.queued_at} />
      </span>
      <span class="wide num">{durationText(runDuration(run, now.value))}</span>
      <span class="wide num">
        {isOnWorker(state) ? <BytesSoFar run={props.run} /> : <Bytes value={run.bytes} />}
      </span>
      <span class="cut">
        {isOnWorker(state) ? <ProgressCell run={props.run} /> : <Result run={run} />}
      </span>
      <a class="wide" href={link} aria-label={`Open run ${run.run}`} tabIndex={-1}>
        <Icon name="chevron" />
      </a>
    </div>
  );
}

function JobName({ run, link }: { run: RunView; link: string }) {
  return (
    <span class="cut">
      <a class="strong" href={link}>
        <Name>{run.job}</Name>
      </a>
      {isProvider.value && (
        <span class="muted small">
          {" "}
          <Name>{run.client}</Name>
        </span>
      )}
    </span>
  );
}

function BytesSoFar({ run }: { run: RunView }) {
  return <Bytes value={current(run).progress?.bytes_done ?? run.bytes} />;
}

function ProgressCell({ run }: { run: RunView }) {
  const progress = current(run).progress;
  if (!progress) return <span class="muted">–</span>;
  return (
    <span class="stack close">
      <ProgressBar percent={progress.percent} label={`Progress of run ${run.run}`} />
      <span class="muted small cut">
        {percentText(progress.percent)} · {rateText(progress.bytes_per_second)}
      </span>
    </span>
  );
}

function Result({ run }: { run: RunView }) {
  if (run.state === "failed" || run.state === "warning")
    return (
      <span class="small soft" title={run.hint}>
        {errorClasses[run.error_class] ?? (run.hint || "See the run")}
      </span>
    );
  if (run.state === "succeeded") return <GradeText grade={run.grade} />;
  const reason = run.cancel_reason || run.reason;
  return reason ? (
    <span class="small soft" title={reason}>
      <Name>{reason}</Name>
    </span>
  ) : (
    <span class="muted">–</span>
  );
}

export function RunRowsHead({ select, ofJob }: { select?: boolean; ofJob?: boolean }) {
  return (
    <div class={`grid-head runs-grid ${gridOf(Boolean(select), ofJob)}`} aria-hidden="true">
      {select && <span />}
      <span>Run</span>
      {!ofJob && <span>Job</span>}
      <span>State</span>
      <span>Started</span>
      <span class="num">Took</span>
      <span class="num">Copied</span>
      <span>Result</span>
      <span />
    </div>
  );
}
