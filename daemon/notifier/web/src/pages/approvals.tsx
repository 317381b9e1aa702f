// Runs that the guard has stopped: a person decides.

import { at, get } from "../api/client";
import type { RunPage, RunShowAnswer, RunView } from "../api/contract";
import { countText } from "../core/format";
import { readReport } from "../core/report";
import { href } from "../core/router";
import { isProvider, ownClient } from "../state/session";
import { useQuery } from "../state/query";
import { Ago, Card, Empty, Facts, Name, Page } from "../ui/basics";
import { Loaded } from "../ui/table";
import { RunActions } from "../ui/run_actions";

export function Approvals() {
  const held = useQuery(
    "held",
    (signal) =>
      get<RunPage>("/runs", { state: "held", client: ownClient.value, limit: 200 }, signal),
    {
      changedBy: (event) =>
        [
          "run.held",
          "run.approved",
          "run.rejected",
          "run.finished",
          "run.cancel_requested",
        ].includes(event.kind),
      pauseMs: 500,
    },
  );
  const rows = held.data?.runs ?? [];
  return (
    <Page
      title="Approvals"
      sub="Runs that would change unusually much were stopped before they changed anything."
      narrow
    >
      <Loaded query={held} what="The held runs could not be loaded">
        {() =>
          rows.length ? (
            rows.map((run) => <Held key={run.run} run={run} />)
          ) : (
            <Card>
              <Empty title="Nothing waits for you">
                When the guard stops a run, it stands here until somebody decides.
              </Empty>
            </Card>
          )
        }
      </Loaded>
    </Page>
  );
}

function Held({ run }: { run: RunView }) {
  const shown = useQuery(`run/${run.run}`, (signal) =>
    get<RunShowAnswer>(at("runs", run.run), {}, signal),
  );
  const guard = readReport(shown.data?.attempts.at(-1)?.report).guard;
  return (
    <Card
      title={
        <a href={href(["runs", run.run])}>
          <Name>{run.job}</Name>, run {run.run}
        </a>
      }
      actions={<RunActions run={run} small />}
    >
      <div class="stack tight">
        <p>
          <Name>{run.reason || run.hint}</Name>
        </p>
        {guard && (
          <Facts
            rows={[
              [
                "Would be deleted",
                `${countText(guard.deletes)} of ${countText(guard.known_files)} files`,
              ],
              ["Would be replaced", countText(guard.overwrites)],
              ["Would be new", countText(guard.creates)],
              ["In the source", `${countText(guard.source_files)} files`],
            ]}
          />
        )}
        <p class="muted small">
          {isProvider.value && (
            <>
              <Name>{run.client}</Name> ·{" "}
            </>
          )}
          held <Ago at={run.ended_at ?? run.started_at ?? run.queued_at} />
        </p>
      </div>
    </Card>
  );
}
