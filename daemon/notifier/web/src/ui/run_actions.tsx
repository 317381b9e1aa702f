// What can be asked of one run or several, as buttons and dialogs. Every request says what came of it.

import { useState } from "preact/hooks";
import { at, post } from "../api/client";
import type { CancelAnswer, PauseAnswer, RunAccepted, RunView } from "../api/contract";
import { plural } from "../core/format";
import { href } from "../core/router";
import { runActions, type RunAction } from "../core/run_state";
import { go } from "../state/route";
import { may } from "../state/session";
import { toast, toastProblem } from "../state/toasts";
import { Button, Name } from "./basics";
import { Confirm, Dialog } from "./dialog";
import { NumberField } from "./form";
import type { IconName } from "./icon";

export interface RunLike {
  priority: number;
  run: number;
  job: string;
  state: string;
  cancel_requested: boolean;
  pause_requested: boolean;
}

const looks: Record<
  RunAction,
  { label: string; icon: IconName; danger?: boolean; primary?: boolean }
> = {
  cancel: { label: "Cancel", icon: "stop", danger: true },
  pause: { label: "Pause", icon: "pause" },
  resume: { label: "Resume", icon: "play", primary: true },
  retry: { label: "Try again", icon: "reload" },
  approve: { label: "Approve", icon: "check", primary: true },
  reject: { label: "Reject", icon: "cross", danger: true },
  priority: { label: "Priority", icon: "gauge" },
};

export function RunActions({ run, small }: { run: RunLike; small?: boolean }) {
  const [asked, setAsked] = useState<RunAction | null>(null);
  if (!may("operate")) return null;
  const act = (action: RunAction) => {
    if (action === "resume") void resume(run);
    else if (action === "retry") void retry(run);
    else setAsked(action);
  };
  return (
    <>
      {runActions(run).map((action) => (
        <Button
          key={action}
          small={small}
          icon={looks[action].icon}
          kind={looks[action].danger ? "danger" : looks[action].primary ? "primary" : ""}
          onClick={() => act(action)}
        >
          {looks[action].label}
        </Button>
      ))}
      {asked === "priority" && <Priority run={run} onClose={() => setAsked(null)} />}
      {asked && asked !== "priority" && (
        <Ask run={run} action={asked} onClose={() => setAsked(null)} />
      )}
    </>
  );
}

async function resume(run: RunLike): Promise<void> {
  try {
    await post(at("runs", run.run, "resume"));
    toast("good", `Run ${run.run} goes on as soon as it is its turn`);
  } catch (error) {
    toastProblem(`Run ${run.run} was not resumed`, error);
  }
}

async function retry(run: RunLike): Promise<void> {
  try {
    const made = await post<RunAccepted>(at("runs", run.run, "retry"), {});
    toast("good", `Run ${made.run} repeats run ${run.run}`);
    go(["runs", made.run]);
  } catch (error) {
    toastProblem(`Run ${run.run} was not repeated`, error);
  }
}

const texts: Record<
  "cancel" | "pause" | "approve" | "reject",
  { title: string; text: string; done: string }
> = {
  cancel: {
    title: "Cancel run",
    text: "The transfer is stopped. What was copied so far stays; the next run goes on from there.",
    done: "is being cancelled",
  },
  pause: {
    title: "Pause run",
    text: "The transfer is stopped and goes on with a new attempt when it is resumed.",
    done: "is being paused",
  },
  approve: {
    title: "Approve run",
    text: "It is carried out with all the changes that the guard found.",
    done: "was approved and waits for its turn",
  },
  reject: {
    title: "Reject run",
    text: "It ends without having changed anything.",
    done: "was rejected",
  },
};

