// What goes on, what needs a look, and what comes next.

import { useMemo, useState } from "preact/hooks";
import { at, get, post } from "../api/client";
import type { RunPage, RunView, RunWhyAnswer, StatusAnswer } from "../api/contract";
import { bytesText, plural } from "../core/format";
import { dayStats } from "../core/day_stats";
import { href } from "../core/router";
import { errorClasses } from "../core/run_state";
import { status } from "../state/live";
import { isProvider, may, ownClient } from "../state/session";
import { useQuery } from "../state/query";
import { toast } from "../state/toasts";
import {
  Ago,
  Button,
  Card,
  Empty,
  LinkButton,
  Loading,
  Name,
  Page,
  Tile,
  Time,
} from "../ui/basics";
import { Confirm } from "../ui/dialog";
import { RunRow, RunRowsHead } from "../ui/run_row";
import { NoJobs } from "./jobs/jobs";
import { Line, Machines } from "./overview_operator";

const mostRuns = 2000;
const dayMs = 86_400_000;

async function lastDay(signal: AbortSignal): Promise<{ runs: RunView[]; cut: boolean }> {
  const since = new Date(Date.now() - dayMs).toISOString();
  const runs: RunView[] = [];
  let cursor: string | null = null;
  do {
    const page: RunPage = await get<RunPage>(
      "/runs",
      { since, client: ownClient.value, limit: 500, cursor },
      signal,
    );
    runs.push(...page.runs);
    cursor = page.next_cursor;
  } while (cursor && runs.length < mostRuns);
  return { runs, cut: cursor !== null };
}

export function Overview() {
  const now = status.value;
  const day = useQuery("day", lastDay, {
    changedBy: (event) => event.kind === "run.finished" || event.kind === "run.missed",
    pauseMs: 15_000,
  });
  const stats = useMemo(() => (day.data ? dayStats(day.data.runs) : null), [day.data]);
  if (!now)
    return (
      <Page title="Overview">
        <Card>
          <Loading />
        </Card>
      </Page>
    );
  const count = (name: string) => now.counts[name] ?? 0;
  const running =
    count("starting") +
    count("running") +
    count("validating") +
    count("finishing") +
    count("cancelling");
  const waiting = count("queued") + count("assigned") + count("retry_wait") + count("paused");
  if (count("jobs") === 0 && running === 0)
    return (
      <Page title="Overview">
        <Card>
          <NoJobs />
        </Card>
      </Page>
    );
  return (
    <Page
      title="Overview"
      actions={
        <>
          {may("operate") && (
            <LinkButton icon="plus" href="#/jobs/new">
              New job
            </LinkButton>
          )}
          {isProvider.value && may("admin") && !now.scheduler.queue_paused && <PauseQueue />}
        </>
      }
    >
      <div class="tiles">
        <Tile
          label="Running"
          value={running}
          href={href(["runs"], { state: "open" })}
          note={slotsText(now)}
        />
        <Tile
          label="Waiting"
          value={waiting}
          href={href(["runs"], { state: "queued" })}
          note={count("paused") ? `${count("paused")} paused` : "in the queue"}
        />
        <Tile
          label="To approve"
          value={count("held")}
          tone={count("held") ? "held" : ""}
          href="#/approvals"
          note={count("held") ? "wait for you" : "none waits"}
        />
        <Tile
          label="Failing jobs"
          value={now.failing.length}
          tone={now.failing.length ? "bad" : ""}
          href={href(["jobs"], { show: "failing" })}
          note={now.failing.length ? "at the last run" : "all are good"}
        />
        <Tile
          label="Success, 24 h"
          value={stats?.successPercent == null ? "–" : `${Math.floor(stats.successPercent)} %`}
          tone={stats && stats.successPercent !== null && stats.successPercent < 90 ? "warn" : ""}
          href={href(["runs"], { state: "ended" })}
          note={
            stats
              ? `${plural(stats.ended, "run")} ended${day.data?.cut ? " (the newest)" : ""}`
              : ""
          }
        />
        <Tile
          label="Missed, 24 h"
          value={stats?.missed ?? "–"}
          tone={stats?.missed ? "warn" : ""}
          href={href(["runs"], { state: "missed" })}
          note="did not run"
        />
        <Tile
          label="Copied, 24 h"
          value={stats ? bytesText(stats.bytes) : "–"}
          note="by all runs"
        />
      </div>
      <Running runs={now.running} />
      <div class="columns two">
        <div class="stack">
          <Failing runs={now.failing} />
          <Waiting runs={now.queued} />
        </div>
        <div class="stack">
          <Next next={now.next} />
          {isProvider.value && <Machines />}
          {isProvider.value && <Line />}
        </div>
      </div>
    </Page>
  );
}

