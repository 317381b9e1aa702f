// Looks through the folders of a remote, on a worker.

import { useState } from "preact/hooks";
import { at, get } from "../api/client";
import type { RemoteEntries } from "../api/contract";
import { useQuery } from "../state/query";
import { Button, Empty, Loading, Name, ProblemNotice } from "./basics";
import { Dialog } from "./dialog";
import { TextField } from "./form";
import { Icon } from "./icon";

const join = (path: string, name: string): string =>
  path === "" ? name : path.endsWith("/") ? `${path}${name}` : `${path}/${name}`;

function parent(path: string): string {
  const cut = path.replace(/\/+$/, "").lastIndexOf("/");
  return cut <= 0 ? (path.startsWith("/") && cut === 0 ? "/" : "") : path.slice(0, cut);
}

export function FolderBrowser(props: {
  client: string;
  remote: string;
  path: string;
  onClose: () => void;
  onChoose: (path: string) => void;
}) {
  const [path, setPath] = useState(props.path);
  const [search, setSearch] = useState("");
  const list = useQuery(`browse/${props.client}/${props.remote}/${path}`, (signal) =>
    get<RemoteEntries>(
      at("clients", props.client, "remotes", props.remote, "entries"),
      { path, files: true },
      signal,
    ),
  );
  const open = (next: string) => {
    setSearch("");
    setPath(next);
  };
  const entries = (list.data?.entries ?? []).filter((entry) =>
    entry.toLowerCase().includes(search.toLowerCase()),
  );
  return (
    <Dialog
      wide
      title={`Folders of ${props.remote}`}
      onClose={props.onClose}
      foot={
        <>
          <Button onClick={props.onClose}>Back</Button>
          <Button kind="primary" onClick={() => props.onChoose(path)}>
            Choose this folder
          </Button>
        </>
      }
    >
      <div class="row">
        <Button
          small
          icon="home"
          label="To the top"
          disabled={path === ""}
          onClick={() => open("")}
        />
        <Button small disabled={path === ""} onClick={() => open(parent(path))}>
          Up
        </Button>
        <code class="cut grow">
          <Name>{`${props.remote}:${path}`}</Name>
        </code>
      </div>
      <TextField label="Search here" type="search" value={search} onInput={setSearch} />
      <ProblemNotice
        problem={list.problem}
        what="This folder cannot be listed"
        retry={list.reload}
      />
      {list.data ? (
        <div class="browser" role="list" aria-label="Entries">
          {entries.map((entry) =>
            entry.endsWith("/") ? (
              <div role="listitem" key={entry}>
                <button type="button" onClick={() => open(join(path, entry.slice(0, -1)))}>
                  <Icon name="folder" />
                  <Name>{entry.slice(0, -1)}</Name>
                </button>
              </div>
            ) : (
              <div role="listitem" class="file" key={entry}>
                <Icon name="file" />
                <Name>{entry}</Name>
              </div>
            ),
          )}
          {!entries.length && (
            <Empty title={search ? "Nothing fits" : "This folder is empty"}>
              {search ? "" : "A new folder is made when the first run needs it."}
            </Empty>
          )}
        </div>
      ) : (
        !list.problem && <Loading />
      )}
      {list.data?.truncated && (
        <p class="muted small">There is more than can be shown; type the path instead.</p>
      )}
    </Dialog>
  );
}
