// Who is told how runs of this job end.

import { useState } from "preact/hooks";
import { listChannels, notifyChanges } from "../../api/notify";
import { eventLabel } from "../../core/notify";
import { useQuery } from "../../state/query";
import { Button, Empty, Name, ProblemNotice } from "../../ui/basics";
import { RuleDialog, RuleList } from "../../ui/notify_rules";
import type { StepProps } from "./step";

export function NotifyStep(props: StepProps) {
  return (
    <div class="form">
      <p class="soft">
        Rules for all jobs of the client hold for this one too, unless it has rules of its own.
      </p>
      {props.isNew ? (
        <RulesOfNew {...props} />
      ) : (
        <RuleList client={props.job.client} job={props.job.name} />
      )}
    </div>
  );
}

/** They are made together with the job. */
function RulesOfNew({ job, rules, setRules }: StepProps) {
  const channels = useQuery(
    `channels/${job.client}`,
    (signal) => listChannels(job.client, signal),
    notifyChanges,
  );
  const [adding, setAdding] = useState(false);
  return (
    <>
      <ProblemNotice
        problem={channels.problem}
        what="The channels could not be loaded"
        retry={channels.reload}
      />
      {rules.length ? (
        <ul class="plain stack tight">
          {rules.map((rule, index) => (
            <li key={index} class="row spread">
              <span>
                <Name>
                  {[rule.channel, (rule.recipients ?? []).join(", ")].filter(Boolean).join(": ")}
                </Name>
                <span class="muted small"> {rule.events.map(eventLabel).join("; ")}</span>
              </span>
              <Button
                small
                kind="quiet"
                icon="trash"
                label={`Remove rule ${index + 1}`}
                onClick={() => setRules(rules.filter((_, i) => i !== index))}
              />
            </li>
          ))}
        </ul>
      ) : (
        <Empty title="No rule of its own">The rules for all jobs of the client hold.</Empty>
      )}
      <div class="row wrap">
        <Button icon="plus" disabled={!channels.data?.length} onClick={() => setAdding(true)}>
          Add a rule
        </Button>
        {channels.data && !channels.data.length && (
          <span class="muted small">
            There is no channel yet; one is added under <a href="#/notifications">Notifications</a>.
          </span>
        )}
      </div>
      {adding && channels.data && (
        <RuleDialog
          rule={null}
          client={job.client}
          job={job.name || "this job"}
          channels={channels.data}
          onClose={() => setAdding(false)}
          onSave={async (rule) => setRules([...rules, rule])}
        />
      )}
    </>
  );
}