function PauseQueue() {
  const [asked, setAsked] = useState(false);
  return (
    <>
      <Button icon="pause" onClick={() => setAsked(true)}>
        Pause the queue
      </Button>
      {asked && (
        <Confirm
          title="Pause the queue"
          action="Pause"
          reason="Reason"
          onClose={() => setAsked(false)}
          onConfirm={async (reason) => {
            await post("/queue/pause", { reason });
            toast("good", "No run starts until the queue is resumed");
          }}
        >
          What runs now goes on. Runs of all clients wait until the queue is resumed.
        </Confirm>
      )}
    </>
  );
}

function slotsText(now: StatusAnswer): string {
  const slots = now.counts.slots ?? 0;
  return isProvider.value && slots
    ? `${now.counts.slots_busy ?? 0} of ${plural(slots, "slot")}`
    : "now";
}

function Running({ runs }: { runs: RunView[] }) {
  return (
    <Card
      title="Running now"
      flush
      actions={
        <LinkButton small href={href(["runs"], { state: "open" })}>
          All open runs
        </LinkButton>
      }
    >
      {runs.length ? (
        <>
          <RunRowsHead />
          {runs.map((run) => (
            <RunRow key={run.run} run={run} />
          ))}
        </>
      ) : (
        <Empty title="Nothing runs now">The next runs are listed below.</Empty>
      )}
    </Card>
  );
}

function Failing({ runs }: { runs: RunView[] }) {
  if (!runs.length) return null;
  return (
    <Card title="Needs a look" flush>
      <ul class="plain rows">
        {runs.map((run) => (
          <li key={run.run}>
            <div class="row spread">
              <a class="strong cut" href={href(["runs", run.run])}>
                <Name>{run.job}</Name>
              </a>
              <span class="muted small">
                <Ago at={run.ended_at} />
              </span>
            </div>
            <div class="small soft">
              <span class="grade bad">{errorClasses[run.error_class] ?? "Failed"}.</span>{" "}
              <Name>{run.hint}</Name>
            </div>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Waiting({ runs }: { runs: RunView[] }) {
  if (!runs.length) return null;
  return (
    <Card title="Waiting, and why" flush>
      <ul class="plain rows">
        {runs.slice(0, 8).map((run) => (
          <WaitingRow key={run.run} run={run} />
        ))}
      </ul>
    </Card>
  );
}

function WaitingRow({ run }: { run: RunView }) {
  const why = useQuery(
    `why/${run.run}`,
    (signal) => get<RunWhyAnswer>(at("runs", run.run, "why"), {}, signal),
    {
      changedBy: (event) => event.kind === "run.finished" || event.run === run.run,
      pauseMs: 5000,
    },
  );
  return (
    <li>
      <div class="row spread">
        <a class="strong cut" href={href(["runs", run.run])}>
          <Name>{run.job}</Name>
        </a>
        <span class="muted small">
          <Ago at={run.queued_at} />
        </span>
      </div>
      <div class="small soft">
        <Name>{why.data?.reasons.map((reason) => reason.text).join(" ") ?? ""}</Name>
      </div>
    </li>
  );
}

function Next({ next }: { next: StatusAnswer["next"] }) {
  return (
    <Card title="Next">
      {next.length ? (
        <ul class="plain stack tight">
          {next.slice(0, 10).map((due) => (
            <li class="row spread" key={`${due.job}/${due.at}`}>
              <a class="cut" href={href(["jobs", due.job])}>
                <Name>{due.job}</Name>
              </a>
              <span class="muted small nowrap">
                <Time at={due.at} /> · <Ago at={due.at} />
              </span>
            </li>
          ))}
        </ul>
      ) : (
        <Empty title="Nothing is planned">All jobs run by hand, or are disabled.</Empty>
      )}
    </Card>
  );
}
