// All jobs: state, next run, last outcome, trend of sizes, and what can be done with them.

import { useMemo, useState } from "preact/hooks";
import { ask, at, get, post } from "../../api/client";
import type { JobPage, JobView, RunPage, RunView } from "../../api/contract";
import { href } from "../../core/router";
import { errorClasses, isTerminal, jobKinds } from "../../core/run_state";
import { scheduleText } from "../../core/schedule";
import { go, replaceQuery, route } from "../../state/route";
import { isProvider, may } from "../../state/session";
import { useQuery } from "../../state/query";
import { toast, toastProblem } from "../../state/toasts";
import {
  Ago,
  Badge,
  Button,
  Empty,
  GradeText,
  LinkButton,
  Name,
  Page,
  StateBadge,
} from "../../ui/basics";
import { ClientSelect } from "../../ui/client_select";
import { Loaded } from "../../ui/table";
import { Trend } from "../../ui/charts";
import { Confirm } from "../../ui/dialog";
import { Select, TextField } from "../../ui/form";
import { Menu } from "../../ui/menu";
import { startRun } from "../../ui/run_actions";
import { current } from "../../ui/run_row";
import { VirtualList } from "../../ui/virtual_list";

const mostJobs = 5000;

async function loadJobs(signal: AbortSignal): Promise<JobView[]> {
  const jobs: JobView[] = [];
  let cursor: string | null = null;
  do {
    const page: JobPage = await get<JobPage>("/jobs", { limit: 500, cursor }, signal);
    jobs.push(...page.jobs);
    cursor = page.next_cursor;
  } while (cursor && jobs.length < mostJobs);
  return jobs;
}

/** What the last runs copied, by job, the oldest first. */
function trends(runs: RunView[]): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const run of runs) {
    if (!isTerminal(run.state) || run.dry_run || !run.started_at) continue;
    const sizes = found.get(run.job) ?? [];
    if (sizes.length < 12) sizes.unshift(run.bytes);
    found.set(run.job, sizes);
  }
  return found;
}

export async function setEnabled(job: string, enabled: boolean): Promise<void> {
  try {
    await post(at("jobs", job, enabled ? "enable" : "disable"));
    toast("good", enabled ? `${job} runs by schedule again` : `${job} runs by hand only`);
  } catch (error) {
    toastProblem(`${job} was not changed`, error);
  }
}

export function RemoveJob({
  job,
  onClose,
  onDone,
}: {
  job: string;
  onClose: () => void;
  onDone: () => void;
}) {
  return (
    <Confirm
      title="Delete job"
      action="Delete the job"
      danger
      typed={job}
      onClose={onClose}
      onConfirm={async () => {
        await ask("DELETE", at("jobs", job));
        toast("good", `${job} was deleted; its history and its copies stay`);
        onDone();
      }}
    >
      <p>
        <Name>{job}</Name> will not run any more. Its history and everything that it has copied
        stay.
      </p>
    </Confirm>
  );
}

export function jobMenu(job: JobView, onRemove: () => void) {
  if (!may("operate")) return [];
  return [
    { label: "Dry run", icon: "search" as const, onClick: () => void startRun(job.name, true) },
    { label: "Edit", icon: "edit" as const, href: href(["jobs", job.name, "edit"]) },
    { label: "Clone", icon: "copy" as const, href: href(["jobs", "new"], { from: job.name }) },
    job.enabled
      ? {
          label: "Disable",
          icon: "pause" as const,
          onClick: () => void setEnabled(job.name, false),
        }
      : { label: "Enable", icon: "play" as const, onClick: () => void setEnabled(job.name, true) },
    { label: "Versions and restore", icon: "history" as const, href: href(["restore", job.name]) },
    { label: "Delete", icon: "trash" as const, danger: true, onClick: onRemove },
  ];
}

type Filter = "" | "enabled" | "disabled" | "failing" | "paused";
const filters: [Filter, string][] = [
  ["", "All jobs"],
  ["enabled", "Enabled"],
  ["disabled", "Disabled"],
  ["failing", "Last run failed"],
  ["paused", "Paused"],
];

const fits: Record<Filter, (job: JobView) => boolean> = {
  "": () => true,
  enabled: (job) => job.enabled,
  disabled: (job) => !job.enabled,
  failing: (job) => job.last_run?.state === "failed" || job.last_run?.state === "missed",
  paused: (job) => job.paused !== "",
};

