// Who has how much of the line now, why, and the caps.

import { useState } from "preact/hooks";
import { ask, asProblem, get, type Problem } from "../../api/client";
import type {
  BandwidthAnswer,
  BandwidthCapView,
  BandwidthSetAnswer,
  BandwidthTable,
} from "../../api/contract";
import { capText, rateText, viewerZone } from "../../core/format";
import { href } from "../../core/router";
import { may } from "../../state/session";
import { useQuery } from "../../state/query";
import { toast } from "../../state/toasts";
import { BandwidthTableFields } from "../../ui/bandwidth_table";
import { Ago, Button, Card, Empty, Name, Page, ProblemNotice, ProgressBar } from "../../ui/basics";
import { Loaded, Table } from "../../ui/table";
import { Dialog } from "../../ui/dialog";
import { RateField, Select, TextField } from "../../ui/form";
import { useTicker } from "../../ui/ticker";

interface Target {
  scope: string;
  name: string;
  kbps: number;
}

const targetText = (scope: string, name: string): string =>
  scope === "global" ? "Everybody" : `${scope === "client" ? "Client" : "Job"} ${name}`;

export function Bandwidth() {
  const shown = useQuery("bandwidth", (signal) => get<BandwidthAnswer>("/bandwidth", {}, signal), {
    changedBy: (event) =>
      event.kind === "bandwidth.cap" ||
      event.kind.startsWith("run.") ||
      event.kind === "settings.changed",
  });
  useTicker(shown.reload, 3000);
  const [editing, setEditing] = useState<Target | null>(null);
  const caps = shown.data?.caps ?? [];
  const runs = shown.data?.runs ?? [];
  return (
    <Page
      title="Bandwidth"
      sub="Shared fairly among what runs; changes reach running transfers at once."
      actions={
        may("admin") && (
          <Button
            kind="primary"
            icon="gauge"
            onClick={() => setEditing({ scope: "global", name: "", kbps: 0 })}
          >
            Set a cap
          </Button>
        )
      }
    >
      <Card title="Caps" flush>
        <Loaded query={shown} what="The bandwidth could not be loaded">
          {() =>
            caps.length ? (
              <Caps caps={caps} onEdit={setEditing} />
            ) : (
              <Empty title="No cap is set">Transfers use what the line and the remotes give.</Empty>
            )
          }
        </Loaded>
      </Card>
      <Card title="Running transfers" flush>
        {runs.length ? (
          <Table
            head={[
              "Run",
              "Worker",
              ["Uses", "num"],
              ["May use", "num"],
              "Limited by",
              ["Weight", "num"],
            ]}
          >
            {runs.map((run) => (
              <tr key={run.run}>
                <td>
                  <a href={href(["runs", run.run])}>
                    <Name>{run.job}</Name>
                  </a>
                  <span class="muted small"> {run.client}</span>
                </td>
                <td class="wide">{run.worker}</td>
                <td class="num">{rateText(run.used)}</td>
                <td class="num wide">
                  {capText(run.share)}
                  {!run.confirmed && <span class="muted small"> (on its way)</span>}
                </td>
                <td class="wide">
                  {run.limited_by === "itself" ? "its remotes" : run.limited_by || "nothing"}
                </td>
                <td class="num wide">{run.weight}</td>
              </tr>
            ))}
          </Table>
        ) : (
          shown.data && <Empty title="Nothing runs" />
        )}
      </Card>
      {editing && (
        <CapDialog target={editing} onClose={() => setEditing(null)} onSaved={shown.reload} />
      )}
    </Page>
  );
}

function Caps({ caps, onEdit }: { caps: BandwidthCapView[]; onEdit: (target: Target) => void }) {
  return (
    <Table head={["Of", ["Cap now", "num"], "In use", ["Runs", "num"], "Changes"]} actions>
      {caps.map((cap) => (
        <tr key={`${cap.scope}/${cap.name}`}>
          <td class="strong">
            <Name>{targetText(cap.scope, cap.name)}</Name>
          </td>
          <td class="num">{capText(cap.cap)}</td>
          <td class="wide">
            <div class="stack close">
              {cap.cap > 0 && (
                <ProgressBar
                  percent={(cap.used / cap.cap) * 100}
                  label={`Used by ${targetText(cap.scope, cap.name)}`}
                />
              )}
              <span class="small soft">
                {rateText(cap.used)} used, {rateText(cap.given)} given
              </span>
            </div>
          </td>
          <td class="num wide">{cap.runs}</td>
          <td class="wide">
            {cap.from_table ? <Ago at={cap.next_change} /> : <span class="muted">–</span>}
          </td>
          <td class="actions">
            {may("admin") && (
              <Button
                small
                icon="edit"
                label={`Change the cap of ${targetText(cap.scope, cap.name)}`}
                onClick={() =>
                  onEdit({ scope: cap.scope, name: cap.name, kbps: Math.round(cap.cap / 1000) })
                }
              />
            )}
          </td>
        </tr>
      ))}
    </Table>
  );
}

function CapDialog({
  target,
  onClose,
  onSaved,
}: {
  target: Target;
  onClose: () => void;
  onSaved: () => void;
}) {
  const [scope, setScope] = useState(target.scope);
  const [name, setName] = useState(target.name);
  const [kbps, setKbps] = useState(target.kbps);
  const [byWeek, setByWeek] = useState("plain");
  const [table, setTable] = useState<BandwidthTable>({ time_zone: viewerZone(), rows: [] });
  const [problem, setProblem] = useState<Problem | null>(null);
  const save = async () => {
    setProblem(null);
    try {
      const set = await ask<BandwidthSetAnswer>("PUT", "/bandwidth", {
        body: {
          ...(scope === "global" ? {} : { [scope]: name }),
          ...(byWeek === "table"
            ? { table }
            : { kbps, table: { time_zone: table.time_zone, rows: [] } }),
        },
      });
      toast(
        "good",
        `${targetText(set.body.scope, set.body.name)}: ${set.body.table.rows.length ? "the table of the week holds" : capText(set.body.kbps * 1000)}`,
      );
      onSaved();
      onClose();
    } catch (error) {
      setProblem(asProblem(error));
    }
  };
  return (
    <Dialog
      wide
      title="Set a cap"
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>Back</Button>
          <Button kind="primary" disabled={scope !== "global" && !name} onClick={() => void save()}>
            Set it
          </Button>
        </>
      }
    >
      <div class="form-grid">
        <Select
          label="Of"
          value={scope}
          options={[
            ["global", "Everybody together"],
            ["client", "A client"],
            ["job", "A job"],
          ]}
          onInput={setScope}
        />
        {scope !== "global" && (
          <TextField label={scope === "client" ? "Client" : "Job"} value={name} onInput={setName} />
        )}
        <Select
          label="How"
          value={byWeek}
          options={[
            ["plain", "Always the same"],
            ["table", "By time of the week"],
          ]}
          onInput={setByWeek}
        />
      </div>
      {byWeek === "plain" ? (
        <RateField label="At most" help="0: no cap" value={kbps} onInput={setKbps} />
      ) : (
        <BandwidthTableFields table={table} onInput={setTable} problemOf={() => ""} />
      )}
      <ProblemNotice problem={problem} what="The cap was not set" />
    </Dialog>
  );
}
