// Channels and rules: who is told what, and whether it works.

import { useState } from "preact/hooks";
import { asProblem, type Problem } from "../api/client";
import type { ChannelKind, NotifyChannel } from "../api/contract";
import {
  listChannels,
  notifyChanges,
  removeChannel,
  saveChannel,
  testChannel,
} from "../api/notify";
import { channelLooks } from "../core/notify";
import { nameProblem } from "../core/job_form";
import { fieldProblems, initialValues, remoteProblems, type Values } from "../core/remote_form";
import { durationText } from "../core/format";
import { may, ownClient } from "../state/session";
import { useQuery } from "../state/query";
import { toast } from "../state/toasts";
import { Button, Card, Empty, Name, Notice, Page, ProblemNotice } from "../ui/basics";
import { Loaded, Table } from "../ui/table";
import { Confirm, Dialog } from "../ui/dialog";
import { Choices, NumberField, Select, TextField } from "../ui/form";
import { Menu } from "../ui/menu";
import { RemoteFields } from "../ui/remote_fields";
import { RuleList } from "../ui/notify_rules";

export function Notifications() {
  const client = ownClient.value;
  const channels = useQuery(
    `channels/${client}`,
    (signal) => listChannels(client, signal),
    notifyChanges,
  );
  const [editing, setEditing] = useState<NotifyChannel | "new" | null>(null);
  const [testing, setTesting] = useState<NotifyChannel | null>(null);
  const [removing, setRemoving] = useState<NotifyChannel | null>(null);
  const rows = channels.data ?? [];
  return (
    <Page
      title="Notifications"
      sub="Who is told how runs end."
      actions={
        may("admin") && (
          <Button kind="primary" icon="plus" onClick={() => setEditing("new")}>
            Add a channel
          </Button>
        )
      }
    >
      <Card title="Channels" flush>
        <Loaded query={channels} what="The channels could not be loaded">
          {() =>
            rows.length ? (
              <Table head={["Channel", "Kind", "Goes to", ["At most", "num"]]} actions>
                {rows.map((channel) => (
                  <tr key={channel.name}>
                    <td class="strong">
                      <Name>{channel.name}</Name>
                    </td>
                    <td>{channelLooks[channel.kind]?.title ?? channel.kind}</td>
                    <td class="wide">
                      <Name>
                        {channel.settings.host ?? channel.settings.url ?? "a sealed address"}
                      </Name>
                    </td>
                    <td class="num wide">
                      {channel.max_per_hour ? `${channel.max_per_hour} an hour` : "no cap"}
                    </td>
                    <td class="actions">
                      {may("operate") && (
                        <Button small icon="bell" onClick={() => setTesting(channel)}>
                          Test
                        </Button>
                      )}
                      {may("admin") && (channel.client === client || client === "") && (
                        <Menu
                          label={`More about ${channel.name}`}
                          items={[
                            { label: "Change", icon: "edit", onClick: () => setEditing(channel) },
                            {
                              label: "Remove",
                              icon: "trash",
                              danger: true,
                              onClick: () => setRemoving(channel),
                            },
                          ]}
                        />
                      )}
                    </td>
                  </tr>
                ))}
              </Table>
            ) : (
              <Empty
                title="No channel yet"
                actions={
                  may("admin") && (
                    <Button icon="plus" onClick={() => setEditing("new")}>
                      Add the first one
                    </Button>
                  )
                }
              >
                A channel is a way out: mail, Slack, push messages, a program of yours.
              </Empty>
            )
          }
        </Loaded>
      </Card>
      <Card title="Rules">
        <RuleList client={client} />
      </Card>
      {editing && (
        <ChannelDialog
          channel={editing === "new" ? null : editing}
          others={rows.map((one) => one.name)}
          client={client}
          onClose={() => setEditing(null)}
          onSaved={channels.reload}
        />
      )}
      {testing && <TestDialog channel={testing} onClose={() => setTesting(null)} />}
      {removing && (
        <Confirm
          title="Remove channel"
          action="Remove the channel"
          danger
          onClose={() => setRemoving(null)}
          onConfirm={async () => {
            await removeChannel(removing.name);
            toast("good", `Channel ${removing.name} was removed`);
            channels.reload();
          }}
        >
          Nothing goes out through <Name>{removing.name}</Name> any more.
        </Confirm>
      )}
    </Page>
  );
}

