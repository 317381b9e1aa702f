import { describe, expect, test } from "vitest";
import { Series, linePath, niceTop, outcomesByDay, worstOf } from "../src/core/chart";
import { dayStats } from "../src/core/day_stats";
import { differences } from "../src/core/differences";
import { filterLines, keepNewest, parseLogLine } from "../src/core/log_lines";
import { recipientsProblem, splitRecipients } from "../src/core/notify";
import { readReport } from "../src/core/report";
import { href, ofOneTimeLink, parseHash } from "../src/core/router";
import { mergeRuns, runQuery } from "../src/core/run_filters";
import { runActions } from "../src/core/run_state";
import { visibleWindow } from "../src/core/window";
import type { RunView } from "../src/api/contract";

describe("the window of a long list", () => {
  test("holds the visible rows and a few more", () => {
    expect(visibleWindow(5000, 40, 4000, 800, 5)).toEqual({
      first: 95,
      end: 125,
      above: 3800,
      below: 195_000,
    });
  });
  test("always adds up to the whole height", () => {
    for (const top of [0, 39, 41, 199_000, 10 ** 9]) {
      const shown = visibleWindow(5000, 40, top, 800);
      expect(shown.above + (shown.end - shown.first) * 40 + shown.below).toBe(200_000);
    }
  });
  test("of nothing is empty", () =>
    expect(visibleWindow(0, 40, 0, 800)).toMatchObject({ first: 0, end: 0 }));
});

describe("pages of runs", () => {
  const rows = (...runs: number[]) => runs.map((run) => ({ run }));
  test("become one list, newest first", () => {
    expect(mergeRuns(rows(9, 8), rows(7, 6), false)).toEqual(rows(9, 8, 7, 6));
  });
  test("take over what is new at the top", () => {
    const fresh = [
      { run: 10, state: "queued" },
      { run: 9, state: "failed" },
    ];
    expect(
      mergeRuns(
        [
          { run: 9, state: "running" },
          { run: 8, state: "queued" },
        ],
        fresh,
        true,
      ),
    ).toEqual([...fresh, { run: 8, state: "queued" }]);
  });
  test("lose rows that no longer fit, as far as the new page tells", () => {
    expect(mergeRuns(rows(9, 8, 7, 3), rows(9, 7), true)).toEqual(rows(9, 7, 3));
  });
  test("do not let strangers in", () => {
    expect(mergeRuns(rows(9), rows(5), false, true)).toEqual(rows(9));
  });
});

test("filters become what the server is asked", () => {
  expect(
    runQuery({ state: "failed", client: "globex", from: "2026-12-01", to: "2026-12-01" }, "acme"),
  ).toEqual({
    state: "failed",
    client: "acme",
    job: undefined,
    since: new Date(2026, 11, 1).toISOString(),
    until: new Date(2026, 11, 2).toISOString(),
  });
  expect(runQuery({ from: "soon" }, "").since).toBeNull();
});

describe("addresses", () => {
  test("carry any name", () => {
    const address = href(["jobs", "a/b ü%"], { step: "files", empty: "" });
    expect(parseHash(address)).toEqual({ parts: ["jobs", "a/b ü%"], query: { step: "files" } });
  });
  test("of one-time links keep the token behind the #", () => {
    expect(ofOneTimeLink("/setup", "#abc")).toBe("#/setup?token=abc");
    expect(ofOneTimeLink("/base/login", "#a%2Bb")).toBe("#/login?token=a%2Bb");
    expect(ofOneTimeLink("/setup", "#/setup?token=abc")).toBe("#/setup");
    expect(ofOneTimeLink("/", "#/runs")).toBeNull();
  });
  test("that are broken lead somewhere all the same", () => {
    expect(parseHash("#/runs/%E0%A4%A?x")).toEqual({
      parts: ["runs", "%E0%A4%A"],
      query: { x: "" },
    });
  });
});

test.each([
  ["running", ["pause", "cancel"]],
  ["queued", ["priority", "pause", "cancel"]],
  ["held", ["approve", "reject"]],
  ["paused", ["resume", "cancel"]],
  ["failed", ["retry"]],
  ["succeeded", []],
  ["cancelling", []],
])("a run that is %s can be asked to %j", (state, actions) => {
  expect(runActions({ state, cancel_requested: false })).toEqual(actions);
});

test("a run whose end was asked for is asked for nothing else", () => {
  expect(runActions({ state: "running", cancel_requested: true })).toEqual([]);
});

