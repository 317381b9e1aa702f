// The history of runs, and what goes on now: filters, cancelling of many, export.

import { useEffect, useMemo, useState } from "preact/hooks";
import { asProblem, at, base, get, type Problem } from "../../api/client";
import type { EventView, RunPage, RunShowAnswer, RunView } from "../../api/contract";
import { queryText, type QueryValues } from "../../core/router";
import { mergeRuns, runQuery, type RunFilters } from "../../core/run_filters";
import { runStates } from "../../core/run_state";
import { plural } from "../../core/format";
import { generation, onEvents } from "../../state/live";
import { replaceQuery, route } from "../../state/route";
import { isProvider, may, ownClient } from "../../state/session";
import { Button, Empty, LinkButton, Loading, Page, ProblemNotice } from "../../ui/basics";
import { ClientSelect } from "../../ui/client_select";
import { Select, TextField } from "../../ui/form";
import { CancelMany, isSelectable, pauseMany, type Target } from "../../ui/run_actions";
import { RunRow, RunRowsHead } from "../../ui/run_row";
import { VirtualList } from "../../ui/virtual_list";

const pageRows = 250;

interface Loaded {
  key: string;
  rows: RunView[];
  cursor: string | null;
}

function useRuns(query: QueryValues) {
  const key = queryText(query);
  const [loaded, setLoaded] = useState<Loaded>({ key: "", rows: [], cursor: null });
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(true);

  const load = async (cursor: string | null, signal?: AbortSignal) => {
    setBusy(true);
    try {
      const page = await get<RunPage>("/runs", { ...query, limit: pageRows, cursor }, signal);
      setLoaded((old) => {
        if (old.key !== key) return { key, rows: page.runs, cursor: page.next_cursor };
        const rows = mergeRuns(old.rows, page.runs, cursor === null);
        return { key, rows, cursor: cursor || !old.rows.length ? page.next_cursor : old.cursor };
      });
      setProblem(null);
      return page.runs;
    } catch (error) {
      if (!signal?.aborted) setProblem(asProblem(error));
      return [];
    } finally {
      if (!signal?.aborted) setBusy(false);
    }
  };

  useEffect(() => {
    const abort = new AbortController();
    setLoaded({ key, rows: [], cursor: null });
    void load(null, abort.signal);
    return () => abort.abort();
  }, [key, generation.value]);

  useEffect(() => {
    let timer = 0;
    const ended = new Set<number>();
    // New rows come with the first page; rows further down that ended are asked for one by one.
    const refresh = async () => {
      timer = 0;
      const asked = [...ended];
      ended.clear();
      const fresh = new Set((await load(null)).map((row) => row.run));
      for (const run of asked.filter((one) => !fresh.has(one)).slice(0, 20)) {
        const shown = await get<RunShowAnswer>(at("runs", run)).catch(() => null);
        if (shown)
          setLoaded((old) => ({ ...old, rows: mergeRuns(old.rows, [shown.run], false, true) }));
      }
    };
    const stop = onEvents((events: EventView[]) => {
      const about = events.filter((event) => event.run > 0);
      for (const event of about) if (event.kind === "run.finished") ended.add(event.run);
      if (about.length && !timer) timer = window.setTimeout(() => void refresh(), 1200);
    });
    return () => {
      stop();
      window.clearTimeout(timer);
    };
  }, [key]);

  return {
    ...loaded,
    ready: loaded.key === key && (!busy || loaded.rows.length > 0),
    problem,
    load,
  };
}

