// Who is told how runs of this job end.

import { Notice } from "../../ui/basics";
import { RuleList } from "../../ui/notify_rules";
import type { StepProps } from "./step";

export function NotifyStep({ job, isNew }: StepProps) {
  return (
    <div class="form">
      <p class="soft">
        Rules for all jobs of the client hold for this one too. Rules of its own replace them.
      </p>
      {isNew ? (
        <Notice>Rules of its own can be added here once the job is made.</Notice>
      ) : (
        <RuleList client={job.client} job={job.name} />
      )}
    </div>
  );
}
