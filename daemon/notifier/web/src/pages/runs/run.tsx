// One run: what it does now, why it waits, how it ended, and everything that is known about it.

import { at, get } from "../../api/client";
import type { JobShowAnswer, RunShowAnswer, RunView, RunWhyAnswer } from "../../api/contract";
import { durationText, parseTime } from "../../core/format";
import { eventText } from "../../core/run_events";
import { href } from "../../core/router";
import { errorClasses, isOnWorker, isTerminal } from "../../core/run_state";
import { now, route, go } from "../../state/route";
import { isProvider } from "../../state/session";
import { useQuery } from "../../state/query";
import {
  Ago,
  Bytes,
  Card,
  Facts,
  GradeText,
  Loading,
  Name,
  Notice,
  Page,
  ProblemNotice,
  StateBadge,
  Time,
} from "../../ui/basics";
import { RunActions } from "../../ui/run_actions";
import { current, runDuration } from "../../ui/run_row";
import { Tabs } from "../../ui/tabs";
import { Attempts } from "./attempts";
import { LiveProgress } from "./progress";
import { RunLog } from "./log";

export function Run({ run }: { run: number }) {
  const shown = useQuery(
    `run/${run}`,
    (signal) => get<RunShowAnswer>(at("runs", run), {}, signal),
    { changedBy: (event) => event.run === run, pauseMs: 400 },
  );
  const tab = route.value.query.tab ?? "overview";
  if (!shown.data)
    return (
      <Page title={`Run ${run}`} crumbs={<a href="#/runs">Runs</a>}>
        <ProblemNotice
          problem={shown.problem}
          what="The run could not be loaded"
          retry={shown.reload}
        />
        {!shown.problem && <Loading />}
      </Page>
    );
  const view = current(shown.data.run);
  const last = shown.data.attempts.at(-1);
  return (
    <Page
      crumbs={
        <>
          <a href="#/runs">Runs</a> /{" "}
          <a href={href(["jobs", view.job])}>
            <Name>{view.job}</Name>
          </a>
        </>
      }
      title={
        <span class="row wrap">
          <Name>{view.job}</Name> <span class="muted">run {view.run}</span>
          <StateBadge state={view.state} outcome={view.outcome} />
        </span>
      }
      sub={<Summary run={view} />}
      actions={<RunActions run={view} />}
    >
      <ProblemNotice problem={shown.problem} what="This may be out of date" retry={shown.reload} />
      <StateNotices run={view} />
      {(isOnWorker(view.state) || view.progress) && !isTerminal(view.state) && (
        <LiveProgress run={view} />
      )}
      <Tabs
        label="Parts of the run"
        value={tab}
        tabs={[
          ["overview", "Overview"],
          ["log", "Log"],
          ["history", "History"],
        ]}
        onChoose={(next) => go(["runs", run], { tab: next === "overview" ? "" : next })}
      />
      {tab === "log" ? (
        <RunLog run={view} attempts={shown.data.attempts.map((one) => one.attempt)} />
      ) : tab === "history" ? (
        <History answer={shown.data} />
      ) : (
        <div class="columns wide-narrow">
          <Attempts attempts={shown.data.attempts} told={view.hint} />
          <Card title="Facts">
            <div class="stack tight">
              <RunFacts run={view} rclone={last?.rclone_version ?? ""} />
              <JobPlaces job={view.job} />
            </div>
          </Card>
        </div>
      )}
    </Page>
  );
}

function Summary({ run }: { run: RunView }) {
  const took = runDuration(run, now.value);
  const parts = [
    run.dry_run ? "Dry run: nothing is changed" : "",
    isProvider.value ? `Client ${run.client}` : "",
    run.trigger === "schedule" ? "by schedule" : run.trigger === "manual" ? "by hand" : run.trigger,
  ].filter(Boolean);
  return (
    <span>
      <Name>{parts.join(" · ")}</Name>
      {run.ended_at ? (
        <>
          {" · ended "}
          <Ago at={run.ended_at} /> after {durationText(took)}
        </>
      ) : run.started_at ? (
        <>
          {" · started "}
          <Ago at={run.started_at} />
        </>
      ) : null}
    </span>
  );
}