function TestDialog({ channel, onClose }: { channel: NotifyChannel; onClose: () => void }) {
  const mail = channelLooks[channel.kind].mail;
  const [recipient, setRecipient] = useState("");
  const [said, setSaid] = useState<{ ok: boolean; error: string; duration_ms: number } | null>(
    null,
  );
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const test = async () => {
    setBusy(true);
    setProblem(null);
    setSaid(null);
    try {
      setSaid(await testChannel(channel.name, recipient));
    } catch (error) {
      setProblem(asProblem(error));
    }
    setBusy(false);
  };
  return (
    <Dialog
      title={`Test of ${channel.name}`}
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>Close</Button>
          <Button
            kind="primary"
            icon="bell"
            disabled={busy || (mail && !recipient)}
            onClick={() => void test()}
          >
            {busy ? "Sending" : "Send a test message"}
          </Button>
        </>
      }
    >
      {mail && (
        <TextField label="To" type="email" value={recipient} onInput={setRecipient} autofocus />
      )}
      <div role="status">
        {said?.ok && (
          <Notice tone="good" title="It was taken">
            The other side took it after {durationText(said.duration_ms)}. Look whether it has
            arrived.
          </Notice>
        )}
        {said && !said.ok && (
          <Notice tone="bad" title="It did not go out">
            <Name>{said.error}</Name>
          </Notice>
        )}
        <ProblemNotice problem={problem} what="The test could not be made" />
      </div>
    </Dialog>
  );
}

function ChannelDialog(props: {
  channel: NotifyChannel | null;
  others: string[];
  client: string;
  onClose: () => void;
  onSaved: () => void;
}) {
  const { channel } = props;
  const [kind, setKind] = useState<ChannelKind>(channel?.kind ?? "smtp");
  const look = channelLooks[kind];
  const [name, setName] = useState(channel?.name ?? "");
  const [values, setValues] = useState<Values>(channel?.settings ?? initialValues(look.fields));
  const [perHour, setPerHour] = useState(channel?.max_per_hour ?? 60);
  const [digestAfter, setDigestAfter] = useState(channel?.digest_after ?? 10);
  const [fallback, setFallback] = useState(channel?.fallback ?? "");
  const [tried, setTried] = useState(false);
  const [told, setTold] = useState<Values>({});
  const [problem, setProblem] = useState<Problem | null>(null);
  const kept = channel !== null;
  const wrong = { ...told, ...remoteProblems(look.fields, values, kept) };
  const badName = nameProblem(name);

  const save = async () => {
    setTried(true);
    setProblem(null);
    if (badName || Object.keys(remoteProblems(look.fields, values, kept)).length) return;
    const settings = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ""));
    try {
      await saveChannel(
        {
          name,
          client: channel?.client ?? props.client,
          kind,
          settings,
          max_per_hour: perHour,
          digest_after: digestAfter,
          fallback,
        },
        !kept,
      );
      toast("good", `Channel ${name} was saved; send a test message now`);
      props.onSaved();
      props.onClose();
    } catch (error) {
      const refused = asProblem(error);
      setTold(fieldProblems(look.fields, refused.message));
      setProblem(refused);
    }
  };

  return (
    <Dialog
      wide
      title={kept ? `Change channel ${channel.name}` : "Add a channel"}
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
      {!kept && (
        <Choices
          legend="Kind"
          value={kind}
          choices={(Object.keys(channelLooks) as ChannelKind[]).map((one) => ({
            value: one,
            title: channelLooks[one].title,
            text: channelLooks[one].text,
          }))}
          onInput={(next) => {
            setKind(next);
            setValues(initialValues(channelLooks[next].fields));
          }}
        />
      )}
      <TextField
        label="Name"
        value={name}
        disabled={kept}
        problem={tried ? badName : ""}
        placeholder="like mail or on-call"
        onInput={setName}
      />
      <RemoteFields
        fields={look.fields}
        values={values}
        problems={tried ? wrong : told}
        kept={kept}
        shown
        onInput={(field, value) => setValues({ ...values, [field]: value })}
      />
      <div class="form-grid">
        <NumberField
          label="At most an hour"
          help="Messages; 0: no cap"
          value={perHour}
          min={0}
          onInput={setPerHour}
        />
        <NumberField
          label="One digest after"
          help="So many in ten minutes; 0: never"
          value={digestAfter}
          min={0}
          onInput={setDigestAfter}
        />
        <Select
          label="When it fails, tell"
          value={fallback}
          options={[
            ["", "Nobody"],
            ...props.others
              .filter((one) => one !== name)
              .map((one): [string, string] => [one, one]),
          ]}
          onInput={setFallback}
        />
      </div>
      <ProblemNotice problem={problem} what="The channel was not saved" />
    </Dialog>
  );
}