export function Jobs() {
  const query = route.value.query;
  const jobs = useQuery("jobs", loadJobs, {
    changedBy: (event) =>
      event.kind.startsWith("job.") || event.kind === "run.finished" || event.kind === "run.queued",
  });
  const runs = useQuery(
    "job-trends",
    (signal) => get<RunPage>("/runs", { limit: 500, state: "ended" }, signal),
    {
      changedBy: (event) => event.kind === "run.finished",
      pauseMs: 10_000,
    },
  );
  const sizes = useMemo(() => trends(runs.data?.runs ?? []), [runs.data]);
  const [removing, setRemoving] = useState("");
  const text = (query.text ?? "").toLowerCase();
  const filter = (query.show ?? "") as Filter;
  const rows = (jobs.data ?? []).filter(
    (job) =>
      (fits[filter] ?? fits[""])(job) &&
      (!query.client || job.client === query.client) &&
      `${job.name} ${job.client} ${job.source} ${job.destination}`.toLowerCase().includes(text),
  );
  const set = (change: Record<string, string>) => replaceQuery({ ...query, ...change });

  return (
    <Page
      title="Jobs"
      actions={
        may("operate") && (
          <LinkButton kind="primary" icon="plus" href="#/jobs/new">
            New job
          </LinkButton>
        )
      }
    >
      <form
        class="filters"
        role="search"
        aria-label="Filter jobs"
        onSubmit={(event) => event.preventDefault()}
      >
        <div class="search">
          <TextField
            label="Search"
            type="search"
            placeholder="Name, remote, folder"
            value={query.text ?? ""}
            onInput={(value) => set({ text: value })}
          />
        </div>
        <Select label="Show" value={filter} options={filters} onInput={(show) => set({ show })} />
        <ClientSelect all value={query.client ?? ""} onInput={(client) => set({ client })} />
      </form>
      <section class="card" aria-label="Jobs">
        <div class="grid-head jobs-grid" aria-hidden="true">
          <span>Job</span>
          <span>Schedule</span>
          <span>Next run</span>
          <span>Last run</span>
          <span>Copied</span>
          <span />
        </div>
        <Loaded query={jobs} what="The jobs could not be loaded">
          {() =>
            rows.length ? (
              <VirtualList
                rows={rows}
                rowHeight={window.matchMedia("(max-width: 820px)").matches ? 84 : 58}
                label="Jobs"
                keyOf={(job) => job.name}
                drawnWith={sizes}
              >
                {(job) => (
                  <JobRow
                    job={job}
                    sizes={sizes.get(job.name) ?? []}
                    onRemove={() => setRemoving(job.name)}
                  />
                )}
              </VirtualList>
            ) : jobs.data?.length ? (
              <Empty
                title="No job fits"
                actions={<Button onClick={() => replaceQuery({})}>Show all jobs</Button>}
              />
            ) : (
              <NoJobs />
            )
          }
        </Loaded>
      </section>
      {removing && (
        <RemoveJob job={removing} onClose={() => setRemoving("")} onDone={() => jobs.reload()} />
      )}
    </Page>
  );
}

export function NoJobs() {
  return (
    <Empty
      title="No job yet"
      actions={
        may("operate") && (
          <LinkButton kind="primary" icon="plus" href="#/jobs/new">
            Make the first job
          </LinkButton>
        )
      }
    >
      A job says what is copied from where to where, and when. Making one takes a few minutes.
    </Empty>
  );
}

function JobRow({ job, sizes, onRemove }: { job: JobView; sizes: number[]; onRemove: () => void }) {
  const last = job.last_run && current(job.last_run);
  const link = href(["jobs", job.name]);
  return (
    <div class="grid-row jobs-grid">
      <div class="stack close cell">
        <a class="strong cut" href={link}>
          <Name>{job.name}</Name>
        </a>
        <span class="muted small cut">
          {isProvider.value && (
            <>
              <Name>{job.client}</Name> ·{" "}
            </>
          )}
          {jobKinds[job.kind]} · <Name>{job.source || "files that are handed in"}</Name>
        </span>
      </div>
      <div class="stack close cell wide">
        <span class="cut">{scheduleText(job.schedule)}</span>
        <span class="muted small cut">
          {job.schedule.kind === "manual" ? "" : job.schedule.time_zone}
        </span>
      </div>
      <div class="cell wide">
        {job.paused ? (
          <Badge tone="wait" title={job.paused}>
            Paused
          </Badge>
        ) : !job.enabled ? (
          <Badge tone="dim">Disabled</Badge>
        ) : (
          <Ago at={job.next_due} />
        )}
      </div>
      <div class="stack close cell last">
        {last ? (
          <>
            <a href={href(["runs", last.run])}>
              <StateBadge state={last.state} outcome={last.outcome} />
            </a>
            <span class="muted small cut">
              {last.state === "failed" ? (
                errorClasses[last.error_class]
              ) : last.state === "succeeded" ? (
                <GradeText grade={last.grade} />
              ) : null}{" "}
              <Ago at={last.ended_at ?? last.started_at ?? last.queued_at} />
            </span>
          </>
        ) : (
          <span class="muted">Never ran</span>
        )}
      </div>
      <div class="cell wide">
        <Trend values={sizes} what="Copied by the last runs" />
      </div>
      <div class="row cell end">
        {may("operate") && job.kind !== "upload" && (
          <Button
            small
            icon="play"
            label={`Run ${job.name} now`}
            onClick={() => void startRun(job.name, false)}
          />
        )}
        {job.kind === "upload" && (
          <Button
            small
            icon="upload"
            label="Hand a file in"
            onClick={() => go(["upload"], { job: job.name })}
          />
        )}
        <Menu label={`More about ${job.name}`} items={jobMenu(job, onRemove)} />
      </div>
    </div>
  );
}
