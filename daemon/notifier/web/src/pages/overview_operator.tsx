// What only those who operate the installation see on the overview: machines and the line.

import { get } from "../api/client";
import type { BandwidthAnswer, WorkerListAnswer } from "../api/contract";
import { capText, plural, rateText } from "../core/format";
import { useQuery } from "../state/query";
import { Badge, Card, Empty, LinkButton, Name, ProgressBar } from "../ui/basics";
import { useTicker } from "../ui/ticker";

export function Machines() {
  const workers = useQuery("workers", (signal) => get<WorkerListAnswer>("/workers", {}, signal), {
    changedBy: (event) =>
      event.kind.startsWith("worker.") ||
      event.kind === "run.started" ||
      event.kind === "run.finished",
  });
  if (!workers.data) return null;
  return (
    <Card
      title="Workers"
      actions={
        <LinkButton small href="#/workers">
          All
        </LinkButton>
      }
    >
      {workers.data.workers.length ? (
        <ul class="plain stack tight">
          {workers.data.workers.slice(0, 8).map((worker) => (
            <li class="stack close" key={worker.name}>
              <div class="row spread">
                <Name>{worker.name}</Name>
                {worker.connected ? (
                  <span class="muted small">
                    {worker.busy} of {plural(worker.slots, "slot")}
                    {worker.drain ? ", drains" : ""}
                  </span>
                ) : (
                  <Badge tone="bad">Gone</Badge>
                )}
              </div>
              <ProgressBar
                percent={worker.slots ? (worker.busy / worker.slots) * 100 : 0}
                label={`Slots of ${worker.name}`}
              />
            </li>
          ))}
        </ul>
      ) : (
        <Empty title="No worker is connected">Runs wait until one is.</Empty>
      )}
    </Card>
  );
}

export function Line() {
  const shown = useQuery("bandwidth", (signal) => get<BandwidthAnswer>("/bandwidth", {}, signal), {
    changedBy: (event) => event.kind === "bandwidth.cap" || event.kind.startsWith("run."),
  });
  useTicker(shown.reload, 5000);
  if (!shown.data) return null;
  const used = shown.data.runs.reduce((sum, run) => sum + run.used, 0);
  return (
    <Card
      title="Bandwidth"
      actions={
        <LinkButton small href="#/bandwidth">
          Control
        </LinkButton>
      }
    >
      <div class="stack tight">
        <p>
          <span class="strong">{rateText(used)}</span> in use by{" "}
          {plural(shown.data.runs.length, "run")}
        </p>
        {shown.data.caps.map((cap) => (
          <div class="stack close" key={`${cap.scope}/${cap.name}`}>
            <div class="row spread small">
              <Name>{cap.scope === "global" ? "Everybody" : cap.name}</Name>
              <span class="muted">
                {rateText(cap.used)} of {capText(cap.cap)}
              </span>
            </div>
            {cap.cap > 0 && (
              <ProgressBar
                percent={(cap.used / cap.cap) * 100}
                label={`Used by ${cap.scope} ${cap.name}`}
              />
            )}
          </div>
        ))}
      </div>
    </Card>
  );
}
