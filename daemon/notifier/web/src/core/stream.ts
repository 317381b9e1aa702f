// Which way live updates come, decided from what happened: WebSocket, else server-sent events, else
// asking again and again. Pure: the time is passed in, the shell (state/live.ts) owns sockets.

export type Transport = "websocket" | "sse" | "polling";

export interface StreamState {
  transport: Transport;
  connected: boolean;
  /** It has been connected before: what is shown may be old. */
  known: boolean;
  /** Failures in a row of this transport. */
  failures: number;
  /** When to try the transport again; milliseconds. */
  retryAt: number;
  /** On a fallback: when to try the WebSocket again. */
  upgradeAt: number;
  /** The last event that was taken in; 0: none. */
  sequence: number;
  /** When the last message of any kind came. */
  heardAt: number;
}

export const failuresBeforeFallback = 2;
export const upgradeEveryMs = 20_000;
/** The server sends a heartbeat at least every 15 s. */
export const silenceMs = 40_000;
export const pollEveryMs = 2000;

export function startState(now: number): StreamState {
  return {
    transport: "websocket",
    connected: false,
    known: false,
    failures: 0,
    retryAt: now,
    upgradeAt: 0,
    sequence: 0,
    heardAt: now,
  };
}

/** Doubles from half a second to 15 s; `chance` (0 to 1) spreads many pages over time. */
export function backoffMs(failures: number, chance: number): number {
  const most = Math.min(15_000, 500 * 2 ** Math.min(failures, 6));
  return Math.round(most * (0.75 + chance / 2));
}

const below: Record<Transport, Transport> = {
  websocket: "sse",
  sse: "polling",
  polling: "polling",
};

export function opened(state: StreamState, now: number): StreamState {
  return { ...state, connected: true, known: true, failures: 0, heardAt: now };
}

/** A connection could not be made, broke or fell silent. */
export function failed(state: StreamState, now: number, chance: number): StreamState {
  const failures = state.failures + 1;
  if (failures < failuresBeforeFallback || state.transport === "polling")
    return {
      ...state,
      connected: false,
      failures,
      retryAt: now + backoffMs(failures - 1, chance),
    };
  return {
    ...state,
    transport: below[state.transport],
    connected: false,
    failures: 0,
    retryAt: now,
    upgradeAt: now + upgradeEveryMs,
  };
}

/** The WebSocket was tried beside the fallback. */
export function upgradeTried(state: StreamState, works: boolean, now: number): StreamState {
  if (works)
    return { ...state, transport: "websocket", connected: true, failures: 0, heardAt: now };
  return { ...state, upgradeAt: now + upgradeEveryMs };
}

export const isSilent = (state: StreamState, now: number): boolean =>
  state.connected && state.transport !== "polling" && now - state.heardAt > silenceMs;

/** After a resumption the server may repeat what is known. */
export const isNews = (last: number, sequence: number): boolean => sequence > last;

export function transportText(state: StreamState): { label: string; detail: string } {
  if (!state.connected && !state.known)
    return { label: "Connecting", detail: "Looking for a way in which updates get through." };
  if (!state.connected)
    return {
      label: "Reconnecting",
      detail:
        "The connection is lost. What you see is the last known state; it is being tried again.",
    };
  if (state.transport === "websocket") return { label: "Live", detail: "Updates arrive at once." };
  if (state.transport === "sse")
    return {
      label: "Live (fallback)",
      detail: "WebSockets do not get through here. Updates arrive as server-sent events.",
    };
  return {
    label: "Polling",
    detail: `No live connection gets through here. This page asks every ${pollEveryMs / 1000} s.`,
  };
}
