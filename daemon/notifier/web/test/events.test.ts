import { describe, expect, test } from "vitest";
import type { EventView } from "../src/api/contract";
import { eventText, outcomeNote, stateAfter } from "../src/core/run_events";
import {
  cronProblem,
  everyText,
  scheduleText,
  weekdayNumbers,
  weekdaysOf,
  weekdaysText,
} from "../src/core/schedule";

const event = (kind: string, body: unknown = {}): EventView => ({
  sequence: 1,
  at: null,
  kind,
  client: "acme",
  job: "photos",
  run: 12,
  body,
});

test.each([
  ["run.queued", {}, "queued"],
  ["run.started", {}, "running"],
  ["run.finished", { state: "warning" }, "warning"],
  ["run.finished", { state: "a newer one" }, null],
  ["run.cancel_requested", { state: "cancelling" }, "cancelling"],
  ["run.held", {}, "held"],
  ["run.priority", {}, null],
  ["version.kept", {}, null],
])("behind %s %j a run is %s", (kind, body, state) =>
  expect(stateAfter(event(kind, body))).toBe(state),
);

test("events read as sentences", () => {
  expect(
    eventText(event("run.cancel_requested", { asked_by: "anna", reason: "wrong source" })),
  ).toBe("Cancel asked for by anna: wrong source");
  expect(eventText(event("run.queued", { trigger: "schedule" }))).toBe(
    "Fell due and waits for its turn",
  );
  expect(eventText(event("something.newer"))).toBe("something.newer");
});

test("events with a body that is none do no harm", () => {
  for (const body of [null, "text", 7, []]) {
    expect(eventText(event("run.finished", body))).toContain("Ended");
    expect(outcomeNote(event("run.finished", body))).toBeNull();
  }
});

describe("toasts", () => {
  test("tell of ends and of held runs", () => {
    expect(outcomeNote(event("run.finished", { state: "failed", hint: "no room" }))).toEqual({
      tone: "bad",
      title: "Failed: photos, run 12",
      text: "no room",
    });
    expect(outcomeNote(event("run.held", { reason: "too much" }))?.tone).toBe("held");
  });
  test("do not tell of beginnings", () => expect(outcomeNote(event("run.started"))).toBeNull());
});

describe("weekdays", () => {
  test.each([
    ["mon,wed", [0, 2]],
    ["mon-fri", [0, 1, 2, 3, 4]],
    ["sat-mon", [0, 5, 6]],
    ["daily", [0, 1, 2, 3, 4, 5, 6]],
    ["none", []],
    ["", []],
  ])("%s are %j", (text, days) => expect(weekdayNumbers(text)).toEqual(days));
  test("are written as the server writes them", () => {
    expect(weekdaysOf([0, 2])).toBe("mon,wed");
    expect(weekdaysOf([0, 1, 2, 3, 4, 5, 6])).toBe("daily");
  });
  test("are told shortly", () => {
    expect(weekdaysText("mon-fri")).toBe("Mon–Fri");
    expect(weekdaysText("daily")).toBe("every day");
    expect(weekdaysText("sat,sun")).toBe("Sat, Sun");
  });
});

test.each([
  ["30 2 * * 1-5", true],
  ["@daily", true],
  ["@sometimes", false],
  ["* * * *", false],
  ["", false],
  ["* * * * ; rm", false],
])("the cron line %s may be good: %s", (cron, good) => expect(cronProblem(cron) === "").toBe(good));

test("schedules are told in words", () => {
  expect(scheduleText({ kind: "daily", at: "02:30" })).toBe("every day at 02:30");
  expect(scheduleText({ kind: "every", every_seconds: 7200 })).toBe("every 2 hours");
  expect(scheduleText({ kind: "manual" })).toBe("by hand");
  expect(everyText(90)).toBe("every 90 seconds");
});
