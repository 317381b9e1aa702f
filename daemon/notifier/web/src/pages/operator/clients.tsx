// Clients, their shares and caps.

import { useState } from "preact/hooks";
import { ask, asProblem, at, get, post, type Problem } from "../../api/client";
import type { ClientList, ClientView } from "../../api/contract";
import { capText } from "../../core/format";
import { nameProblem } from "../../core/job_form";
import { href } from "../../core/router";
import { may } from "../../state/session";
import { useQuery } from "../../state/query";
import { toast, toastProblem } from "../../state/toasts";
import { Button, Card, Empty, Name, Page, ProblemNotice } from "../../ui/basics";
import { Loaded, Table } from "../../ui/table";
import { Confirm, Dialog } from "../../ui/dialog";
import { NumberField, RateField, TextField } from "../../ui/form";
import { Menu } from "../../ui/menu";
import { CancelMany } from "../../ui/run_actions";

type Open = { what: "edit" | "remove" | "pause" | "cancel"; client: ClientView };

async function resume(client: string): Promise<void> {
  try {
    await post(at("clients", client, "resume"));
    toast("good", `Runs of ${client} start again`);
  } catch (error) {
    toastProblem(`${client} was not resumed`, error);
  }
}

export function Clients() {
  const clients = useQuery("clients", (signal) => get<ClientList>("/clients", {}, signal), {
    changedBy: (event) => event.kind === "client.changed" || event.kind.startsWith("job."),
  });
  const [making, setMaking] = useState(false);
  const [open, setOpen] = useState<Open | null>(null);
  const close = () => setOpen(null);
  const rows = clients.data?.clients ?? [];
  return (
    <Page
      title="Clients"
      sub="Everything belongs to a client; the queue and the line are shared among them by weight."
      actions={
        may("admin") && (
          <Button kind="primary" icon="plus" onClick={() => setMaking(true)}>
            Add a client
          </Button>
        )
      }
    >
      <Card flush>
        <Loaded query={clients} what="The clients could not be loaded">
          {() =>
            rows.length ? (
              <Table
                head={[
                  "Client",
                  ["Jobs", "num"],
                  ["Weight", "num"],
                  ["Runs at once", "num"],
                  ["Bandwidth", "num"],
                ]}
                actions
              >
                {rows.map((client) => (
                  <tr key={client.id}>
                    <td>
                      <a class="strong" href={href(["runs"], { client: client.name })}>
                        <Name>{client.name}</Name>
                      </a>
                    </td>
                    <td class="num">
                      <a href={href(["jobs"], { client: client.name })}>{client.jobs}</a>
                    </td>
                    <td class="num wide">{client.weight}</td>
                    <td class="num wide">{client.max_concurrent_jobs || "no cap"}</td>
                    <td class="num wide">{capText(client.max_bandwidth_kbps * 1000)}</td>
                    <td class="actions">
                      <Menu
                        label={`More about ${client.name}`}
                        items={[
                          may("admin")
                            ? {
                                label: "Change",
                                icon: "edit",
                                onClick: () => setOpen({ what: "edit", client }),
                              }
                            : null,
                          may("operate")
                            ? {
                                label: "Pause",
                                icon: "pause",
                                onClick: () => setOpen({ what: "pause", client }),
                              }
                            : null,
                          may("operate")
                            ? {
                                label: "Resume",
                                icon: "play",
                                onClick: () => void resume(client.name),
                              }
                            : null,
                          may("operate")
                            ? {
                                label: "Cancel all its runs",
                                icon: "stop",
                                danger: true,
                                onClick: () => setOpen({ what: "cancel", client }),
                              }
                            : null,
                          may("admin")
                            ? {
                                label: "Remove",
                                icon: "trash",
                                danger: true,
                                onClick: () => setOpen({ what: "remove", client }),
                              }
                            : null,
                        ]}
                      />
                    </td>
                  </tr>
                ))}
              </Table>
            ) : (
              <Empty title="No client yet">Add one for each customer, or one for yourself.</Empty>
            )
          }
        </Loaded>
      </Card>
      {(making || open?.what === "edit") && (
        <ClientDialog
          client={open?.client ?? null}
          onClose={() => {
            setMaking(false);
            close();
          }}
          onSaved={clients.reload}
        />
      )}
      {open?.what === "cancel" && (
        <CancelMany target={{ client: open.client.name }} onClose={close} />
      )}
      {open?.what === "pause" && (
        <Confirm
          title={`Pause client ${open.client.name}`}
          action="Pause"
          reason="Reason"
          onClose={close}
          onConfirm={async (reason) => {
            await post(at("clients", open.client.name, "pause"), { reason });
            toast("good", `No run of ${open.client.name} starts until it is resumed`);
          }}
        >
          What runs now goes on. Runs that fall due wait.
        </Confirm>
      )}
      {open?.what === "remove" && (
        <Confirm
          title={`Remove client ${open.client.name}`}
          action="Remove the client"
          danger
          typed={open.client.name}
          onClose={close}
          onConfirm={async () => {
            await ask("DELETE", at("clients", open.client.name));
            toast("good", `Client ${open.client.name} was removed`);
            clients.reload();
          }}
        >
          Only a client without jobs and remotes can be removed. Its history stays.
        </Confirm>
      )}
    </Page>
  );
}

function ClientDialog(props: {
  client: ClientView | null;
  onClose: () => void;
  onSaved: () => void;
}) {
  const { client } = props;
  const [name, setName] = useState(client?.name ?? "");
  const [weight, setWeight] = useState(client?.weight ?? 1);
  const [runs, setRuns] = useState(client?.max_concurrent_jobs ?? 0);
  const [kbps, setKbps] = useState(client?.max_bandwidth_kbps ?? 0);
  const [tried, setTried] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const badName = nameProblem(name);
  const save = async () => {
    setTried(true);
    if (badName) return;
    setProblem(null);
    const limits = { weight, max_concurrent_jobs: runs, max_bandwidth_kbps: kbps };
    try {
      if (client) await ask("PATCH", at("clients", client.name), { body: limits });
      else await post("/clients", { name, ...limits });
      toast("good", client ? `Client ${name} was changed` : `Client ${name} was added`);
      props.onSaved();
      props.onClose();
    } catch (error) {
      setProblem(asProblem(error));
    }
  };
  return (
    <Dialog
      title={client ? `Change client ${client.name}` : "Add a client"}
      onClose={props.onClose}
      foot={
        <>
          <Button onClick={props.onClose}>Back</Button>
          <Button kind="primary" onClick={() => void save()}>
            Save
          </Button>
        </>
      }
    >
      <TextField
        label="Name"
        value={name}
        disabled={client !== null}
        problem={tried ? badName : ""}
        onInput={setName}
      />
      <NumberField
        label="Weight"
        help="Share of queue and line, 1 to 1000"
        value={weight}
        min={1}
        max={1000}
        onInput={setWeight}
      />
      <NumberField
        label="Runs at the same time"
        help="0: no cap"
        value={runs}
        min={0}
        onInput={setRuns}
      />
      <RateField label="Bandwidth" help="0: no cap" value={kbps} onInput={setKbps} />
      <ProblemNotice problem={problem} what="The client was not saved" />
    </Dialog>
  );
}
