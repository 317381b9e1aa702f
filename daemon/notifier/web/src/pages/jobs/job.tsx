// One job: how it has gone, when it runs next, what it is.

import { useState } from "preact/hooks";
import { at, get, post } from "../../api/client";
import type {
  JobShowAnswer,
  JobView,
  OccurrencesAnswer,
  RunPage,
  RunView,
} from "../../api/contract";
import { outcomesByDay } from "../../core/chart";
import { bytesText, capText, durationText, timeText } from "../../core/format";
import { href } from "../../core/router";
import { isTerminal, jobKinds, stateLook } from "../../core/run_state";
import { everyText, scheduleText, weekdaysText } from "../../core/schedule";
import { go, now } from "../../state/route";
import { isProvider, may, shownZone } from "../../state/session";
import { useQuery } from "../../state/query";
import { toast, toastProblem } from "../../state/toasts";
import {
  Ago,
  Badge,
  Button,
  Card,
  Empty,
  Facts,
  LinkButton,
  Loading,
  Name,
  Notice,
  Page,
  ProblemNotice,
  Time,
} from "../../ui/basics";
import { BarChart, OutcomeCalendar } from "../../ui/charts";
import { Confirm } from "../../ui/dialog";
import { Menu } from "../../ui/menu";
import { startRun } from "../../ui/run_actions";
import { RunRow, RunRowsHead } from "../../ui/run_row";
import { Occurrences } from "../../ui/occurrences";
import { jobMenu, RemoveJob } from "./jobs";

const historyRuns = 200;
const calendarDays = 56;

export function Job({ name }: { name: string }) {
  const mine = { changedBy: (event: { job: string }) => event.job === name };
  const shown = useQuery(
    `job/${name}`,
    (signal) => get<JobShowAnswer>(at("jobs", name), {}, signal),
    mine,
  );
  const runs = useQuery(
    `job-runs/${name}`,
    (signal) => get<RunPage>("/runs", { job: name, limit: historyRuns }, signal),
    mine,
  );
  const [asked, setAsked] = useState<"remove" | "pause" | null>(null);
  const job = shown.data?.job;
  if (!job)
    return (
      <Page title={<Name>{name}</Name>} crumbs={<a href="#/jobs">Jobs</a>}>
        <ProblemNotice
          problem={shown.problem}
          what="The job could not be loaded"
          retry={shown.reload}
        />
        {!shown.problem && <Loading />}
      </Page>
    );
  return (
    <Page
      crumbs={<a href="#/jobs">Jobs</a>}
      title={
        <span class="row wrap">
          <Name>{job.name}</Name>
          <JobState job={job} />
        </span>
      }
      sub={
        <span>
          {isProvider.value && (
            <>
              Client <Name>{job.client}</Name> ·{" "}
            </>
          )}
          {jobKinds[job.kind]} · {scheduleText(job.schedule)}
          {job.next_due && (
            <>
              {" "}
              · next run <Ago at={job.next_due} />
            </>
          )}
        </span>
      }
      actions={<Actions job={job} onAsk={setAsked} />}
    >
      <ProblemNotice problem={shown.problem} what="This may be out of date" retry={shown.reload} />
      {job.paused && (
        <Notice
          tone="warn"
          title="Paused: no run of it starts"
          actions={
            may("operate") && (
              <Button small icon="play" onClick={() => void resumeJob(job.name)}>
                Resume
              </Button>
            )
          }
        >
          <Name>{job.paused}</Name>
        </Notice>
      )}
      {shown.data?.key && !shown.data.key.exported_at && (
        <Notice tone="warn" title="Nobody has a copy of the encryption passwords">
          Without them nobody can read the data when Drayage is gone. An administrator gets them
          with <code>dray job export-key {job.name}</code>.
        </Notice>
      )}
      <Outcomes runs={runs.data?.runs ?? []} />
      <div class="columns wide-narrow">
        <Card
          title="Last runs"
          flush
          actions={
            <LinkButton small href={href(["runs"], { job: job.name })}>
              All runs
            </LinkButton>
          }
        >
          <ProblemNotice
            problem={runs.problem}
            what="The runs could not be loaded"
            retry={runs.reload}
          />
          {runs.data?.runs.length ? (
            <>
              <RunRowsHead ofJob />
              {runs.data.runs.slice(0, 10).map((run) => (
                <RunRow key={run.run} run={run} ofJob />
              ))}
            </>
          ) : (
            runs.data && (
              <Empty title="It has not run yet">
                {job.next_due
                  ? "It will, by its schedule; or start it now."
                  : "Start it when you like."}
              </Empty>
            )
          )}
        </Card>
        <div class="stack">
          <NextRuns job={job} />
          <Definition job={job} />
        </div>
      </div>
      {asked === "remove" && (
        <RemoveJob job={job.name} onClose={() => setAsked(null)} onDone={() => go(["jobs"])} />
      )}
      {asked === "pause" && <PauseJob job={job.name} onClose={() => setAsked(null)} />}
    </Page>
  );
}

function JobState({ job }: { job: JobView }) {
  if (job.paused) return <Badge tone="wait">Paused</Badge>;
  return job.enabled ? <Badge tone="good">Enabled</Badge> : <Badge tone="dim">Disabled</Badge>;
}

