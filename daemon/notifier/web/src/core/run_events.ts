// What the events of the journal mean: for the states that lists show, for the reader of a run's
// history, and for the toasts of the page. Pure.

import type { EventView, RunState } from "../api/contract";
import { durationText } from "./format";
import { isTerminal, runStates, stateLook, type Tone } from "./run_state";

export const bodyOf = (event: EventView): Record<string, unknown> =>
  typeof event.body === "object" && event.body !== null
    ? (event.body as Record<string, unknown>)
    : {};

const text = (value: unknown): string =>
  typeof value === "string" ? value : typeof value === "number" ? String(value) : "";

/** The state that a run is in behind this event; null: the event does not say. */
export function stateAfter(event: EventView): RunState | null {
  const told = text(bodyOf(event).state);
  const toldState = told in runStates ? (told as RunState) : null;
  switch (event.kind) {
    case "run.queued":
    case "run.resumed":
    case "run.approved":
    case "run.lost":
      return "queued";
    case "run.started":
      return "running";
    case "run.retry":
      return "retry_wait";
    case "run.skipped":
      return "skipped";
    case "run.missed":
      return "missed";
    case "run.paused":
      return "paused";
    case "run.held":
      return "held";
    case "run.rejected":
      return "cancelled";
    case "run.finished":
    case "run.cancel_requested":
    case "run.pause_requested":
      return toldState;
    default:
      return null;
  }
}

const by = (body: Record<string, unknown>): string =>
  text(body.asked_by) ? ` by ${text(body.asked_by)}` : "";
const because = (body: Record<string, unknown>): string =>
  text(body.reason) ? `: ${text(body.reason)}` : "";

const sentences: Record<string, (body: Record<string, unknown>) => string> = {
  "run.queued": (body) =>
    body.trigger === "schedule" ? "Fell due and waits for its turn" : `Asked for${by(body)}`,
  "run.started": (body) => `Attempt ${text(body.attempt)} started on ${text(body.worker)}`,
  "run.cancel_requested": (body) => `Cancel asked for${by(body)}${because(body)}`,
  "run.retry": (body) =>
    `Attempt ${text(body.attempt)} failed; another follows. ${text(body.hint)}`,
  "run.lost": (body) => `Worker ${text(body.worker)} was lost: ${text(body.why)}`,
  "run.finished": (body) => `Ended: ${stateLook(text(body.state)).label.toLowerCase()}`,
  "run.skipped": (body) => `Skipped${because(body)}`,
  "run.missed": (body) => `Missed${because(body)}`,
  "run.pause_requested": (body) => `Pause asked for${by(body)}${because(body)}`,
  "run.paused": (body) => `Paused${because(body)}`,
  "run.resumed": (body) => `Resumed${by(body)}`,
  "run.priority": (body) => `Priority set to ${text(body.priority)}${by(body)}`,
  "run.held": (body) => `Held for approval${because(body)}`,
  "run.approved": (body) => `Approved${by(body)}${because(body)}`,
  "run.rejected": (body) => `Rejected${by(body)}${because(body)}`,
  "job.created": () => "Job created",
  "job.changed": (body) => (text(body.paused) ? `Job paused: ${text(body.paused)}` : "Job changed"),
  "job.removed": () => "Job removed",
  "job.broken": (body) => `Schedule cannot be computed: ${text(body.why)}`,
  "job.key_exported": (body) => `Encryption passwords exported${by(body)}`,
  "client.changed": () => "Client changed",
  "settings.changed": () => "Settings changed",
  "worker.up": (body) => `Worker ${text(body.worker)} is ready`,
  "worker.lost": (body) => `Worker ${text(body.worker)} is gone`,
  "worker.refused": (body) => `Worker ${text(body.worker)} was sent away: ${text(body.why)}`,
  "worker.drain": (body) =>
    body.drain
      ? `Worker ${text(body.worker)} drains`
      : `Worker ${text(body.worker)} takes runs again`,
  "clock.jumped": (body) =>
    `The clock was set by ${durationText(Math.abs(Number(body.seconds)) * 1000)}`,
  "bandwidth.cap": () => "Another bandwidth cap is in force",
  "version.kept": () => "The state after the run can be restored",
  "version.pruned": () => "Retention removed files of earlier states",
};

export const eventText = (event: EventView): string =>
  sentences[event.kind]?.(bodyOf(event)) ?? event.kind;

export interface OutcomeNote {
  tone: Exclude<Tone, "wait" | "dim">;
  title: string;
  text: string;
}

/** What is worth a toast; null: nothing. */
export function outcomeNote(event: EventView): OutcomeNote | null {
  const body = bodyOf(event);
  const run = `${event.job}, run ${event.run}`;
  if (event.kind === "run.held")
    return { tone: "held", title: `Held for approval: ${run}`, text: text(body.reason) };
  const state = stateAfter(event);
  if (event.kind !== "run.finished" || !state || !isTerminal(state)) return null;
  const look = stateLook(state);
  const tones: Partial<Record<RunState, OutcomeNote["tone"]>> = {
    succeeded: "good",
    warning: "warn",
    failed: "bad",
    cancelled: "live",
  };
  return {
    tone: tones[state] ?? "live",
    title: `${look.label}: ${run}`,
    text: state === "succeeded" ? "" : text(body.hint),
  };
}
