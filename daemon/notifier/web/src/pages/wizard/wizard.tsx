// Makes and edits jobs, step by step. What is entered is kept in this browser until it is saved, so that
// neither an error nor a reload loses it; passwords are never part of it.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { ask, asProblem, at, post, type Problem } from "../../api/client";
import type { JobShowAnswer, JobView, RuleInput } from "../../api/contract";
import { saveRule } from "../../api/notify";
import { viewerZone } from "../../core/format";
import { href } from "../../core/router";
import {
  changesOf,
  draftOf,
  emptyJob,
  hasDestination,
  hasPlaces,
  hasSchedule,
  jobProblems,
  revive,
  serverProblems,
  stepOf,
  steps,
  stepTitles,
  toInput,
  type JobDraft,
  type Problems,
  type Step,
} from "../../core/job_form";
import { go, replaceQuery, route } from "../../state/route";
import { ownClient, store, stored, shownZone } from "../../state/session";
import { toast, toastProblem } from "../../state/toasts";
import { Button, Loading, Name, Notice, Page, ProblemNotice } from "../../ui/basics";
import { Icon } from "../../ui/icon";
import { BasicsStep } from "./basics_step";
import { FilesStep } from "./files_step";
import { LimitsStep } from "./limits_step";
import { NotifyStep } from "./notify_step";
import { DestinationStep, SourceStep } from "./place_steps";
import { ReviewStep } from "./review_step";
import { SafetyStep } from "./safety_step";
import { ScheduleStep } from "./schedule_step";
import type { StepProps } from "./step";

interface Start {
  draft: JobDraft;
  /** What is stored; null: the job is new. */
  before: JobDraft | null;
  etag: string;
}

/** Edits the job, or makes a new one, perhaps like another. */
export function Wizard({ edit }: { edit?: string }) {
  const from = route.value.query.from ?? "";
  const source = edit ?? from;
  const [start, setStart] = useState<Start | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const load = async () => {
    setProblem(null);
    const fresh = emptyJob(ownClient.value || "default", shownZone.value || viewerZone());
    if (!source) return setStart({ draft: fresh, before: null, etag: "" });
    try {
      const { body, etag } = await ask<JobShowAnswer>("GET", at("jobs", source));
      const draft = draftOf(body.job);
      setStart(
        edit
          ? { draft, before: draft, etag }
          : { draft: { ...draft, name: `${draft.name}-copy` }, before: null, etag: "" },
      );
    } catch (error) {
      setProblem(asProblem(error));
    }
  };
  useEffect(() => {
    setStart(null);
    void load();
  }, [source, edit]);
  if (!start)
    return (
      <Page title={edit ? `Edit ${edit}` : "New job"} narrow>
        <ProblemNotice
          problem={problem}
          what="The job could not be loaded"
          retry={() => void load()}
        />
        {!problem && <Loading />}
      </Page>
    );
  return <Editor key={source} start={start} keep={`draft/${edit ?? `new/${from}`}`} />;
}

const parts: Record<Step, (props: StepProps) => preact.JSX.Element> = {
  basics: BasicsStep,
  source: SourceStep,
  destination: DestinationStep,
  schedule: ScheduleStep,
  files: FilesStep,
  limits: LimitsStep,
  safety: SafetyStep,
  notify: NotifyStep,
  review: ReviewStep,
};

function stepsOf(job: JobDraft): Step[] {
  return steps.filter(
    (step) =>
      (step !== "source" || hasPlaces(job.kind)) &&
      (step !== "destination" || hasDestination(job.kind)) &&
      (step !== "schedule" || hasSchedule(job.kind)) &&
      (step !== "files" || hasPlaces(job.kind)),
  );
}

function readKept(key: string, fresh: JobDraft): JobDraft | null {
  try {
    const text = stored(key);
    return text ? revive(JSON.parse(text), fresh) : null;
  } catch {
    return null;
  }
}

