// A run on its way: how far, how fast, what it does and which files.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Progress, RunView } from "../../api/contract";
import { Series } from "../../core/chart";
import {
  bytesText,
  capText,
  countText,
  durationText,
  percentText,
  rateText,
} from "../../core/format";
import { phases } from "../../core/run_state";
import { liveRun } from "../../state/live";
import { Card, Facts, Name, ProgressBar } from "../../ui/basics";
import { SpeedChart } from "../../ui/charts";

const spanMs = 5 * 60_000;

function useSpeed(run: number): Series {
  const series = useRef(new Series(spanMs, 900));
  const [, redraw] = useState(0);
  const live = liveRun(run);
  useEffect(() => {
    series.current = new Series(spanMs, 900);
    return live.subscribe((picture) => {
      if (!picture?.progress) return;
      if (series.current.add(Date.now(), picture.progress.bytes_per_second))
        redraw((count) => count + 1);
    });
  }, [run]);
  return series.current;
}

const order = [
  "preparing",
  "checking",
  "hooks",
  "listing",
  "transferring",
  "deleting",
  "validating",
  "recording",
  "cleaning",
];

function Phases({ phase }: { phase: string }) {
  const here = order.indexOf(phase);
  const shown = order.filter((name) => name !== "hooks" || phase === "hooks");
  return (
    <ol class="phases plain" aria-label="Phases">
      {shown.map((name) => (
        <li
          key={name}
          class={`phase ${name === phase ? "now" : order.indexOf(name) < here ? "past" : ""}`}
          aria-current={name === phase ? "step" : undefined}
          title={phases[name]?.text}
        >
          {phases[name]?.title}
        </li>
      ))}
    </ol>
  );
}

export function LiveProgress({ run }: { run: RunView }) {
  const speed = useSpeed(run.run);
  const progress = run.progress;
  if (!progress) return null;
  const phase = phases[progress.phase];
  return (
    <Card>
      <div class="stack" data-testid="progress">
        <div class="row spread wrap">
          <div class="row">
            <span class="big-percent">{percentText(progress.percent)}</span>
            <div class="stack close">
              <span class="strong">{phase?.title ?? progress.phase}</span>
              <span class="muted small">
                {progress.stage ? <Name>{progress.stage}</Name> : phase?.text}
              </span>
            </div>
          </div>
          <div class="right">
            <div class="strong">{rateText(progress.bytes_per_second)}</div>
            <div class="muted small">{etaText(progress)}</div>
          </div>
        </div>
        <ProgressBar
          percent={progress.percent}
          label={`Progress of run ${run.run}`}
          big
          tone={run.state === "cancelling" ? "dim" : ""}
        />
        <Phases phase={progress.phase} />
        <div class="columns two">
          <SpeedChart points={speed.points} spanMs={spanMs} />
          <Counts run={run} progress={progress} />
        </div>
        <Files progress={progress} />
      </div>
    </Card>
  );
}

function etaText(progress: Progress): string {
  if (progress.eta_seconds < 0)
    return progress.totals_are_lower_bounds
      ? "Still counting what there is to do"
      : "Time left unknown";
  return `about ${durationText(progress.eta_seconds * 1000)} left`;
}

function ofTotal(done: string, total: string, atLeast: boolean, known: boolean): string {
  return known ? `${done} of ${atLeast ? "at least " : ""}${total}` : done;
}

function Counts({ run, progress }: { run: RunView; progress: Progress }) {
  const least = progress.totals_are_lower_bounds;
  return (
    <Facts
      rows={[
        [
          "Copied",
          ofTotal(
            bytesText(progress.bytes_done),
            bytesText(progress.bytes_total),
            least,
            progress.bytes_total > 0,
          ),
        ],
        [
          "Files",
          ofTotal(
            countText(progress.files_done),
            countText(progress.files_total),
            least,
            progress.files_total > 0,
          ),
        ],
        [
          "Compared",
          progress.checks_total > 0 &&
            ofTotal(countText(progress.checks_done), countText(progress.checks_total), least, true),
        ],
        ["Deleted", progress.deletes > 0 && countText(progress.deletes)],
        ["Errors", progress.errors > 0 && countText(progress.errors)],
        ["Running for", durationText(progress.elapsed_ms)],
        ["May use", run.bandwidth_bytes_per_second > 0 && capText(run.bandwidth_bytes_per_second)],
      ]}
    />
  );
}

function Files({ progress }: { progress: Progress }) {
  if (!progress.files.length) return null;
  return (
    <div class="stack tight">
      <h2>On their way</h2>
      <ul class="files plain">
        {progress.files.map((file) => (
          <li class="file-row" key={file.name}>
            <Name class="cut">{file.name}</Name>
            <ProgressBar percent={file.percent} label={`Progress of ${file.name.slice(0, 80)}`} />
            <span class="muted right">
              {file.size >= 0 ? `${file.percent} %` : bytesText(file.bytes)}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