function Ask({ run, action, onClose }: { run: RunLike; action: RunAction; onClose: () => void }) {
  const text = texts[action as keyof typeof texts];
  return (
    <Confirm
      title={`${text.title} ${run.run}`}
      action={action === "cancel" ? "Cancel the run" : looks[action].label}
      danger={looks[action].danger}
      reason="Reason (optional)"
      onClose={onClose}
      onConfirm={async (reason) => {
        await post(at("runs", run.run, action), { reason });
        toast("good", `Run ${run.run} ${text.done}`);
      }}
    >
      <p>
        Job <Name>{run.job}</Name>. {text.text}
      </p>
    </Confirm>
  );
}

function Priority({ run, onClose }: { run: RunLike; onClose: () => void }) {
  const [priority, setPriority] = useState(run.priority);
  const save = async () => {
    try {
      await post(at("runs", run.run, "priority"), { priority });
      toast("good", `Run ${run.run} has priority ${priority}`);
      onClose();
    } catch (error) {
      toastProblem(`Run ${run.run} was not moved`, error);
    }
  };
  return (
    <Dialog
      title={`Priority of run ${run.run}`}
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>Back</Button>
          <Button kind="primary" onClick={() => void save()}>
            Move it
          </Button>
        </>
      }
    >
      <NumberField
        label="Priority"
        help="-100 to 100, higher first; one point is worth five minutes of waiting"
        value={priority}
        min={-100}
        max={100}
        onInput={setPriority}
      />
    </Dialog>
  );
}

// ── Several at once ─────────────────────────────────────────────────────────────────────────────

export type Target = { runs: number[] } | { client: string } | { job: string } | { all: true };

function targetText(target: Target): string {
  if ("runs" in target) return plural(target.runs.length, "run");
  if ("client" in target) return `all open runs of client ${target.client}`;
  if ("job" in target) return `all open runs of job ${target.job}`;
  return "all open runs of all clients";
}

export function CancelMany({
  target,
  onClose,
  onDone,
}: {
  target: Target;
  onClose: () => void;
  onDone?: () => void;
}) {
  const text = targetText(target);
  return (
    <Confirm
      title={`Cancel ${text}`}
      action={`Cancel ${text}`}
      danger
      reason="Reason"
      typed={"all" in target ? "cancel all" : undefined}
      onClose={onClose}
      onConfirm={async (reason) => {
        const answer = await post<CancelAnswer>("/runs/cancel", { ...target, reason });
        const refused = answer.runs.filter((row) => row.code !== "");
        const taken = answer.runs.length - refused.length;
        if (taken) toast("good", `${plural(taken, "run")} being cancelled`);
        else if (!refused.length) toast("live", "No run was open");
        if (refused.length)
          toast("warn", `${plural(refused.length, "run")} not cancelled`, {
            text: refused[0]?.message,
            href: href(["runs"], { state: "open" }),
          });
        onDone?.();
      }}
    >
      <p>Transfers are stopped; what was copied so far stays.</p>
    </Confirm>
  );
}

export async function pauseMany(runs: number[], pause: boolean): Promise<void> {
  const what = pause ? "pause" : "resume";
  try {
    const answer = await post<PauseAnswer>(`/runs/${what}`, { runs });
    const refused = answer.runs.filter((row) => row.code !== 0);
    const taken = answer.runs.length - refused.length;
    if (taken) toast("good", `${plural(taken, "run")} ${pause ? "being paused" : "resumed"}`);
    if (refused[0])
      toast("warn", `${plural(refused.length, "run")} not ${what}d`, { text: refused[0].message });
  } catch (error) {
    toastProblem(`The runs were not ${what}d`, error);
  }
}

export async function startRun(job: string, dryRun: boolean): Promise<void> {
  try {
    const made = await post<RunAccepted>(at("jobs", job, "runs"), { dry_run: dryRun });
    toast("good", `${dryRun ? "Dry run" : "Run"} ${made.run} of ${job} waits for its turn`, {
      href: href(["runs", made.run]),
    });
    go(["runs", made.run]);
  } catch (error) {
    toastProblem(`${job} was not started`, error);
  }
}

export const isSelectable = (run: RunView): boolean => runActions(run).length > 0;
