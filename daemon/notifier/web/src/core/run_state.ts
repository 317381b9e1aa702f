// What people see of the states of a run: one table for badges, filters and what may be done.

import type { RunState } from "../api/contract";

export type { RunState };

export type Tone = "good" | "warn" | "bad" | "live" | "wait" | "held" | "dim";

export interface StateLook {
  label: string;
  tone: Tone;
  meaning: string;
}

export const runStates: Record<RunState, StateLook> = {
  queued: { label: "Queued", tone: "wait", meaning: "Waits for its turn." },
  assigned: { label: "Assigned", tone: "wait", meaning: "A worker is asked to take it." },
  starting: { label: "Starting", tone: "live", meaning: "A worker has taken it." },
  running: { label: "Running", tone: "live", meaning: "A worker carries it out." },
  validating: { label: "Validating", tone: "live", meaning: "The copy is compared." },
  finishing: { label: "Finishing", tone: "live", meaning: "The last steps after the transfer." },
  retry_wait: { label: "Retry soon", tone: "warn", meaning: "An attempt failed; another follows." },
  held: { label: "Held", tone: "held", meaning: "Stopped before any change; a person decides." },
  paused: { label: "Paused", tone: "wait", meaning: "Stopped for now; goes on when resumed." },
  cancelling: { label: "Cancelling", tone: "warn", meaning: "Its processes are being ended." },
  succeeded: { label: "Succeeded", tone: "good", meaning: "Everything was done." },
  warning: { label: "Warnings", tone: "warn", meaning: "Done, but something needs a look." },
  failed: { label: "Failed", tone: "bad", meaning: "It could not be done." },
  cancelled: { label: "Cancelled", tone: "dim", meaning: "Somebody asked for its end." },
  skipped: { label: "Skipped", tone: "dim", meaning: "It did not run, on purpose." },
  missed: { label: "Missed", tone: "warn", meaning: "It fell due while nobody could run it." },
};

const unknownLook: StateLook = {
  label: "Unknown",
  tone: "dim",
  meaning: "A newer server says so.",
};

export function stateLook(state: string): StateLook {
  return runStates[state as RunState] ?? { ...unknownLook, label: state };
}

const terminal = new Set(["succeeded", "warning", "failed", "cancelled", "skipped", "missed"]);
const onWorker = new Set(["starting", "running", "validating", "finishing", "cancelling"]);

export const isTerminal = (state: string): boolean => terminal.has(state);
export const isOnWorker = (state: string): boolean => onWorker.has(state);
export const isOpen = (state: string): boolean => !terminal.has(state);

export interface ActionsOf {
  state: string;
  cancel_requested: boolean;
  pause_requested?: boolean;
  trigger?: string;
}

export type RunAction = "cancel" | "pause" | "resume" | "retry" | "approve" | "reject" | "priority";

/** What can be asked of a run in its state; the server has the last word. */
export function runActions(run: ActionsOf): RunAction[] {
  if (run.state === "held") return ["approve", "reject"];
  if (isTerminal(run.state)) return run.state === "succeeded" ? [] : ["retry"];
  if (run.cancel_requested || run.state === "cancelling") return [];
  if (run.state === "paused" || run.pause_requested) return ["resume", "cancel"];
  return isOnWorker(run.state) ? ["pause", "cancel"] : ["priority", "pause", "cancel"];
}

export const gradeLooks: Record<string, StateLook> = {
  none: { label: "not compared", tone: "dim", meaning: "Nothing was compared after the run." },
  failed: { label: "differs", tone: "bad", meaning: "The copy differs from its source." },
  partial: { label: "partly compared", tone: "warn", meaning: "Some files could not be compared." },
  size: { label: "sizes equal", tone: "good", meaning: "Every file has the size of its source." },
  sampled: { label: "sample equal", tone: "good", meaning: "Contents of a sample are equal." },
  hash: { label: "contents equal", tone: "good", meaning: "Contents of all files are equal." },
};

export function gradeLook(grade: string | undefined): StateLook {
  return gradeLooks[grade ?? "none"] ?? { ...unknownLook, label: grade ?? "" };
}

/** Why a run failed, for people. */
export const errorClasses: Record<string, string> = {
  auth: "Login refused",
  config: "Wrong setting",
  usage: "rclone refused its options",
  not_found: "Not found",
  permission: "Not allowed",
  network: "Network trouble",
  quota: "Limited by the provider",
  storage_full: "Storage full",
  source_changed: "Source changed meanwhile",
  integrity: "Contents differ",
  guard: "Stopped by a safety limit",
  limit: "Budget used up",
  resources: "Worker out of resources",
  crash: "Crashed",
  unknown: "Unknown cause",
};

export const jobKinds: Record<string, string> = {
  sync: "Sync",
  copy: "Copy",
  move: "Move",
  archive: "Archive",
  check: "Compare",
  restore: "Restore",
  prune: "Prune",
  upload: "Upload",
  command: "Program",
};

export const phases: Record<string, { title: string; text: string }> = {
  queued: { title: "Queued", text: "Waits for its turn." },
  preparing: { title: "Connecting", text: "Opens source and destination." },
  checking: { title: "Checking", text: "Looks at what would change, before anything does." },
  hooks: { title: "Hooks", text: "Programs of the administrator run." },
  listing: {
    title: "Listing",
    text: "Walks through both sides; nothing to transfer found so far.",
  },
  transferring: { title: "Transferring", text: "Data moves." },
  deleting: { title: "Deleting", text: "Removes what the source no longer has." },
  validating: { title: "Validating", text: "Compares destination and source." },
  recording: { title: "Recording", text: "Writes down what can be restored." },
  cleaning: { title: "Cleaning up", text: "Removes what is no longer kept." },
  done: { title: "Done", text: "Nothing of the run is left to do." },
};
