// Workers: their slots, versions and machines; draining.

import { useState } from "preact/hooks";
import { at, get, post } from "../../api/client";
import type { WorkerListAnswer, WorkerShow, WorkerView } from "../../api/contract";
import { bytesText } from "../../core/format";
import { may } from "../../state/session";
import { useQuery } from "../../state/query";
import { toast, toastProblem } from "../../state/toasts";
import {
  Ago,
  Badge,
  Button,
  Card,
  Empty,
  Facts,
  Loading,
  Name,
  Notice,
  Page,
  ProblemNotice,
  ProgressBar,
} from "../../ui/basics";
import { Loaded, Table } from "../../ui/table";
import { Dialog } from "../../ui/dialog";

export function Workers() {
  const workers = useQuery("workers", (signal) => get<WorkerListAnswer>("/workers", {}, signal), {
    changedBy: (event) =>
      event.kind.startsWith("worker.") ||
      event.kind === "run.started" ||
      event.kind === "run.finished",
  });
  const [shown, setShown] = useState("");
  const rows = workers.data?.workers ?? [];
  const drain = async (worker: WorkerView) => {
    try {
      await post(at("workers", worker.name, worker.drain ? "undrain" : "drain"));
      toast(
        "good",
        worker.drain
          ? `${worker.name} takes runs again`
          : `${worker.name} gets no further runs; what it does goes on`,
      );
      workers.reload();
    } catch (error) {
      toastProblem(`${worker.name} was not changed`, error);
    }
  };
  return (
    <Page title="Workers" sub="Machines that carry runs out.">
      <Card flush>
        <Loaded query={workers} what="The workers could not be loaded">
          {() =>
            rows.length ? (
              <Table head={["Worker", "State", "Slots", "Version", "Seen"]} actions>
                {rows.map((worker) => (
                  <tr key={worker.name}>
                    <td>
                      <button
                        type="button"
                        class="link strong"
                        onClick={() => setShown(worker.name)}
                      >
                        <Name>{worker.name}</Name>
                      </button>
                    </td>
                    <td>
                      {!worker.connected ? (
                        <Badge tone="bad">Gone</Badge>
                      ) : worker.drain ? (
                        <Badge tone="warn">Drains</Badge>
                      ) : (
                        <Badge tone="good">Ready</Badge>
                      )}
                    </td>
                    <td class="wide">
                      <div class="stack close">
                        <ProgressBar
                          percent={worker.slots ? (worker.busy / worker.slots) * 100 : 0}
                          label={`Slots of ${worker.name}`}
                        />
                        <span class="small soft">
                          {worker.busy} of {worker.slots} in use
                        </span>
                      </div>
                    </td>
                    <td class="wide">
                      {worker.version}
                      <div class="muted small">rclone {worker.rclone_version}</div>
                    </td>
                    <td class="wide">
                      <Ago at={worker.last_seen} />
                    </td>
                    <td class="actions">
                      {may("admin") && (
                        <Button small onClick={() => void drain(worker)}>
                          {worker.drain ? "Take runs again" : "Drain"}
                        </Button>
                      )}
                    </td>
                  </tr>
                ))}
              </Table>
            ) : (
              <Empty title="No worker yet">
                Start dray-worker on a machine; docs/DEPLOYMENT.md says how several are set up.
                Until then runs wait.
              </Empty>
            )
          }
        </Loaded>
      </Card>
      {shown && <WorkerDialog name={shown} onClose={() => setShown("")} />}
    </Page>
  );
}

function WorkerDialog({ name, onClose }: { name: string; onClose: () => void }) {
  const shown = useQuery(`worker/${name}`, (signal) =>
    get<WorkerShow>(at("workers", name), {}, signal),
  );
  const machine = shown.data?.machine;
  return (
    <Dialog
      title={`Worker ${name}`}
      onClose={onClose}
      foot={<Button onClick={onClose}>Close</Button>}
    >
      <ProblemNotice
        problem={shown.problem}
        what="The worker could not be asked"
        retry={shown.reload}
      />
      {!shown.data && !shown.problem && <Loading />}
      {shown.data && !machine && <Notice tone="warn" title="It does not answer now" />}
      {machine && (
        <>
          {!machine.sandbox_works && (
            <Notice tone="warn" title="The sandbox does not work">
              <Name>{machine.sandbox_problem}</Name>
            </Notice>
          )}
          <Facts
            rows={[
              [
                "Sandbox",
                `${machine.sandbox.replaceAll("_", " ")}${machine.sandbox_enforced ? ", enforced" : ""}`,
              ],
              ["Memory of a run", machine.run_memory ? bytesText(machine.run_memory) : "no limit"],
              [
                "Limits per group",
                machine.group_limits ? <Name>{machine.group_limits}</Name> : "work",
              ],
              ["Key", <code class="name">{shown.data?.worker.seal_fingerprint}</code>],
            ]}
          />
        </>
      )}
    </Dialog>
  );
}
