// What a person chooses for themselves, and the settings of the installation.

import { useMemo, useState } from "preact/hooks";
import { ask, asProblem, at, get, post, type Problem } from "../api/client";
import type { ClientView, SettingsAnswer, SettingView } from "../api/contract";
import { capText, timeText, viewerZone } from "../core/format";
import { timeZones } from "../core/schedule";
import { now } from "../state/route";
import {
  chooseTheme,
  chooseZone,
  identity,
  may,
  ownClient,
  shownZone,
  theme,
  type Theme,
} from "../state/session";
import { useQuery } from "../state/query";
import { toast } from "../state/toasts";
import { Button, Card, Facts, Loading, Name, Page, ProblemNotice } from "../ui/basics";
import { Table } from "../ui/table";
import { Dialog } from "../ui/dialog";
import { Select, TextField } from "../ui/form";
import { TokenCard } from "./operator/tokens";

export function Settings() {
  return (
    <Page title="Settings" narrow>
      <Look />
      {identity.value?.kind === "user" && <Password />}
      {ownClient.value !== "" && <Limits client={ownClient.value} />}
      {ownClient.value !== "" && may("admin") && <TokenCard client={ownClient.value} />}
      {ownClient.value === "" && <SystemSettings />}
    </Page>
  );
}

const themes: [Theme, string][] = [
  ["system", "Like the system"],
  ["light", "Light"],
  ["dark", "Dark"],
];

function Look() {
  const zones = useMemo(timeZones, []);
  const [zone, setZone] = useState(shownZone.value);
  const known = zone === "" || zones.includes(zone);
  return (
    <Card title="This browser">
      <div class="form-grid">
        <Select label="Colours" value={theme.value} options={themes} onInput={chooseTheme} />
        <TextField
          label="Time zone of shown times"
          value={zone}
          placeholder={viewerZone()}
          suggestions={zones}
          problem={known ? "" : "There is no such zone"}
          help={`Empty: that of this computer. It is now ${timeText(now.value, known ? zone || undefined : undefined)}.`}
          onInput={(next) => {
            setZone(next);
            if (next === "" || zones.includes(next)) chooseZone(next);
          }}
        />
      </div>
    </Card>
  );
}

function Password() {
  const [old, setOld] = useState("");
  const [next, setNext] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const [tried, setTried] = useState(false);
  const short = next.length < 10 ? "At least 10 characters" : "";
  const save = async () => {
    setTried(true);
    if (short) return;
    setProblem(null);
    try {
      await post("/me/password", { old_password: old, new_password: next });
      toast("good", "The password was changed; all other sessions have ended");
      setOld("");
      setNext("");
      setTried(false);
    } catch (error) {
      setProblem(asProblem(error));
    }
  };
  return (
    <Card title="Password">
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <div class="form-grid">
          <TextField
            label="Old password"
            type="password"
            autocomplete="current-password"
            value={old}
            onInput={setOld}
          />
          <TextField
            label="New password"
            type="password"
            autocomplete="new-password"
            value={next}
            problem={tried ? short : ""}
            onInput={setNext}
          />
        </div>
        <ProblemNotice problem={problem} what="The password was not changed" />
        <div>
          <Button type="submit" disabled={!old || !next}>
            Change the password
          </Button>
        </div>
      </form>
    </Card>
  );
}

function Limits({ client }: { client: string }) {
  const shown = useQuery(`client/${client}`, (signal) =>
    get<ClientView>(at("clients", client), {}, signal),
  );
  return (
    <Card title="Limits" foot="Your provider sets these.">
      <ProblemNotice
        problem={shown.problem}
        what="The limits could not be loaded"
        retry={shown.reload}
      />
      {shown.data && (
        <Facts
          rows={[
            ["Client", <Name>{shown.data.name}</Name>],
            ["Jobs", String(shown.data.jobs)],
            [
              "Runs at the same time",
              shown.data.max_concurrent_jobs ? String(shown.data.max_concurrent_jobs) : "no cap",
            ],
            ["Bandwidth", capText(shown.data.max_bandwidth_kbps * 1000)],
            ["Weight in the queue", String(shown.data.weight)],
          ]}
        />
      )}
    </Card>
  );
}

const valueText = (value: unknown): string =>
  typeof value === "string" ? value : JSON.stringify(value);

function SystemSettings() {
  const shown = useQuery("settings", (signal) => get<SettingsAnswer>("/settings", {}, signal), {
    changedBy: (event) => event.kind === "settings.changed",
  });
  const [editing, setEditing] = useState("");
  // Limits of clients have a page of their own.
  const rows = Object.entries(shown.data?.settings ?? {}).filter(
    ([name]) => !name.startsWith("client/"),
  );
  return (
    <Card title="Installation" flush>
      <ProblemNotice
        problem={shown.problem}
        what="The settings could not be loaded"
        retry={shown.reload}
      />
      {!shown.data && !shown.problem && <Loading />}
      {shown.data && (
        <Table head={["Setting", "Value"]} actions>
          {rows.map(([name, setting]) => (
            <tr key={name}>
              <td>
                <div class="strong">{name.replaceAll("_", " ")}</div>
                <div class="muted small">{setting.description}</div>
              </td>
              <td>
                <code class="name">{valueText(setting.value) || "–"}</code>
                {valueText(setting.value) !== valueText(setting.default) && (
                  <div class="muted small">default {valueText(setting.default) || "–"}</div>
                )}
              </td>
              <td class="actions">
                {may("admin") && (
                  <Button
                    small
                    icon="edit"
                    label={`Change ${name}`}
                    onClick={() => setEditing(name)}
                  />
                )}
              </td>
            </tr>
          ))}
        </Table>
      )}
      {editing && shown.data?.settings[editing] && (
        <SettingDialog
          name={editing}
          setting={shown.data.settings[editing]}
          onClose={() => setEditing("")}
          onSaved={shown.reload}
        />
      )}
    </Card>
  );
}

/** Settings keep the type of their default. */
function readValue(text: string, like: unknown): unknown {
  if (typeof like === "string") return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function SettingDialog(props: {
  name: string;
  setting: SettingView;
  onClose: () => void;
  onSaved: () => void;
}) {
  const { name, setting } = props;
  const [value, setValue] = useState(valueText(setting.value));
  const [problem, setProblem] = useState<Problem | null>(null);
  const save = async () => {
    setProblem(null);
    try {
      await ask("PUT", at("settings", name), {
        body: { value: readValue(value, setting.default) },
      });
      toast("good", `${name} was changed`);
      props.onSaved();
      props.onClose();
    } catch (error) {
      setProblem(asProblem(error));
    }
  };
  return (
    <Dialog
      title={name.replaceAll("_", " ")}
      onClose={props.onClose}
      foot={
        <>
          <Button onClick={() => setValue(valueText(setting.default))}>Default</Button>
          <Button kind="primary" onClick={() => void save()}>
            Save
          </Button>
        </>
      }
    >
      <p class="soft">{setting.description}</p>
      {typeof setting.default === "boolean" ? (
        <Select
          label="Value"
          value={value}
          options={[
            ["true", "On"],
            ["false", "Off"],
          ]}
          onInput={setValue}
        />
      ) : (
        <TextField label="Value" value={value} onInput={setValue} autofocus mono />
      )}
      <ProblemNotice problem={problem} what="The setting was not changed" />
    </Dialog>
  );
}