function Actions({ job, onAsk }: { job: JobView; onAsk: (what: "remove" | "pause") => void }) {
  if (!may("operate")) return null;
  return (
    <>
      {job.kind === "upload" ? (
        <LinkButton kind="primary" icon="upload" href={href(["upload"], { job: job.name })}>
          Hand a file in
        </LinkButton>
      ) : (
        <Button kind="primary" icon="play" onClick={() => void startRun(job.name, false)}>
          Run now
        </Button>
      )}
      <LinkButton icon="edit" href={href(["jobs", job.name, "edit"])}>
        Edit
      </LinkButton>
      <Menu
        label="More"
        items={[
          ...jobMenu(job, () => onAsk("remove")).filter((item) => item.label !== "Edit"),
          job.paused ? null : { label: "Pause", icon: "pause", onClick: () => onAsk("pause") },
        ]}
      />
    </>
  );
}

async function resumeJob(job: string): Promise<void> {
  try {
    await post(at("jobs", job, "resume"));
    toast("good", `Runs of ${job} start again`);
  } catch (error) {
    toastProblem(`${job} was not resumed`, error);
  }
}

function PauseJob({ job, onClose }: { job: string; onClose: () => void }) {
  return (
    <Confirm
      title="Pause job"
      action="Pause"
      reason="Reason"
      onClose={onClose}
      onConfirm={async (reason) => {
        await post(at("jobs", job, "pause"), { reason });
        toast("good", `No run of ${job} starts until it is resumed`);
      }}
    >
      <p>What runs now goes on. Runs that fall due wait until the job is resumed.</p>
    </Confirm>
  );
}

function Outcomes({ runs }: { runs: RunView[] }) {
  const ended = runs.filter((run) => isTerminal(run.state) && !run.dry_run);
  if (!ended.length) return null;
  const bars = ended
    .filter((run) => run.started_at)
    .slice(0, 40)
    .reverse()
    .map((run) => ({
      value: run.bytes,
      tone: run.state === "succeeded" ? "" : stateLook(run.state).tone,
      label: `Run ${run.run}: ${bytesText(run.bytes)}, ${stateLook(run.state).label.toLowerCase()}`,
    }));
  const zone = shownZone.value || undefined;
  const days = outcomesByDay(ended, calendarDays, now.value, (moment) =>
    timeText(moment, zone).slice(0, 10),
  );
  return (
    <div class="columns two">
      <Card title="Copied by run">
        <BarChart bars={bars} what="Copied bytes" />
      </Card>
      <Card title={`Outcomes of the last ${calendarDays} days`}>
        <div class="stack tight">
          <OutcomeCalendar days={days} />
          <div class="row wrap muted small">
            <span class="row">
              <span class="day-square good" /> succeeded
            </span>
            <span class="row">
              <span class="day-square warn" /> warnings or missed
            </span>
            <span class="row">
              <span class="day-square bad" /> failed
            </span>
            <span class="row">
              <span class="day-square" /> nothing ran
            </span>
          </div>
        </div>
      </Card>
    </div>
  );
}

function NextRuns({ job }: { job: JobView }) {
  const next = useQuery(
    job.schedule.kind === "manual" ? null : `next/${job.name}/${job.updated_at}`,
    (signal) => get<OccurrencesAnswer>(at("jobs", job.name, "next"), { count: 5 }, signal),
  );
  if (job.schedule.kind === "manual") return null;
  return (
    <Card title="Next runs">
      {next.data ? (
        <Occurrences occurrences={next.data.occurrences} zone={job.schedule.time_zone} />
      ) : (
        <ProblemNotice problem={next.problem} what="Not known" retry={next.reload} />
      )}
    </Card>
  );
}

function retentionText(job: JobView): string {
  const { keep_last_n: last, keep_days: days, floor } = job.retention;
  if (!last && !days) return "everything is kept";
  const rules = [last ? `the last ${last}` : "", days ? `${days} days` : ""].filter(Boolean);
  return `${rules.join(" and ")}, never fewer than ${floor} good`;
}

function bandwidthText(job: JobView): string {
  const rows = job.bandwidth_table.rows;
  if (!rows.length) return capText(job.bandwidth_kbps * 1000);
  return rows
    .map((row) => `${weekdaysText(row.weekdays)} ${row.at}: ${capText(row.kbps * 1000)}`)
    .join("; ");
}

function Definition({ job }: { job: JobView }) {
  const filters = job.options.filters;
  return (
    <Card title="Definition">
      <Facts
        rows={[
          ["From", job.source && <Name>{job.source}</Name>],
          ["To", job.destination && <Name>{job.destination}</Name>],
          [
            "Schedule",
            `${scheduleText(job.schedule)}${job.schedule.kind === "manual" ? "" : ` (${job.schedule.time_zone})`}`,
          ],
          ["Encryption", job.encryption ? "on" : "off"],
          [
            "Versions",
            job.layout === "versioned" || job.versions_path ? retentionText(job) : "none are kept",
          ],
          [
            "Validation",
            job.validation.mode === "sample"
              ? `${job.validation.sample_percent} % of the files`
              : job.validation.mode,
          ],
          ["Restore drill", job.restore_drill !== "never" && job.restore_drill],
          ["Bandwidth", bandwidthText(job)],
          ["Filters", filters.length > 0 && `${filters.length} rules`],
          [
            "Retries",
            `${job.retry.max_attempts} attempts, at first after ${everyText(job.retry.backoff_seconds).replace("every ", "")}`,
          ],
          [
            "Time limit",
            job.limits.max_duration_seconds > 0 &&
              durationText(job.limits.max_duration_seconds * 1000),
          ],
          [
            "Hooks",
            job.before.length + job.after.length > 0 &&
              [...job.before, ...job.after].map((hook) => hook.name).join(", "),
          ],
          ["Changed", <Time at={job.updated_at} full />],
        ]}
      />
    </Card>
  );
}