export function Runs() {
  const filters = route.value.query as RunFilters;
  const query = runQuery(filters, isProvider.value ? "" : ownClient.value);
  const runs = useRuns(query);
  const [selected, setSelected] = useState<ReadonlySet<number>>(new Set());
  const [target, setTarget] = useState<Target | null>(null);

  const wanted = (filters.text ?? "").trim().toLowerCase();
  const rows = useMemo(
    () =>
      wanted
        ? runs.rows.filter((run) =>
            `${run.run} ${run.job} ${run.client} ${run.hint} ${run.reason} ${run.cancel_reason} ${run.worker}`
              .toLowerCase()
              .includes(wanted),
          )
        : runs.rows,
    [runs.rows, wanted],
  );
  const operate = may("operate");
  const chosen = rows.filter((run) => selected.has(run.run) && isSelectable(run));

  return (
    <Page
      title="Runs"
      actions={
        <>
          <LinkButton
            icon="download"
            download
            href={`${base}/export/runs?${queryText({ format: "csv", ...query })}`}
          >
            Export CSV
          </LinkButton>
          {operate && (
            <Button kind="danger" icon="stop" onClick={() => setTarget(broadTarget(filters))}>
              Cancel all{filters.job ? " of this job" : filters.client ? " of this client" : ""}
            </Button>
          )}
        </>
      }
    >
      <Filters filters={filters} />
      {chosen.length > 0 && (
        <div class="row wrap card selection" role="region" aria-label="Selected runs">
          <span class="strong">{plural(chosen.length, "run")} selected</span>
          <Button
            small
            icon="pause"
            onClick={() =>
              void pauseMany(
                chosen.map((run) => run.run),
                true,
              )
            }
          >
            Pause
          </Button>
          <Button
            small
            icon="play"
            onClick={() =>
              void pauseMany(
                chosen.map((run) => run.run),
                false,
              )
            }
          >
            Resume
          </Button>
          <Button
            small
            kind="danger"
            icon="stop"
            onClick={() => setTarget({ runs: chosen.map((run) => run.run) })}
          >
            Cancel
          </Button>
          <Button small kind="quiet" onClick={() => setSelected(new Set())}>
            Select none
          </Button>
        </div>
      )}
      <ProblemNotice
        problem={runs.problem}
        what="The runs could not be loaded"
        retry={() => void runs.load(null)}
      />
      <section class="card" aria-label="Runs">
        <RunRowsHead select={operate} />
        {!runs.ready ? (
          !runs.problem && <Loading />
        ) : rows.length ? (
          <VirtualList
            rows={rows}
            rowHeight={window.matchMedia("(max-width: 820px)").matches ? 68 : 44}
            label="Runs"
            keyOf={(run) => run.run}
            drawnWith={selected}
            onEnd={() => {
              if (runs.cursor) void runs.load(runs.cursor);
            }}
          >
            {(run) => (
              <RunRow
                run={run}
                selected={selected.has(run.run)}
                onSelect={
                  operate
                    ? (on) => {
                        const next = new Set(selected);
                        if (on) next.add(run.run);
                        else next.delete(run.run);
                        setSelected(next);
                      }
                    : undefined
                }
              />
            )}
          </VirtualList>
        ) : (
          <NoRuns filtered={Object.keys(filters).length > 0} />
        )}
        <div class="card-foot">
          {plural(rows.length, "run")} shown
          {runs.cursor ? "; older ones are loaded as you scroll" : ""}
        </div>
      </section>
      {target && (
        <CancelMany
          target={target}
          onClose={() => setTarget(null)}
          onDone={() => setSelected(new Set())}
        />
      )}
    </Page>
  );
}

function broadTarget(filters: RunFilters): Target {
  if (filters.job) return { job: filters.job };
  const client = filters.client || ownClient.value;
  return client ? { client } : { all: true };
}

function NoRuns({ filtered }: { filtered: boolean }) {
  return filtered ? (
    <Empty
      title="No run fits"
      actions={<Button onClick={() => replaceQuery({})}>Show all runs</Button>}
    >
      Take away a filter to see more.
    </Empty>
  ) : (
    <Empty
      title="Nothing has run yet"
      actions={
        <a class="button primary" href="#/jobs">
          To the jobs
        </a>
      }
    >
      Runs appear here when a job falls due or you start one.
    </Empty>
  );
}

const stateChoices: [string, string][] = [
  ["", "All states"],
  ["open", "Open: not ended yet"],
  ["ended", "Ended"],
  ["failed,warning,missed", "Needs a look"],
  ...Object.entries(runStates).map(([state, look]): [string, string] => [state, look.label]),
];

function Filters({ filters }: { filters: RunFilters }) {
  const set = (change: Partial<RunFilters>) => replaceQuery({ ...filters, ...change });
  return (
    <form
      class="filters"
      role="search"
      aria-label="Filter runs"
      onSubmit={(event) => event.preventDefault()}
    >
      <div class="search">
        <TextField
          label="Search"
          type="search"
          placeholder="Job, cause, reason, worker"
          value={filters.text ?? ""}
          onInput={(text) => set({ text })}
        />
      </div>
      <Select
        label="State"
        value={filters.state ?? ""}
        options={stateChoices}
        onInput={(state) => set({ state })}
      />
      <ClientSelect all value={filters.client ?? ""} onInput={(client) => set({ client })} />
      <TextField
        label="Job"
        value={filters.job ?? ""}
        onInput={(job) => set({ job })}
        placeholder="Exact name"
      />
      <TextField
        label="From"
        type="date"
        value={filters.from ?? ""}
        onInput={(from) => set({ from })}
      />
      <TextField label="To" type="date" value={filters.to ?? ""} onInput={(to) => set({ to })} />
      {Object.keys(filters).length > 0 && (
        <Button kind="quiet" icon="close" onClick={() => replaceQuery({})}>
          Clear
        </Button>
      )}
    </form>
  );
}
