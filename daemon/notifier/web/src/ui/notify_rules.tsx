// Rules: which events of which jobs are told through which channel.

import { useState } from "preact/hooks";
import { asProblem, type Problem } from "../api/client";
import type { NotifyChannel, NotifyEvent, NotifyRule, RuleInput } from "../api/contract";
import { listChannels, listRules, notifyChanges, removeRule, saveRule } from "../api/notify";
import {
  channelLooks,
  eventLabel,
  notifyEvents,
  recipientsProblem,
  splitRecipients,
} from "../core/notify";
import { everyText } from "../core/schedule";
import { may } from "../state/session";
import { useQuery } from "../state/query";
import { toast } from "../state/toasts";
import { Button, Empty, Name, ProblemNotice } from "./basics";
import { Loaded, Table } from "./table";
import { Confirm, Dialog } from "./dialog";
import { Check, NumberField, Select, TextArea, TextField } from "./form";

export function RuleList({ client, job }: { client: string; job?: string }) {
  const rules = useQuery(
    `rules/${client}/${job ?? ""}`,
    (signal) => listRules({ client, job }, signal),
    notifyChanges,
  );
  const channels = useQuery(
    `channels/${client}`,
    (signal) => listChannels(client, signal),
    notifyChanges,
  );
  const [editing, setEditing] = useState<NotifyRule | "new" | null>(null);
  const [removing, setRemoving] = useState<NotifyRule | null>(null);
  const rows = rules.data ?? [];
  return (
    <div class="stack tight">
      <Loaded query={rules} what="The rules could not be loaded">
        {() =>
          rows.length ? (
            <Table head={["When", "For", "Through"]} actions>
              {rows.map((rule) => (
                <tr key={rule.id}>
                  <td>
                    {rule.events.map(eventLabel).join("; ") || "Nothing is told"}
                    {rule.must_succeed_every_seconds > 0 && (
                      <span class="muted small">
                        {" "}
                        Must succeed {everyText(rule.must_succeed_every_seconds)}.
                      </span>
                    )}
                  </td>
                  <td>
                    <Name>
                      {rule.job ||
                        (rule.client ? `all jobs of ${rule.client}` : "all jobs of all clients")}
                    </Name>
                  </td>
                  <td class="wide">
                    <Name>
                      {[rule.channel, rule.recipients.join(", ")].filter(Boolean).join(": ")}
                    </Name>
                  </td>
                  <td class="actions">
                    {may("operate") && (rule.client === client || client === "") && (
                      <>
                        <Button
                          small
                          kind="quiet"
                          icon="edit"
                          label="Change the rule"
                          onClick={() => setEditing(rule)}
                        />
                        <Button
                          small
                          kind="quiet"
                          icon="trash"
                          label="Remove the rule"
                          onClick={() => setRemoving(rule)}
                        />
                      </>
                    )}
                  </td>
                </tr>
              ))}
            </Table>
          ) : (
            <Empty title="No rule yet">Nobody is told how {job ? "this job" : "jobs"} ended.</Empty>
          )
        }
      </Loaded>
      {may("operate") && (
        <div>
          <Button icon="plus" disabled={!channels.data?.length} onClick={() => setEditing("new")}>
            Add a rule
          </Button>{" "}
          {channels.data && !channels.data.length && (
            <span class="muted small">A channel has to be added first.</span>
          )}
        </div>
      )}
      {editing && channels.data && (
        <RuleDialog
          rule={editing === "new" ? null : editing}
          client={client}
          job={job ?? ""}
          channels={channels.data}
          onClose={() => setEditing(null)}
          onSave={async (input, id) => {
            await saveRule(input, id);
            toast("good", "The rule holds from now on");
            rules.reload();
          }}
        />
      )}
      {removing && (
        <Confirm
          title="Remove rule"
          action="Remove the rule"
          danger
          onClose={() => setRemoving(null)}
          onConfirm={async () => {
            await removeRule(removing.id);
            rules.reload();
          }}
        >
          <Name>{removing.channel}</Name> is not told any more by this rule.
        </Confirm>
      )}
    </div>
  );
}

const daySeconds = 86_400;

export function RuleDialog(props: {
  rule: NotifyRule | null;
  client: string;
  job: string;
  channels: NotifyChannel[];
  onClose: () => void;
  onSave: (rule: RuleInput, id: number) => Promise<void>;
}) {
  const { rule, channels } = props;
  const [channel, setChannel] = useState(rule?.channel ?? channels[0]?.name ?? "");
  const [events, setEvents] = useState<NotifyEvent[]>(
    rule?.events ?? ["failure", "warning", "fixed", "held"],
  );
  const [recipients, setRecipients] = useState(rule?.recipients.join("\n") ?? "");
  const [days, setDays] = useState((rule?.must_succeed_every_seconds ?? daySeconds) / daySeconds);
  const [onlyChanges, setOnlyChanges] = useState(rule?.only_changes ?? false);
  const [job, setJob] = useState(rule?.job ?? props.job);
  const [tried, setTried] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const chosen = channels.find((one) => one.name === channel);
  const mail = chosen ? channelLooks[chosen.kind].mail : false;
  const list = splitRecipients(recipients);
  const badRecipients = recipientsProblem(list, mail);
  const overdue = events.includes("overdue");
  const save = async () => {
    setTried(true);
    if (badRecipients) return;
    try {
      await props.onSave(
        {
          client: rule?.client ?? props.client,
          job,
          events,
          channel,
          recipients: mail ? list : [],
          must_succeed_every_seconds: overdue ? Math.round(days * daySeconds) : 0,
          only_changes: onlyChanges,
        },
        rule?.id ?? 0,
      );
      props.onClose();
    } catch (error) {
      setProblem(asProblem(error));
    }
  };
  return (
    <Dialog
      title={rule ? "Change rule" : "Add a rule"}
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
      {!props.job && (
        <TextField label="Job" value={job} placeholder="Empty: all jobs" onInput={setJob} />
      )}
      <Select
        label="Channel"
        value={channel}
        options={channels.map((one): [string, string] => [
          one.name,
          `${one.name} (${channelLooks[one.kind].title})`,
        ])}
        onInput={setChannel}
      />
      {mail && (
        <TextArea
          label="Recipients"
          help="Mail addresses, one in a line"
          rows={3}
          value={recipients}
          problem={tried ? badRecipients : ""}
          onInput={setRecipients}
        />
      )}
      <fieldset class="choices">
        <legend class="label-text">Tell when a run</legend>
        {notifyEvents.map(([event, label]) => (
          <Check
            key={event}
            label={label}
            value={events.includes(event)}
            onInput={(on) =>
              setEvents(on ? [...events, event] : events.filter((one) => one !== event))
            }
          />
        ))}
      </fieldset>
      {overdue && (
        <NumberField
          label="Must succeed every"
          behind={<span class="muted">days</span>}
          value={days}
          min={0.05}
          step={0.5}
          onInput={setDays}
        />
      )}
      <Check
        label="Of failures in a row tell only the first"
        value={onlyChanges}
        onInput={setOnlyChanges}
      />
      <ProblemNotice problem={problem} what="The rule was not saved" />
    </Dialog>
  );
}
