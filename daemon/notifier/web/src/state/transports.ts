// The three ways in which live updates come. Each opens, tells what it hears, says once that it has ended,
// and gives back how it is closed.

import { base, get } from "../api/client";
import type { EventListAnswer, LiveMessage, StatusAnswer } from "../api/contract";
import { pollEveryMs } from "../core/stream";

export interface Hearing {
  /** Resume behind this event; 0: from now on. */
  since: () => number;
  /** The first message has come: it works. */
  opened: () => void;
  message: (message: LiveMessage) => void;
  ended: () => void;
}

export type Close = () => void;

// A proxy may accept and then pass nothing: only a message proves that it works.
const patienceMs = 8000;

function words(hearing: Hearing): string {
  const since = hearing.since();
  return since ? `?since=${since}` : "";
}

function readMessage(text: string, type?: string): LiveMessage | null {
  try {
    const message = JSON.parse(text) as LiveMessage;
    return message.type || !type ? message : { ...message, type: type as LiveMessage["type"] };
  } catch {
    return null;
  }
}

export function openSocket(hearing: Hearing): Close {
  const address = new URL(`${base}/events${words(hearing)}`, document.baseURI);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  address.hash = "";
  let done = false;
  let first = true;
  const socket = new WebSocket(address);
  const end = () => {
    if (done) return;
    done = true;
    socket.close();
    hearing.ended();
  };
  const patience = window.setTimeout(() => {
    if (first) end();
  }, patienceMs);
  socket.onmessage = (event) => {
    const message = typeof event.data === "string" ? readMessage(event.data) : null;
    if (done || !message) return;
    if (first) hearing.opened();
    first = false;
    hearing.message(message);
  };
  socket.onerror = end;
  socket.onclose = end;
  return () => {
    done = true;
    window.clearTimeout(patience);
    socket.close();
  };
}

const sseTypes = ["message", "snapshot", "event", "progress", "heartbeat", "resync", "error"];

export function openEventSource(hearing: Hearing): Close {
  let done = false;
  let first = true;
  const source = new EventSource(`${base}/events${words(hearing)}`);
  const end = () => {
    if (done) return;
    done = true;
    source.close();
    hearing.ended();
  };
  const patience = window.setTimeout(() => {
    if (first) end();
  }, patienceMs);
  const take = (event: Event) => {
    // Without data it is the browser's own "error": the connection is gone.
    if (!(event instanceof MessageEvent)) return end();
    const message = readMessage(String(event.data), event.type === "message" ? "" : event.type);
    if (done || !message) return;
    if (first) hearing.opened();
    first = false;
    hearing.message(message);
  };
  for (const type of sseTypes) source.addEventListener(type, take);
  return () => {
    done = true;
    window.clearTimeout(patience);
    source.close();
  };
}

export function startPolling(hearing: Hearing): Close {
  const abort = new AbortController();
  let wait = 0;
  let first = true;
  const poll = async () => {
    try {
      const since = hearing.since();
      const [events, status] = await Promise.all([
        get<EventListAnswer>("/events", since ? { since, limit: 500 } : { limit: 1 }, abort.signal),
        get<StatusAnswer>("/status", {}, abort.signal),
      ]);
      if (first) hearing.opened();
      first = false;
      if (since) for (const event of events.events) hearing.message({ type: "event", event });
      hearing.message({ type: "snapshot", sequence: events.last_sequence, status });
      wait = window.setTimeout(() => void poll(), pollEveryMs);
    } catch {
      if (!abort.signal.aborted) hearing.ended();
    }
  };
  void poll();
  return () => {
    abort.abort();
    window.clearTimeout(wait);
  };
}
