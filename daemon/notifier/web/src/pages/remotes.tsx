// Accounts and servers that jobs copy from and to.

import { useState } from "preact/hooks";
import { ask, at, get, post } from "../api/client";
import type { ProbeResult, RemoteList, RemoteSpace, RemoteView } from "../api/contract";
import { bytesText } from "../core/format";
import { needsFolder, typeTitle } from "../core/remote_types";
import { isProvider, may, ownClient } from "../state/session";
import { useQuery } from "../state/query";
import { toast } from "../state/toasts";
import { Ago, Button, Card, Empty, Loading, Name, Page, ProblemNotice } from "../ui/basics";
import { ClientSelect } from "../ui/client_select";
import { Loaded, Table } from "../ui/table";
import { Confirm, Dialog } from "../ui/dialog";
import { FolderBrowser } from "../ui/folder_browser";
import { Menu } from "../ui/menu";
import { TestResult } from "../ui/place_picker";
import { RemoteDialog } from "../ui/remote_dialog";

type Open =
  | { what: "new"; client: string }
  | { what: "edit" | "remove" | "browse" | "test" | "space"; remote: RemoteView };

export function Remotes() {
  const [client, setClient] = useState(ownClient.value);
  const remotes = useQuery(`remotes/${client}`, (signal) =>
    get<RemoteList>("/remotes", { client }, signal),
  );
  const [open, setOpen] = useState<Open | null>(null);
  const close = () => setOpen(null);
  const rows = remotes.data?.remotes ?? [];
  return (
    <Page
      title="Remotes"
      sub="Accounts and servers. Their logins are sealed: only workers can open them, nobody can read them back."
      actions={
        may("admin") && (
          <Button
            kind="primary"
            icon="plus"
            onClick={() => setOpen({ what: "new", client: client || "default" })}
          >
            Add a remote
          </Button>
        )
      }
    >
      {isProvider.value && (
        <div class="filters">
          <ClientSelect all value={client} onInput={setClient} />
        </div>
      )}
      <Card flush>
        <Loaded query={remotes} what="The remotes could not be loaded">
          {() =>
            rows.length ? (
              <RemoteTable rows={rows} onOpen={setOpen} />
            ) : (
              <Empty
                title="No remote yet"
                actions={
                  may("admin") && (
                    <Button
                      icon="plus"
                      onClick={() => setOpen({ what: "new", client: client || "default" })}
                    >
                      Add the first one
                    </Button>
                  )
                }
              >
                A remote is an account or a server: where files come from, or where copies go.
              </Empty>
            )
          }
        </Loaded>
      </Card>
      {open?.what === "new" && (
        <RemoteDialog client={open.client} onClose={close} onSaved={() => remotes.reload()} />
      )}
      {open?.what === "edit" && (
        <RemoteDialog
          client={open.remote.client}
          remote={open.remote}
          onClose={close}
          onSaved={() => remotes.reload()}
        />
      )}
      {open?.what === "browse" && (
        <FolderBrowser
          client={open.remote.client}
          remote={open.remote.name}
          path=""
          onClose={close}
          onChoose={close}
        />
      )}
      {open?.what === "test" && <TestDialog remote={open.remote} onClose={close} />}
      {open?.what === "space" && <SpaceDialog remote={open.remote} onClose={close} />}
      {open?.what === "remove" && (
        <Confirm
          title="Remove remote"
          action="Remove the remote"
          danger
          typed={open.remote.name}
          onClose={close}
          onConfirm={async () => {
            await ask("DELETE", at("clients", open.remote.client, "remotes", open.remote.name));
            toast("good", `Remote ${open.remote.name} was removed`);
            remotes.reload();
          }}
        >
          Its login is forgotten. What lies there stays. A remote that a job uses is not removed.
        </Confirm>
      )}
    </Page>
  );
}

