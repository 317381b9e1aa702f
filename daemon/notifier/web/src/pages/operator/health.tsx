// Is everything in order?

import { get } from "../../api/client";
import type { SystemCheckAnswer } from "../../api/contract";
import { bytesText } from "../../core/format";
import { eventText } from "../../core/run_events";
import type { EventListAnswer } from "../../api/contract";
import { connection, status } from "../../state/live";
import { version } from "../../state/session";
import { transportText } from "../../core/stream";
import { useQuery } from "../../state/query";
import {
  Ago,
  Badge,
  Button,
  Card,
  Facts,
  Loading,
  Name,
  Notice,
  Page,
  ProblemNotice,
  Time,
} from "../../ui/basics";

export function Health() {
  const checks = useQuery("checks", (signal) =>
    get<SystemCheckAnswer>("/system/check", {}, signal),
  );
  const scheduler = status.value?.scheduler;
  const bad = checks.data?.checks.filter((check) => !check.ok) ?? [];
  return (
    <Page
      title="Health"
      actions={
        <Button icon="reload" onClick={checks.reload}>
          Check again
        </Button>
      }
    >
      <ProblemNotice
        problem={checks.problem}
        what="The checks could not be made"
        retry={checks.reload}
      />
      {checks.data && bad.length === 0 && (
        <Notice tone="good" title="Everything is in order">
          {checks.data.checks.length} checks passed.
        </Notice>
      )}
      <div class="columns wide-narrow">
        <Card title="Checks" flush>
          {!checks.data && !checks.problem && <Loading />}
          {checks.data && (
            <table class="table">
              <tbody>
                {checks.data.checks.map((check) => (
                  <tr key={check.name}>
                    <td class="fit">
                      <Badge tone={check.ok ? "good" : "bad"}>{check.ok ? "Good" : "Look"}</Badge>
                    </td>
                    <td>
                      <div class="strong">
                        <Name>{check.name}</Name>
                      </div>
                      <div class="soft small">
                        <Name>{check.detail}</Name>
                      </div>
                      {check.fix && (
                        <div class="small">
                          What to do: <Name>{check.fix}</Name>
                        </div>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </Card>
        <Card title="Programs">
          <Facts
            rows={[
              ["Page and API", version.value?.version ?? ""],
              ["Scheduler", scheduler?.version],
              ["Running since", scheduler && <Ago at={scheduler.started_at} />],
              ["Database", scheduler && bytesText(scheduler.database_bytes)],
              ["Takes changes", scheduler && (scheduler.accepting ? "yes" : "no")],
              ["This page", transportText(connection.value).label],
            ]}
          />
        </Card>
      </div>
      <Journal />
    </Page>
  );
}

const worthALook = new Set([
  "run.lost",
  "worker.lost",
  "worker.refused",
  "clock.jumped",
  "job.broken",
  "worker.up",
  "worker.drain",
  "settings.changed",
  "bandwidth.cap",
]);

/** What happened to the system itself lately. */
function Journal() {
  const last = useQuery("last-event", (signal) =>
    get<EventListAnswer>("/events", { limit: 1 }, signal),
  );
  const from = Math.max(0, (last.data?.last_sequence ?? 0) - 500);
  const events = useQuery(last.data ? `events/${from}` : null, (signal) =>
    get<EventListAnswer>("/events", { since: from, limit: 500 }, signal),
  );
  const rows = (events.data?.events ?? []).filter((event) => worthALook.has(event.kind)).reverse();
  if (!rows.length) return null;
  return (
    <Card title="What happened lately">
      <ol class="timeline plain">
        {rows.slice(0, 40).map((event) => (
          <li
            key={event.sequence}
            class={event.kind.endsWith("lost") || event.kind.endsWith("refused") ? "bad" : ""}
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
