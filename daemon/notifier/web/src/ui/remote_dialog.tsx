// Makes or changes a remote: its kind, its settings, and a test. Secrets go one way, to the workers; what
// was entered stays in the dialog until it works.

import { useMemo, useState } from "preact/hooks";
import { ask, asProblem, at, get, post, type Problem } from "../api/client";
import type { HostKeysAnswer, ProbeResult, ProvidersAnswer, RemoteView } from "../api/contract";
import { nameProblem } from "../core/job_form";
import {
  fieldProblems,
  fieldsOf,
  initialValues,
  remoteProblems,
  toPatch,
  toSettings,
  withHostKeys,
  type Values,
} from "../core/remote_form";
import { remoteTypes, type RemoteType } from "../core/remote_types";
import { useQuery } from "../state/query";
import { toast } from "../state/toasts";
import { Button, Loading, Name, Notice, ProblemNotice } from "./basics";
import { Dialog } from "./dialog";
import { NumberField, TextField } from "./form";
import { TestResult } from "./place_picker";
import { RemoteFields } from "./remote_fields";

export interface RemoteDialogProps {
  client: string;
  /** To change it; else a new one is made. */
  remote?: RemoteView;
  onClose: () => void;
  onSaved: (name: string) => void;
}

export function RemoteDialog(props: RemoteDialogProps) {
  const known = props.remote && remoteTypes.find((type) => type.backend === props.remote?.type);
  const [type, setType] = useState<RemoteType | null>(known ?? null);
  const [other, setOther] = useState(props.remote && !known ? props.remote.type : "");
  const title = props.remote ? `Change remote ${props.remote.name}` : "Add a remote";
  if (type) return <RemoteForm {...props} title={title} type={type} onBack={() => setType(null)} />;
  if (other)
    return <OtherForm {...props} title={title} backend={other} onBack={() => setOther("")} />;
  return (
    <Dialog wide title={title} onClose={props.onClose}>
      <p class="soft">What kind of storage is it?</p>
      <div class="choices">
        {remoteTypes.map((one) => (
          <button key={one.id} type="button" class="choice" onClick={() => setType(one)}>
            <span class="title">{one.title}</span>
            <span class="text">{one.text}</span>
          </button>
        ))}
      </div>
      <OtherTypes onChoose={setOther} />
    </Dialog>
  );
}

function OtherTypes({ onChoose }: { onChoose: (backend: string) => void }) {
  const [search, setSearch] = useState("");
  const types = useQuery("remote-types", (signal) =>
    get<ProvidersAnswer>("/remote-types", {}, signal),
  );
  const wanted = search.toLowerCase();
  const rows = (types.data?.backends ?? []).filter((one) =>
    `${one.name} ${one.description} ${one.aliases.join(" ")}`.toLowerCase().includes(wanted),
  );
  return (
    <details class="more">
      <summary>Every other kind that rclone knows</summary>
      <div class="stack tight">
        <ProblemNotice
          problem={types.problem}
          what="The kinds could not be loaded"
          retry={types.reload}
        />
        <TextField label="Search" type="search" value={search} onInput={setSearch} />
        <div class="browser">
          {rows.map((one) =>
            one.refused ? (
              <div class="file" key={one.name} title={one.refused}>
                {one.description} <span class="small">({one.refused})</span>
              </div>
            ) : (
              <button key={one.name} type="button" onClick={() => onChoose(one.name)}>
                <span class="grow">{one.description}</span>
                <code>{one.name}</code>
              </button>
            ),
          )}
        </div>
      </div>
    </details>
  );
}

type FormProps = RemoteDialogProps & { title: string; onBack: () => void };

/** rclone's own description of the options becomes the form. */
function OtherForm(props: FormProps & { backend: string }) {
  const [provider, setProvider] = useState("");
  const answer = useQuery(`remote-type/${props.backend}`, (signal) =>
    get<ProvidersAnswer>(at("remote-types", props.backend), {}, signal),
  );
  const backend = answer.data?.backends[0];
  const type = useMemo<RemoteType | null>(
    () =>
      backend
        ? {
            id: backend.name,
            backend: backend.name,
            title: backend.description,
            text: "",
            fields: fieldsOf(backend.options, provider),
          }
        : null,
    [backend, provider],
  );
  if (!type)
    return (
      <Dialog wide title={props.title} onClose={props.onClose}>
        <ProblemNotice
          problem={answer.problem}
          what="The options could not be loaded"
          retry={answer.reload}
        />
        {!answer.problem && <Loading />}
      </Dialog>
    );
  return <RemoteForm {...props} type={type} onProvider={setProvider} />;
}

