// Live updates for all of the page: one connection, whose way core/stream.ts decides. What arrives is
// collected and given out once per animation frame, so that hundreds of runs cost one update.

import { batch, signal, type Signal } from "@preact/signals";
import { get } from "../api/client";
import type { EventView, LiveMessage, Progress, RunState, StatusAnswer } from "../api/contract";
import { stateAfter } from "../core/run_events";
import { isOnWorker, isTerminal } from "../core/run_state";
import * as stream from "../core/stream";
import { openEventSource, openSocket, startPolling, type Close, type Hearing } from "./transports";

export interface LiveRun {
  state: RunState;
  progress: Progress | null;
}

type Listener = (events: EventView[]) => void;

export const connection = signal<stream.StreamState>(stream.startState(Date.now()));
export const status = signal<StatusAnswer | null>(null);
/** Rises when what is shown must be loaded anew: events may have been missed. */
export const generation = signal(0);

const runs = new Map<number, Signal<LiveRun | null>>();
const mostRuns = 5000;
const listeners = new Set<Listener>();

/** The newest picture of a run; null until one arrives. */
export function liveRun(run: number): Signal<LiveRun | null> {
  let found = runs.get(run);
  if (!found) {
    found = signal<LiveRun | null>(null);
    runs.set(run, found);
  }
  return found;
}

export function onEvents(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

// ── Coalescing ──────────────────────────────────────────────────────────────────────────────────

let waitingProgress = new Map<number, LiveRun>();
let waitingEvents: EventView[] = [];
let waitingStatus: StatusAnswer | null = null;
let frame = 0;

function flush(): void {
  frame = 0;
  const progress = waitingProgress;
  const events = waitingEvents;
  const newStatus = waitingStatus;
  waitingProgress = new Map();
  waitingEvents = [];
  waitingStatus = null;
  batch(() => {
    if (newStatus) status.value = newStatus;
    for (const [run, picture] of progress) liveRun(run).value = picture;
    for (const event of events) follow(event);
    if (events.length) for (const listener of listeners) listener(events);
  });
}

/** Events are newer than any picture that came with them. */
function follow(event: EventView): void {
  const state = event.run ? stateAfter(event) : null;
  if (!state) return;
  if (runs.size > mostRuns) forgetEnded();
  const run = liveRun(event.run);
  run.value = { state, progress: isOnWorker(state) ? (run.peek()?.progress ?? null) : null };
}

/** What has ended is told no more about. */
function forgetEnded(): void {
  for (const [run, live] of runs) if (isTerminal(live.peek()?.state ?? "")) runs.delete(run);
}

/** Events may have been missed: what was followed is no longer known to be true. */
function beginAnew(): void {
  batch(() => {
    for (const run of runs.values()) run.value = null;
    generation.value += 1;
  });
}

// A hidden page gets no frames; it must not collect without bound either.
function schedule(): void {
  if (frame) return;
  frame = document.hidden ? window.setTimeout(flush, 1000) : requestAnimationFrame(flush);
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden && frame) flush();
});

function take(message: LiveMessage): void {
  const now = Date.now();
  const next = { ...connection.peek(), heardAt: now };
  switch (message.type) {
    case "snapshot":
      // On a resumption what was missed follows as events.
      next.sequence ||= message.sequence ?? 0;
      if (message.status) takeStatus(message.status);
      break;
    case "event":
      if (message.event && stream.isNews(next.sequence, message.event.sequence)) {
        next.sequence = message.event.sequence;
        waitingEvents.push(message.event);
      }
      break;
    case "progress":
      if (message.run && message.progress)
        waitingProgress.set(message.run, {
          state: message.state ?? "running",
          progress: message.progress,
        });
      break;
    case "heartbeat":
      // Everything up to there was told: a resumption needs nothing before.
      next.sequence = Math.max(next.sequence, message.sequence ?? 0);
      break;
    case "resync":
      next.sequence = message.sequence ?? next.sequence;
      beginAnew();
      break;
    case "error":
      if (message.problem?.status === 401) beginAnew();
      break;
    default:
      break;
  }
  settle(next);
  schedule();
}

function takeStatus(answer: StatusAnswer): void {
  waitingStatus = answer;
  for (const run of answer.running)
    if (run.progress && !waitingProgress.has(run.run))
      waitingProgress.set(run.run, { state: run.state, progress: run.progress });
  schedule();
}

/** What only times of hearing changed shows nowhere, and must not wake what shows the connection. */
function settle(next: stream.StreamState): void {
  const last = connection.peek();
  const shown = next.transport !== last.transport || next.connected !== last.connected;
  if (shown) connection.value = next;
  else Object.assign(last, next);
}

// ── The connection ──────────────────────────────────────────────────────────────────────────────

const nothing: Close = () => {};
let close: Close = nothing;
let timer = 0;
let alive = false;
let everConnected = false;

export function startLive(): void {
  if (alive) return;
  alive = true;
  connection.value = stream.startState(Date.now());
  connect();
  void refreshStatus();
  timer = window.setInterval(tick, 1000);
}

export function stopLive(): void {
  alive = false;
  window.clearInterval(timer);
  close();
  runs.clear();
  status.value = null;
  everConnected = false;
}

function tick(): void {
  const state = connection.peek();
  const now = Date.now();
  if (stream.isSilent(state, now)) return lost();
  if (!state.connected && now >= state.retryAt && !pending) connect();
  else if (state.transport !== "websocket" && now >= state.upgradeAt) tryUpgrade();
}

let pending = false;

const hear = (opened: () => void, ended: () => void): Hearing => ({
  since: () => connection.peek().sequence,
  opened,
  message: take,
  ended,
});

const ways: Record<stream.Transport, (hearing: Hearing) => Close> = {
  websocket: openSocket,
  sse: openEventSource,
  polling: startPolling,
};

function connect(): void {
  close();
  pending = true;
  close = ways[connection.peek().transport](hear(connected, lost));
}

function connected(): void {
  pending = false;
  settle(stream.opened(connection.peek(), Date.now()));
  if (everConnected) beginAnew();
  everConnected = true;
}

function lost(): void {
  if (!alive) return;
  close();
  close = nothing;
  pending = false;
  settle(stream.failed(connection.peek(), Date.now(), Math.random()));
}

let upgrading = false;

/** On a fallback: is there a WebSocket again? The fallback goes on until it is proven. */
function tryUpgrade(): void {
  if (upgrading) return;
  upgrading = true;
  const finish = (works: boolean) => {
    upgrading = false;
    settle(stream.upgradeTried(connection.peek(), works, Date.now()));
  };
  const closeSocket = openSocket(
    hear(
      () => {
        close();
        close = closeSocket;
        finish(true);
      },
      () => {
        if (upgrading) finish(false);
        else lost();
      },
    ),
  );
}

// ── The status, kept fresh by events ────────────────────────────────────────────────────────────

let asking = false;
let askAgain = false;

/** Loads the status anew, at most once a second however many ask. */
export async function refreshStatus(): Promise<void> {
  if (asking) {
    askAgain = true;
    return;
  }
  asking = true;
  try {
    takeStatus(await get<StatusAnswer>("/status"));
  } catch {
    // The connection's own state says that the server is away.
  }
  window.setTimeout(() => {
    asking = false;
    if (askAgain) {
      askAgain = false;
      void refreshStatus();
    }
  }, 1000);
}

onEvents(() => void refreshStatus());
