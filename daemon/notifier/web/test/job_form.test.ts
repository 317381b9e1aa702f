import { describe, expect, test } from "vitest";
import type { JobView } from "../src/api/contract";
import {
  changesOf,
  draftOf,
  emptyJob,
  filterProblem,
  jobProblems,
  overlap,
  revive,
  serverProblems,
  splitPlace,
  stepOf,
  toInput,
  type JobDraft,
} from "../src/core/job_form";
import { scheduleInput } from "../src/core/schedule";

const good = (change: Partial<JobDraft> = {}): JobDraft => ({
  ...emptyJob("acme", "Europe/Oslo"),
  name: "photos",
  source: "nas:Photos",
  destination: "cloud:backup/photos",
  ...change,
});

const view = (draft: JobDraft): JobView => ({
  ...draft,
  id: 1,
  created_at: null,
  updated_at: null,
  next_due: null,
  paused: "",
  last_run: null,
});

test("a filled job has no problem", () => expect(jobProblems(good())).toEqual({}));

test.each([
  [{ name: "" }, "name"],
  [{ name: "-photos" }, "name"],
  [{ name: "a b" }, "name"],
  [{ source: "" }, "source"],
  [{ source: "nas:a/../b" }, "source"],
  [{ destination: "" }, "destination"],
  [{ destination: "nas:Photos/copy" }, "destination"],
  [{ client: "" }, "client"],
  [{ priority: 101 }, "priority"],
  [{ schedule: { ...good().schedule, at: "25:00" } }, "schedule.at"],
  [
    { schedule: { ...good().schedule, kind: "weekly" as const, weekdays: "" } },
    "schedule.weekdays",
  ],
  [{ schedule: { ...good().schedule, kind: "cron" as const, cron: "* * *" } }, "schedule.cron"],
  [{ options: { ...good().options, filters: ["- *.tmp", "*.bak"] } }, "options.filters[1]"],
  [{ options: { ...good().options, transfers: Number.NaN } }, "options.transfers"],
  [{ overlap: "allow" as const }, "overlap"],
  [{ validation: { ...good().validation, sample_percent: 0 } }, "validation.sample_percent"],
  [
    { limits: { ...good().limits, windows: [{ weekdays: "daily", from: "8", to: "24:00" }] } },
    "limits.windows[0].from",
  ],
])("a job with %j has a problem at %s", (change, field) =>
  expect(Object.keys(jobProblems(good(change as Partial<JobDraft>)))).toEqual([field]),
);

test("zero stands for no limit where there is one", () => {
  expect(jobProblems(good({ options: { ...good().options, stall_seconds: 0 } }))).toEqual({});
});

test("an upload job needs neither source nor schedule", () => {
  const job = good({ kind: "upload", source: "" });
  expect(jobProblems(job)).toEqual({});
  expect(toInput(job)).not.toHaveProperty("source");
  expect(toInput(job)).not.toHaveProperty("schedule");
});

test("a command job needs its program and no places", () => {
  const job = good({ kind: "command", source: "", destination: "" });
  expect(Object.keys(jobProblems(job))).toEqual(["command.name"]);
});

test("of a schedule only what its kind has is sent, whatever was typed before", () => {
  const schedule = { at: "02:00", weekdays: "sun", cron: "@daily", every_seconds: 60 };
  const sent = (kind: "manual" | "daily" | "weekly" | "cron" | "every") =>
    Object.keys(scheduleInput({ ...schedule, kind, time_zone: "UTC" }));
  expect(sent("manual")).toEqual(["kind", "time_zone"]);
  expect(sent("daily")).toEqual(["kind", "at", "time_zone"]);
  expect(sent("weekly")).toEqual(["kind", "at", "weekdays", "time_zone"]);
  expect(sent("cron")).toEqual(["kind", "cron", "time_zone"]);
  expect(sent("every")).toEqual(["kind", "every_seconds", "time_zone"]);
});

describe("places", () => {
  test("are cut at the first colon", () => {
    expect(splitPlace("nas:a:b")).toEqual({ remote: "nas", path: "a:b" });
  });
  test("overlap when one lies in the other, whatever the slashes", () => {
    expect(overlap("nas:a", "nas:/a//b/.")).toBe(true);
    expect(overlap("nas:a", "nas:ab")).toBe(false);
    expect(overlap("nas:", "nas:b")).toBe(true);
    expect(overlap("nas:a", "cloud:a")).toBe(false);
  });
});

test.each([
  ["- *.tmp", true],
  ["+ /docs/**", true],
  ["!", true],
  ["*.tmp", false],
  ["- ", false],
])("the filter %s is good: %s", (rule, isGood) => expect(filterProblem(rule) === "").toBe(isGood));

describe("a change", () => {
  test("holds only what differs", () => {
    const before = draftOf(view(good()));
    const after = { ...before, priority: 5, options: { ...before.options, transfers: 8 } };
    expect(changesOf(before, after)).toEqual({ priority: 5, options: after.options });
  });
  test("of nothing is empty", () => {
    const before = draftOf(view(good()));
    expect(changesOf(before, structuredClone(before))).toEqual({});
  });
});

describe("a draft that was kept", () => {
  test("comes back as it was", () => {
    const kept = JSON.parse(JSON.stringify(good({ name: "half" })));
    expect(revive(kept, good()).name).toBe("half");
  });
  test("loses what this page does not understand", () => {
    const revived = revive({ name: 7, options: null, strange: true }, good());
    expect(revived.name).toBe("photos");
    expect(revived.options).toEqual(good().options);
    expect(revived).not.toHaveProperty("strange");
  });
  test("of a change leaves alone what somebody else has changed since", () => {
    const change = changesOf(good(), good({ priority: 7 }));
    expect(revive(change, good({ bandwidth_kbps: 800 }))).toEqual(
      good({ priority: 7, bandwidth_kbps: 800 }),
    );
  });
  test("keeps the fields of another kind of schedule", () => {
    const revived = revive({ schedule: { kind: "manual", time_zone: "UTC" } }, good());
    expect(revived.schedule).toEqual({ ...good().schedule, kind: "manual", time_zone: "UTC" });
  });
  test("of nonsense is a fresh one", () => expect(revive("nonsense", good())).toEqual(good()));
});

describe("what the server says", () => {
  test("is put to its fields", () => {
    const text =
      "job 'photos': options.filters[0]: is not a rule\njob 'photos': destination: overlaps";
    expect(serverProblems("", text)).toEqual({
      "options.filters[0]": "is not a rule",
      destination: "overlaps",
    });
  });
  test("of one field is put there whole", () => {
    expect(serverProblems("schedule.cron", "there is no such day")).toEqual({
      "schedule.cron": "there is no such day",
    });
  });
});

test.each([
  ["options.filters[2]", "files"],
  ["options.transfers", "limits"],
  ["bandwidth_table.rows[0].at", "limits"],
  ["schedule.time_zone", "schedule"],
  ["retention.keep_days", "safety"],
  ["command.name", "basics"],
  ["source", "source"],
])("the field %s stands on the step %s", (field, step) => expect(stepOf(field)).toBe(step));