function RemoteForm(
  props: FormProps & { type: RemoteType; onProvider?: (provider: string) => void },
) {
  const { type, client } = props;
  const [stored, setStored] = useState(props.remote ?? null);
  const [name, setName] = useState(props.remote?.name ?? "");
  const [most, setMost] = useState(props.remote?.max_concurrent ?? 0);
  const [values, setValues] = useState<Values>(props.remote ? {} : initialValues(type.fields));
  const [keys, setKeys] = useState<HostKeysAnswer | null>(null);
  const [tried, setTried] = useState(false);
  const [told, setTold] = useState<Values>({});
  const [problem, setProblem] = useState<Problem | null>(null);
  const [result, setResult] = useState<ProbeResult | null>(null);
  const [busy, setBusy] = useState("");

  const problems: Values = { ...told, ...remoteProblems(type.fields, values, stored !== null) };
  const badName = nameProblem(name);

  const set = (field: string, value: string) => {
    setValues((old) => ({ ...old, [field]: value }));
    setTold(({ [field]: _, ...rest }) => rest);
    setResult(null);
    if (field === "provider") props.onProvider?.(value);
    if (field === "host" || field === "port") setKeys(null);
  };

  const save = async () => {
    setTried(true);
    setProblem(null);
    setResult(null);
    if (badName || Object.keys(remoteProblems(type.fields, values, stored !== null)).length) return;
    try {
      let settings = toSettings(type, values);
      let patch = toPatch(type, values);
      if (type.backend === "sftp" && values.host) {
        if (!keys) {
          setBusy("Asking the server for its key");
          return setKeys(
            await get<HostKeysAnswer>("/host-keys", { host: values.host, port: values.port }),
          );
        }
        settings = withHostKeys(settings, keys);
        patch = { ...patch, set: withHostKeys(patch.set, keys) };
      }
      setBusy("Saving");
      const saved = stored
        ? await ask<RemoteView>("PATCH", at("clients", client, "remotes", stored.name), {
            body: { ...patch, max_concurrent: most },
          }).then((answer) => answer.body)
        : await post<RemoteView>("/remotes", {
            name,
            client,
            type: type.backend,
            max_concurrent: most,
            settings,
          });
      setStored(saved);
      if (type.needsFolder) {
        toast("good", `Remote ${saved.name} was saved; test it with a folder, in a job`);
        props.onSaved(saved.name);
        return props.onClose();
      }
      setBusy("Testing the connection");
      const tested = await post<ProbeResult>(at("clients", client, "remotes", saved.name, "test"));
      setResult(tested);
      props.onSaved(saved.name);
      if (tested.ok) toast("good", `Remote ${saved.name} works`);
    } catch (error) {
      const refused = asProblem(error);
      setTold(fieldProblems(type.fields, refused.message));
      setProblem(refused);
    } finally {
      setBusy("");
    }
  };

  return (
    <Dialog
      wide
      title={`${props.title}: ${type.title}`}
      onClose={props.onClose}
      foot={
        <>
          {!stored && <Button onClick={props.onBack}>Another kind</Button>}
          <span class="grow muted small" role="status">
            {busy}
          </span>
          <Button onClick={props.onClose}>{result?.ok ? "Done" : "Close"}</Button>
          {!result?.ok && (
            <Button kind="primary" disabled={busy !== ""} onClick={() => void save()}>
              {type.needsFolder
                ? "Save"
                : keys
                  ? "It is the right server: save and test"
                  : stored
                    ? "Save and test again"
                    : "Save and test"}
            </Button>
          )}
        </>
      }
    >
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        {stored && (
          <Notice>
            Settings cannot be read back. Enter only what shall change; everything else stays as it
            is.
          </Notice>
        )}
        <div class="form-grid">
          <TextField
            label="Name of the remote"
            value={name}
            disabled={stored !== null}
            placeholder="like nas or cloud"
            problem={tried ? badName : ""}
            onInput={setName}
          />
          <NumberField
            label="Runs at the same time"
            help="On this account; 0: no cap"
            value={most}
            min={0}
            onInput={setMost}
          />
        </div>
        {type.login && <LoginHelp backend={type.backend} />}
        <RemoteFields
          fields={type.fields}
          values={values}
          problems={tried ? problems : told}
          kept={stored !== null}
          onInput={set}
        />
        {type.note && <p class="muted small">{type.note}</p>}
        {keys && <HostKeys keys={keys} host={values.host ?? ""} />}
        <ProblemNotice problem={problem} what="That did not work" />
        {result && <TestResult result={result} />}
        <button type="submit" class="hidden-text" tabIndex={-1} aria-hidden="true">
          Save and test
        </button>
      </form>
    </Dialog>
  );
}

function HostKeys({ keys, host }: { keys: HostKeysAnswer; host: string }) {
  return (
    <Notice tone="warn" title="Is this the right server?">
      <Name>{host}</Name> shows these keys. Compare them with what its administrator tells you; from
      now on only a server with these keys is trusted.
      <ul class="plain mono small">
        {keys.keys.map((key) => (
          <li key={key.fingerprint}>
            {key.type} {key.fingerprint}
          </li>
        ))}
      </ul>
    </Notice>
  );
}

function LoginHelp({ backend }: { backend: string }) {
  return (
    <Notice title="The login is made on a computer with a browser and rclone">
      Run <code>rclone authorize "{backend}"</code> there, log in, and paste what it prints, from{" "}
      {"{"} to {"}"}, into the field Token. With your own client ID and secret:{" "}
      <code>rclone authorize "{backend}" ID SECRET</code>.
    </Notice>
  );
}
