// A remote and a folder in it: choose or make the remote, try it, browse its folders.

import { useState } from "preact/hooks";
import { asProblem, at, get, post, type Problem } from "../api/client";
import type { ProbeResult, RemoteList } from "../api/contract";
import { durationText, plural } from "../core/format";
import { joinPlace, splitPlace } from "../core/job_form";
import { errorClasses } from "../core/run_state";
import { findRemoteType, needsFolder, remoteTypes, typeTitle } from "../core/remote_types";
import { may } from "../state/session";
import { useQuery } from "../state/query";
import { Button, Name, Notice, ProblemNotice } from "./basics";
import { FolderBrowser } from "./folder_browser";
import { Select, TextField } from "./form";
import { RemoteDialog } from "./remote_dialog";

export function PlacePicker(props: {
  what: string;
  client: string;
  value: string;
  problem: string;
  onInput: (place: string) => void;
}) {
  const { remote, path } = splitPlace(props.value);
  const remotes = useQuery(`remotes/${props.client}`, (signal) =>
    get<RemoteList>("/remotes", { client: props.client }, signal),
  );
  const [making, setMaking] = useState(false);
  const [browsing, setBrowsing] = useState(false);
  const list = remotes.data?.remotes ?? [];
  const chosen = list.find((one) => one.name === remote);
  const note = remoteTypes.find((type) => type.backend === chosen?.type)?.note;
  const whole = needsFolder(chosen?.type ?? "");
  const listable = path !== "" || !whole;
  return (
    <>
      <ProblemNotice
        problem={remotes.problem}
        what="The remotes could not be loaded"
        retry={remotes.reload}
      />
      <div class="inputs">
        <div class="grow">
          <Select
            label={`Remote of the ${props.what}`}
            value={remote}
            problem={remote ? "" : props.problem}
            help={
              remotes.data && !list.length
                ? "There is none yet: add the first one."
                : "An account or server, with its login. Only workers can open the login."
            }
            options={[
              ["", "Choose a remote"],
              ...list.map((one): [string, string] => [
                one.name,
                `${one.name} (${typeTitle(one.type)})`,
              ]),
            ]}
            onInput={(name) => props.onInput(joinPlace(name, name === remote ? path : ""))}
          />
        </div>
        {may("admin") && (
          <Button icon="plus" onClick={() => setMaking(true)}>
            Add a remote
          </Button>
        )}
      </div>
      {!may("admin") && remotes.data && !list.length && (
        <Notice tone="warn" title="Somebody with the scope admin has to add a remote first" />
      )}
      {remote && (
        <>
          <TextField
            label="Folder"
            value={path}
            placeholder={whole ? "/srv/data" : "Empty: the top"}
            help={note}
            problem={props.problem}
            mono
            onInput={(next) => props.onInput(joinPlace(remote, next))}
            behind={
              <Button icon="folder" disabled={!listable} onClick={() => setBrowsing(true)}>
                Browse
              </Button>
            }
          />
          {listable && <ConnectionTest client={props.client} remote={remote} path={path} />}
        </>
      )}
      {making && (
        <RemoteDialog
          client={props.client}
          onClose={() => setMaking(false)}
          onSaved={(name) => {
            remotes.reload();
            props.onInput(joinPlace(name, ""));
          }}
        />
      )}
      {browsing && (
        <FolderBrowser
          client={props.client}
          remote={remote}
          path={path}
          onClose={() => setBrowsing(false)}
          onChoose={(next) => {
            setBrowsing(false);
            props.onInput(joinPlace(remote, next));
          }}
        />
      )}
    </>
  );
}

type Tested = { key: string; result: ProbeResult | null; problem: Problem | null };

/** Logs in and lists, on a worker, and says in plain words what came of it. */
export function ConnectionTest(props: { client: string; remote: string; path: string }) {
  const key = `${props.client}/${props.remote}/${props.path}`;
  const [tested, setTested] = useState<Tested | null>(null);
  const [busy, setBusy] = useState(false);
  const test = async () => {
    setBusy(true);
    try {
      const result = await post<ProbeResult>(
        at("clients", props.client, "remotes", props.remote, "test"),
        undefined,
        { path: props.path },
      );
      setTested({ key, result, problem: null });
    } catch (error) {
      setTested({ key, result: null, problem: asProblem(error) });
    }
    setBusy(false);
  };
  const shown = tested?.key === key ? tested : null;
  return (
    <div class="stack tight">
      <div class="row wrap">
        <Button icon="link" disabled={busy} onClick={() => void test()}>
          {busy ? "Testing the connection" : "Test the connection"}
        </Button>
        {busy && (
          <span class="muted small">A worker logs in and lists the folder; up to a minute.</span>
        )}
      </div>
      <div role="status">
        <ProblemNotice problem={shown?.problem ?? null} what="The test could not be made" />
        {shown?.result && <TestResult result={shown.result} />}
      </div>
    </div>
  );
}

export function TestResult({ result }: { result: ProbeResult }) {
  if (result.ok)
    return (
      <Notice tone="good" title="It works">
        Logged in and listed the folder in {durationText(result.duration_ms)}:{" "}
        {plural(result.entries_total, "entry", "entries")}
        {result.entries.length > 0 && (
          <>
            {", like "}
            <Name>{result.entries.slice(0, 4).join(", ")}</Name>
          </>
        )}
        .
      </Notice>
    );
  return (
    <Notice tone="bad" title={errorClasses[result.error_class] ?? "It does not work"}>
      <div>
        <Name>{result.hint || "The server gave no reason."}</Name>
      </div>
      {result.deciding_line && (
        <code class="small">
          <Name>{result.deciding_line}</Name>
        </code>
      )}
    </Notice>
  );
}

export const backendTitle = (backend: string): string =>
  findRemoteType(backend)?.title ?? typeTitle(backend);