function Editor({ start, keep }: { start: Start; keep: string }) {
  const kept = useRef(readKept(keep, start.draft));
  const [job, setJob] = useState<JobDraft>(kept.current ?? start.draft);
  const [restored, setRestored] = useState(kept.current !== null);
  const [seen, setSeen] = useState<ReadonlySet<Step>>(new Set());
  const [told, setTold] = useState<Problems>({});
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const [rules, setRules] = useState<RuleInput[]>([]);

  const shown = stepsOf(job);
  const step = (shown.find((one) => one === route.value.query.step) ?? shown[0]) as Step;
  const problems = useMemo(() => ({ ...told, ...jobProblems(job) }), [job, told]);
  const isNew = start.before === null;

  const set = (change: Partial<JobDraft>) => {
    setJob((old) => ({ ...old, ...change }));
    // What the server said of a field holds until the field is changed.
    const names = Object.keys(change);
    setTold((old) =>
      Object.fromEntries(
        Object.entries(old).filter(([field]) => !names.some((name) => field.startsWith(name))),
      ),
    );
  };

  useEffect(() => {
    if (job === start.draft) return;
    // Of a stored job only what is changed: meanwhile somebody else may change other things.
    store(keep, JSON.stringify(start.before ? changesOf(start.before, job) : job));
  }, [job]);

  const visit = (next: Step) => {
    setSeen(new Set([...seen, step]));
    replaceQuery({ ...route.value.query, step: next });
    window.scrollTo(0, 0);
    document.querySelector<HTMLElement>(".wizard h2")?.focus();
  };

  const save = async () => {
    setSeen(new Set(steps));
    setProblem(null);
    const wrong = shown.find((one) => Object.keys(problems).some((field) => stepOf(field) === one));
    if (wrong) return visit(wrong);
    setBusy(true);
    try {
      await (start.before
        ? ask<JobView>("PATCH", at("jobs", job.name), {
            body: changesOf(start.before, job),
            ifMatch: start.etag,
          })
        : post<JobView>("/jobs", toInput(job)));
      store(keep, "");
      await saveRules(rules, job);
      toast("good", isNew ? `Job ${job.name} was made` : `Job ${job.name} was changed`, {
        href: href(["jobs", job.name]),
      });
      go(["jobs", job.name]);
    } catch (error) {
      const refused = asProblem(error);
      const found = serverProblems(refused.field, refused.message);
      setTold(found);
      setProblem(refused);
      const field = Object.keys(found)[0];
      if (field) visit(stepOf(field));
    } finally {
      setBusy(false);
    }
  };

  const discard = () => {
    store(keep, "");
    setJob(start.draft);
    setRestored(false);
    setTold({});
    setSeen(new Set());
  };

  const index = shown.indexOf(step);
  const Part = parts[step];
  return (
    <Page
      narrow
      crumbs={<a href="#/jobs">Jobs</a>}
      title={
        isNew ? (
          "New job"
        ) : (
          <>
            Edit <Name>{job.name}</Name>
          </>
        )
      }
      actions={
        <Button
          kind="quiet"
          onClick={() => {
            store(keep, "");
            go(isNew ? ["jobs"] : ["jobs", job.name]);
          }}
        >
          Leave without saving
        </Button>
      }
    >
      {restored && (
        <Notice
          title="What you entered before is here again"
          actions={
            <Button small onClick={discard}>
              Begin anew
            </Button>
          }
        >
          Only passwords have to be entered again.
        </Notice>
      )}
      <StepList steps={shown} here={step} seen={seen} problems={problems} onVisit={visit} />
      {problem?.status === 412 ? (
        <Notice tone="warn" title="Somebody else has changed this job meanwhile">
          Nothing was saved. <a href={href(["jobs", job.name])}>Look at it</a>, then edit it again:
          what you have changed is kept here.
        </Notice>
      ) : (
        <ProblemNotice
          problem={problem}
          what={isNew ? "The job was not made" : "The job was not changed"}
        />
      )}
      <section class="card wizard" aria-label={stepTitles[step]}>
        <div class="card-head">
          <h2 tabIndex={-1}>{stepTitles[step]}</h2>
          <span class="muted small">
            Step {index + 1} of {shown.length}
          </span>
        </div>
        <div class="card-body">
          <Part
            job={job}
            set={set}
            isNew={isNew}
            rules={rules}
            setRules={setRules}
            visit={visit}
            problemOf={(field) => (seen.has(step) || told[field] ? (problems[field] ?? "") : "")}
          />
        </div>
        <div class="wizard-foot">
          <Button disabled={index === 0} onClick={() => visit(shown[index - 1] ?? step)}>
            Back
          </Button>
          {index < shown.length - 1 && (
            <Button kind={isNew ? "primary" : ""} onClick={() => visit(shown[index + 1] ?? step)}>
              Next
            </Button>
          )}
          <span class="grow" />
          <Button
            kind={!isNew || index === shown.length - 1 ? "primary" : ""}
            disabled={busy}
            onClick={() => void save()}
          >
            {isNew ? "Make the job" : "Save changes"}
          </Button>
        </div>
      </section>
    </Page>
  );
}

/** The job is there already: a rule that is refused must not look as if it were not. */
async function saveRules(rules: RuleInput[], job: JobDraft): Promise<void> {
  for (const rule of rules)
    try {
      await saveRule({ ...rule, client: job.client, job: job.name }, 0);
    } catch (error) {
      toastProblem(`The rule through ${rule.channel} was not made`, error);
    }
}

function StepList(props: {
  steps: Step[];
  here: Step;
  seen: ReadonlySet<Step>;
  problems: Problems;
  onVisit: (step: Step) => void;
}) {
  const wrong = new Set(Object.keys(props.problems).map(stepOf));
  return (
    <nav class="steps" aria-label="Steps">
      {props.steps.map((step, index) => {
        const bad = props.seen.has(step) && wrong.has(step);
        const done = props.seen.has(step) && !bad;
        return (
          <button
            key={step}
            type="button"
            class={`step ${bad ? "bad" : done ? "done" : ""}`}
            aria-current={step === props.here ? "step" : undefined}
            onClick={() => props.onVisit(step)}
          >
            <span class="number">{bad ? "!" : done ? <Icon name="check" /> : index + 1}</span>
            {stepTitles[step]}
            {bad && <span class="hidden-text"> (needs a look)</span>}
          </button>
        );
      })}
    </nav>
  );
}

export type { StepProps } from "./step";