/** What a person has to know, and what to do. */
function StateNotices({ run }: { run: RunView }) {
  return (
    <>
      {run.cancel_requested && (
        <Notice
          tone="warn"
          title={isTerminal(run.state) ? "It was cancelled" : "Its end was asked for"}
        >
          <Name>
            {[run.cancel_by && `by ${run.cancel_by}`, run.cancel_reason]
              .filter(Boolean)
              .join(": ") || "without a reason"}
          </Name>
        </Notice>
      )}
      {run.state === "held" && (
        <Notice tone="held" title="Held: a person has to decide">
          <Name>{run.reason || run.hint}</Name> Approve it if these changes are wanted; reject it to
          change nothing.
        </Notice>
      )}
      {(run.state === "failed" || run.state === "retry_wait") && (
        <Notice
          tone={run.state === "failed" ? "bad" : "warn"}
          title={errorClasses[run.error_class] ?? "It failed"}
        >
          <Name>{run.hint || "The log says more."}</Name>
          {run.state === "retry_wait" && (
            <>
              {" "}
              The next attempt follows <Ago at={run.retry_at} />.
            </>
          )}
        </Notice>
      )}
      {run.state === "warning" && run.hint && (
        <Notice tone="warn" title="Done, but something needs a look">
          <Name>{run.hint}</Name>
        </Notice>
      )}
      {(run.state === "skipped" || run.state === "missed") && (
        <Notice title={run.state === "skipped" ? "It did not run" : "It was missed"}>
          <Name>{run.reason || "No reason was recorded."}</Name>
        </Notice>
      )}
      {["queued", "assigned", "paused"].includes(run.state) && <Why run={run} />}
    </>
  );
}

function Why({ run }: { run: RunView }) {
  const why = useQuery(
    `why/${run.run}/${run.state}`,
    (signal) => get<RunWhyAnswer>(at("runs", run.run, "why"), {}, signal),
    { changedBy: () => true, pauseMs: 3000 },
  );
  if (!why.data?.reasons.length) return null;
  return (
    <Notice title={run.state === "paused" ? "Why it is paused" : "Why it waits"}>
      <ul class="plain stack close">
        {why.data.reasons.map((reason) => (
          <li key={reason.code + reason.run}>
            <Name>{reason.text}</Name>{" "}
            {reason.run > 0 && reason.run !== run.run && (
              <a href={href(["runs", reason.run])}>run {reason.run}</a>
            )}
          </li>
        ))}
      </ul>
    </Notice>
  );
}

function RunFacts({ run, rclone }: { run: RunView; rclone: string }) {
  return (
    <Facts
      rows={[
        ["Copied", !isOnWorker(run.state) && <Bytes value={run.bytes} />],
        ["Files", !isOnWorker(run.state) && run.files.toLocaleString("en-GB")],
        ["Compared", run.checks ? run.checks.toLocaleString("en-GB") : ""],
        ["Deleted", run.deletes ? run.deletes.toLocaleString("en-GB") : ""],
        ["Errors", run.errors ? run.errors.toLocaleString("en-GB") : ""],
        ["Validation", isTerminal(run.state) && <GradeText grade={run.grade} />],
        ["Scheduled", <Time at={run.scheduled_at} full />],
        ["Queued", <Time at={run.queued_at} full />],
        ["Started", <Time at={run.started_at} full />],
        ["Ended", run.ended_at && <Time at={run.ended_at} full />],
        ["Waited", waited(run)],
        ["Took", durationText(runDuration(run, now.value))],
        ["Asked by", run.asked_by && <Name>{run.asked_by}</Name>],
        ["Worker", run.worker && <Name>{run.worker}</Name>],
        ["Attempt", run.attempt ? String(run.attempt) : ""],
        ["Priority", run.priority ? String(run.priority) : ""],
        [
          "Repeats",
          run.rerun_of > 0 && <a href={href(["runs", run.rerun_of])}>run {run.rerun_of}</a>,
        ],
        ["rclone", rclone],
      ]}
    />
  );
}

/** Where the job copies from and to now; of a job that is gone nothing is known. */
function JobPlaces({ job }: { job: string }) {
  const shown = useQuery(`job/${job}`, (signal) => get<JobShowAnswer>(at("jobs", job), {}, signal));
  if (!shown.data) return null;
  const { source, destination } = shown.data.job;
  return (
    <Facts
      rows={[
        ["From", source && <Name>{source}</Name>],
        ["To", destination && <Name>{destination}</Name>],
      ]}
    />
  );
}

function waited(run: RunView): string {
  const queued = parseTime(run.queued_at);
  const started = parseTime(run.started_at);
  return queued !== null && started !== null ? durationText(Math.max(0, started - queued)) : "";
}

function History({ answer }: { answer: RunShowAnswer }) {
  return (
    <Card title="What happened">
      <ol class="timeline plain">
        {answer.events.map((event) => (
          <li
            key={event.sequence}
            class={event.kind === "run.held" ? "held" : event.kind === "run.lost" ? "bad" : ""}
          >
            <div>
              <Name>{eventText(event)}</Name>
            </div>
            <div class="muted small">
              <Time at={event.at} full />
            </div>
          </li>
        ))}
      </ol>
    </Card>
  );
}
