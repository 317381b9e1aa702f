import { describe, expect, test } from "vitest";
import * as stream from "../src/core/stream";

const now = 1_000_000;
const chance = 0.5;

const connected = (transport: stream.Transport): stream.StreamState => ({
  ...stream.opened(stream.startState(now), now),
  transport,
});

describe("a lost WebSocket", () => {
  test("is tried again before anything else is", () => {
    const state = stream.failed(connected("websocket"), now, chance);
    expect(state).toMatchObject({ transport: "websocket", connected: false });
    expect(state.retryAt).toBeGreaterThan(now);
  });
  test("that fails twice gives way to server-sent events at once", () => {
    const once = stream.failed(connected("websocket"), now, chance);
    expect(stream.failed(once, now, chance)).toMatchObject({ transport: "sse", retryAt: now });
  });
});

test("server-sent events that fail twice give way to polling", () => {
  const once = stream.failed(connected("sse"), now, chance);
  expect(stream.failed(once, now, chance).transport).toBe("polling");
});

test("polling is never given up, but waits longer and longer", () => {
  let state = connected("polling");
  const waits = [];
  for (let i = 0; i < 8; i += 1) {
    state = stream.failed(state, now, chance);
    waits.push(state.retryAt - now);
  }
  expect(state.transport).toBe("polling");
  expect(waits).toEqual([...waits].sort((a, b) => a - b));
  expect(waits.at(-1)).toBe(15_000);
});

test("on a fallback the WebSocket is tried again and taken when it works", () => {
  const state = stream.upgradeTried(connected("polling"), true, now);
  expect(state).toMatchObject({ transport: "websocket", connected: true });
});

test("a WebSocket that still fails leaves the fallback as it is", () => {
  const state = stream.upgradeTried(connected("sse"), false, now);
  expect(state).toMatchObject({ transport: "sse", connected: true });
  expect(state.upgradeAt).toBe(now + stream.upgradeEveryMs);
});

test("a connection that says nothing for too long counts as lost", () => {
  const state = connected("websocket");
  expect(stream.isSilent(state, now + stream.silenceMs)).toBe(false);
  expect(stream.isSilent(state, now + stream.silenceMs + 1)).toBe(true);
});

test("events that are known already are dropped", () => {
  expect(stream.isNews(7, 7)).toBe(false);
  expect(stream.isNews(7, 9)).toBe(true);
});

test("each way says in words how updates come", () => {
  expect(stream.transportText(connected("websocket")).label).toBe("Live");
  expect(stream.transportText(connected("sse")).detail).toContain("server-sent events");
  expect(stream.transportText(connected("polling")).detail).toContain("asks every 2 s");
  expect(stream.transportText(stream.startState(now)).label).toBe("Connecting");
  const lost = stream.failed(connected("websocket"), now, chance);
  expect(stream.transportText(lost).label).toBe("Reconnecting");
});