describe("lines of a log", () => {
  const lines = [
    "05:47:03 ERROR  dir/file: Failed: no room",
    "05:47:04 INFO   a: Copied (new)",
    "plain <b>text</b>",
  ].map(parseLogLine);
  test("are taken apart", () => {
    expect(lines[0]).toEqual({
      number: 0,
      at: "05:47:03",
      level: "error",
      object: "dir/file",
      text: "Failed: no room",
    });
    expect(lines[2]).toMatchObject({ level: "plain", text: "plain <b>text</b>" });
  });
  test("are chosen by weight and words", () => {
    expect(filterLines(lines, "problems", "")).toEqual([lines[0]]);
    expect(filterLines(lines, "all", "COPIED")).toEqual([lines[1]]);
  });
  test("are kept up to a number, the newest", () =>
    expect(keepNewest(lines, 1)).toEqual([lines[2]]));
});

describe("a report", () => {
  test("is read with care", () => {
    const report = readReport({
      steps: [{ name: "guard", duration_ms: "long" }],
      validation: [{ differences: 2 }],
      failing_paths: ["a", 7],
    });
    expect(report.steps[0]).toMatchObject({ name: "guard", duration_ms: 0 });
    expect(report.validation).toMatchObject({ differences: 2, excerpt: "" });
    expect(report.failing_paths).toEqual(["a"]);
    expect(report.guard).toBeNull();
  });
  test.each([null, "{}", [], 7])("of %j is empty", (value) =>
    expect(readReport(value).steps).toEqual([]),
  );
});

test("the success rate leaves out what nobody judges", () => {
  const run = (state: string, bytes = 0) => ({ state, bytes, dry_run: false }) as RunView;
  const stats = dayStats([
    run("succeeded", 5),
    run("failed"),
    run("cancelled"),
    run("running", 7),
    run("warning"),
    run("skipped"),
  ]);
  expect(stats).toMatchObject({ ended: 5, bytes: 12 });
  expect(Math.round(stats.successPercent ?? 0)).toBe(67);
  expect(dayStats([]).successPercent).toBeNull();
});

test("changes are told field by field", () => {
  expect(differences({ a: { b: 1, c: "x" } }, { a: { b: 2, c: "x" }, d: [1] })).toEqual([
    { path: "a.b", before: "1", after: "2" },
    { path: "d", before: null, after: "[1]" },
  ]);
  expect(differences(null, null)).toEqual([]);
});

describe("plots", () => {
  test("keep the newest points of a span, at a pace that can be seen", () => {
    const series = new Series(10_000, 1000);
    for (let at = 0; at <= 20_000; at += 250) series.add(at, at);
    expect(series.points[0]?.at).toBe(10_000);
    expect(series.points).toHaveLength(11);
  });
  test("have a top that reads well", () => {
    expect(niceTop(0)).toBe(1024);
    expect(niceTop(3 * 2 ** 20)).toBe(5 * 2 ** 20);
    expect(niceTop(700 * 2 ** 20)).toBe(2 ** 30);
  });
  test("stay inside their box", () => {
    const points = [
      { at: 0, value: 0 },
      { at: 10, value: 200 },
    ];
    expect(linePath(points, { width: 100, height: 50 }, 0, 10, 100)).toBe("M0.0 50.0L100.0 0.0");
  });
  test("of outcomes have a square for every day", () => {
    const now = Date.UTC(2026, 11, 3, 12);
    const day = (at: number) => new Date(at).toISOString().slice(0, 10);
    const days = outcomesByDay(
      [
        { state: "failed", scheduled_at: "2026-12-02T01:00:00Z" },
        { state: "succeeded", scheduled_at: "2026-12-02T02:00:00Z" },
      ],
      3,
      now,
      day,
    );
    expect(days.map((one) => [one.day, worstOf(one)])).toEqual([
      ["2026-12-01", "none"],
      ["2026-12-02", "bad"],
      ["2026-12-03", "none"],
    ]);
  });
});

test("recipients are separated by anything and have to be addresses", () => {
  expect(splitRecipients("a@x.org, b@x.org;\nc@x.org")).toHaveLength(3);
  expect(recipientsProblem([], true)).not.toBe("");
  expect(recipientsProblem(["a@x.org", "nobody"], true)).not.toBe("");
  expect(recipientsProblem([], false)).toBe("");
});
