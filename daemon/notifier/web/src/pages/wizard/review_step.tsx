// Everything once more, before it is saved.

import { capText } from "../../core/format";
import {
  hasDestination,
  hasPlaces,
  hasSchedule,
  jobProblems,
  keepsVersions,
  stepOf,
  stepTitles,
  type Step,
} from "../../core/job_form";
import { jobKinds } from "../../core/run_state";
import { scheduleText } from "../../core/schedule";
import { Facts, Name, Notice } from "../../ui/basics";
import type { StepProps } from "./step";
import type { ComponentChildren } from "preact";

export function ReviewStep({ job, visit }: StepProps) {
  const problems = Object.entries(jobProblems(job));
  const go = (step: Step, text: ComponentChildren) => (
    <span class="row spread top">
      <span>{text}</span>
      <button
        type="button"
        class="link nowrap"
        onClick={() => visit(step)}
        aria-label={`Change: ${stepTitles[step]}`}
      >
        Change
      </button>
    </span>
  );
  const { keep_last_n: last, keep_days: days } = job.retention;
  return (
    <div class="form">
      {problems.length > 0 ? (
        <Notice tone="warn" title="Something is missing or wrong">
          <ul class="plain stack close">
            {problems.map(([field, text]) => (
              <li key={field}>
                <button type="button" class="link" onClick={() => visit(stepOf(field))}>
                  {stepTitles[stepOf(field)]}
                </button>
                : {text}
              </li>
            ))}
          </ul>
        </Notice>
      ) : (
        <Notice tone="good" title="Everything is there">
          Save it, then start a dry run from its page to see what it would do.
        </Notice>
      )}
      <Facts
        rows={[
          ["Name", go("basics", <Name>{job.name}</Name>)],
          ["Client", <Name>{job.client}</Name>],
          ["Does", go("basics", jobKinds[job.kind])],
          ["From", hasPlaces(job.kind) && go("source", <Name>{job.source}</Name>)],
          ["To", hasDestination(job.kind) && go("destination", <Name>{job.destination}</Name>)],
          [
            "Encryption",
            hasDestination(job.kind) && go("destination", job.encryption ? "on" : "off"),
          ],
          [
            "Runs",
            hasSchedule(job.kind) &&
              go(
                "schedule",
                `${scheduleText(job.schedule)}${job.schedule.kind === "manual" ? "" : ` (${job.schedule.time_zone})`}${job.enabled ? "" : ", but it is disabled"}`,
              ),
          ],
          [
            "Filters",
            hasPlaces(job.kind) &&
              go(
                "files",
                job.options.filters.length
                  ? `${job.options.filters.length} rules`
                  : "none: every file",
              ),
          ],
          [
            "Bandwidth",
            go(
              "limits",
              job.bandwidth_table.rows.length
                ? "by time of the week"
                : capText(job.bandwidth_kbps * 1000),
            ),
          ],
          [
            "Versions",
            go(
              "safety",
              !keepsVersions(job)
                ? "none are kept"
                : !last && !days
                  ? "all are kept"
                  : [last ? `the last ${last}` : "", days ? `${days} days` : ""]
                      .filter(Boolean)
                      .join(" and "),
            ),
          ],
          ["Validation", go("safety", job.validation.mode)],
        ]}
      />
    </div>
  );
}