function RemoteTable({ rows, onOpen }: { rows: RemoteView[]; onOpen: (open: Open) => void }) {
  return (
    <Table head={["Remote", "Kind", "Built on", ["Runs at once", "num"], "Changed"]} actions>
      {rows.map((remote) => (
        <tr key={remote.id}>
          <td>
            <span class="strong">
              <Name>{remote.name}</Name>
            </span>
            {isProvider.value && <span class="muted small"> {remote.client}</span>}
          </td>
          <td>{typeTitle(remote.type)}</td>
          <td class="wide">
            {remote.refers_to.length ? remote.refers_to.join(", ") : <span class="muted">–</span>}
          </td>
          <td class="num wide">{remote.max_concurrent || "no cap"}</td>
          <td class="wide">
            <Ago at={remote.updated_at} />
          </td>
          <td class="actions">
            {may("operate") && !needsFolder(remote.type) && (
              <Button small icon="link" onClick={() => onOpen({ what: "test", remote })}>
                Test
              </Button>
            )}
            <Menu
              label={`More about ${remote.name}`}
              items={[
                may("operate") && !needsFolder(remote.type)
                  ? {
                      label: "Browse",
                      icon: "folder",
                      onClick: () => onOpen({ what: "browse", remote }),
                    }
                  : null,
                may("operate")
                  ? {
                      label: "Room",
                      icon: "gauge",
                      onClick: () => onOpen({ what: "space", remote }),
                    }
                  : null,
                may("admin")
                  ? {
                      label: "Change",
                      icon: "edit",
                      onClick: () => onOpen({ what: "edit", remote }),
                    }
                  : null,
                may("admin")
                  ? {
                      label: "Remove",
                      icon: "trash",
                      danger: true,
                      onClick: () => onOpen({ what: "remove", remote }),
                    }
                  : null,
              ]}
            />
          </td>
        </tr>
      ))}
    </Table>
  );
}

function TestDialog({ remote, onClose }: { remote: RemoteView; onClose: () => void }) {
  const result = useQuery(`test/${remote.client}/${remote.name}`, () =>
    post<ProbeResult>(at("clients", remote.client, "remotes", remote.name, "test")),
  );
  return (
    <Dialog
      title={`Test of ${remote.name}`}
      onClose={onClose}
      foot={<Button onClick={onClose}>Close</Button>}
    >
      <div role="status">
        {result.loading && <p class="soft">A worker logs in and lists the top.</p>}
        {result.loading && <Loading />}
        {!result.loading && result.data && <TestResult result={result.data} />}
        <ProblemNotice
          problem={result.loading ? null : result.problem}
          what="The test could not be made"
          retry={result.reload}
        />
      </div>
    </Dialog>
  );
}

function SpaceDialog({ remote, onClose }: { remote: RemoteView; onClose: () => void }) {
  const space = useQuery(`space/${remote.client}/${remote.name}`, (signal) =>
    get<RemoteSpace>(at("clients", remote.client, "remotes", remote.name, "space"), {}, signal),
  );
  const known = space.data;
  const rows: [string, number | null | undefined][] = [
    ["In all", known?.total],
    ["Used", known?.used],
    ["Free", known?.free],
    ["In the bin", known?.trashed],
  ];
  return (
    <Dialog
      title={`Room of ${remote.name}`}
      onClose={onClose}
      foot={<Button onClick={onClose}>Close</Button>}
    >
      <ProblemNotice problem={space.problem} what="It could not be asked" retry={space.reload} />
      {!known && !space.problem && <Loading />}
      {known && !known.known && <Empty title="This kind of remote does not tell" />}
      {known?.known && (
        <dl class="facts">
          {rows
            .filter(([, value]) => value !== null && value !== undefined)
            .map(([name, value]) => [
              <dt key={name}>{name}</dt>,
              <dd key={`${name}:`}>{bytesText(value)}</dd>,
            ])}
        </dl>
      )}
    </Dialog>
  );
}
