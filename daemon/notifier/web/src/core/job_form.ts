// A job while it is being entered: all of its fields with the server's defaults, what is wrong with
// which, on which step of the wizard each stands, and what a change consists of. Pure.

import type { JobKind, JobPatch, JobSpecInput, JobView } from "../api/contract";
import { isWallTime, scheduleInput, scheduleProblems, weekdayNumbers } from "./schedule";

type Filled<T> = T extends (infer Item)[]
  ? Filled<Item>[]
  : T extends object
    ? { [Key in keyof T]-?: Filled<NonNullable<T[Key]>> }
    : T;

export type JobDraft = Filled<JobSpecInput>;

export function emptyJob(client: string, timeZone: string): JobDraft {
  return {
    name: "",
    client,
    kind: "sync",
    source: "",
    destination: "",
    schedule: {
      kind: "daily",
      at: "02:00",
      weekdays: "",
      cron: "",
      every_seconds: 0,
      time_zone: timeZone,
    },
    enabled: true,
    priority: 0,
    misfire: "run_once",
    misfire_max: 10,
    overlap: "skip",
    max_concurrent: 1,
    bandwidth_kbps: 0,
    retry: { max_attempts: 3, backoff_seconds: 30, backoff_max_seconds: 1800 },
    options: {
      filters: [],
      transfers: 4,
      checkers: 8,
      max_delete: -1,
      file_log: false,
      stall_seconds: 1800,
      flags: [],
    },
    layout: "versioned",
    versions_path: "",
    encryption: false,
    retention: { keep_last_n: 0, keep_days: 0, floor: 1 },
    restore_drill: "never",
    validation: { mode: "size", sample_percent: 10, on_failure: "fail" },
    guard: { empty_source: true, max_delete_percent: 25, min_overwrites: 10, learn: true },
    bandwidth_table: { time_zone: timeZone, rows: [] },
    bandwidth_weight: 1,
    limits: { max_duration_seconds: 0, memory_bytes: 0, cpu_percent: 0, windows: [] },
    before: [],
    after: [],
    command: { name: "", settings: {} },
    archive: { level: 3, volume_bytes: 0, fetchers: 16 },
    sandbox: "worker_default",
  };
}

const fieldNames = Object.keys(emptyJob("", "UTC")) as (keyof JobDraft)[];

export function draftOf(job: JobView): JobDraft {
  const draft = emptyJob(job.client, job.schedule.time_zone);
  for (const name of fieldNames) Object.assign(draft, { [name]: structuredClone(job[name]) });
  return draft;
}

const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What was kept of a draft, or of what it changes, over `fresh`. */
export function revive(kept: unknown, fresh: JobDraft): JobDraft {
  if (typeof kept !== "object" || kept === null) return fresh;
  const fields = kept as Record<string, unknown>;
  const draft = { ...fresh };
  for (const name of fieldNames) {
    const [value, otherwise] = [fields[name], fresh[name]];
    if (value === null || typeof value !== typeof otherwise) continue;
    const whole = isObject(value) && isObject(otherwise) ? { ...otherwise, ...value } : value;
    Object.assign(draft, { [name]: whole });
  }
  return draft;
}

// ── What a kind of job has ──────────────────────────────────────────────────────────────────────

export const hasPlaces = (kind: JobKind): boolean => kind !== "upload" && kind !== "command";
export const hasDestination = (kind: JobKind): boolean => kind !== "command";
export const hasSchedule = (kind: JobKind): boolean => kind !== "upload";
export const writesObjects = (kind: JobKind): boolean =>
  kind === "sync" || kind === "copy" || kind === "move";
export const keepsVersions = (job: JobDraft): boolean =>
  (writesObjects(job.kind) && (job.layout === "versioned" || job.versions_path !== "")) ||
  job.kind === "archive";

/** What is sent: fields that the kind does not have are left out. */
export function toInput(draft: JobDraft): JobSpecInput {
  const input: JobSpecInput = structuredClone(draft);
  if (!hasPlaces(draft.kind)) delete input.source;
  if (!hasDestination(draft.kind)) delete input.destination;
  if (hasSchedule(draft.kind)) input.schedule = scheduleInput(draft.schedule);
  else delete input.schedule;
  if (draft.kind !== "command") delete input.command;
  if (draft.kind !== "archive") delete input.archive;
  return input;
}

/** Only what differs, so that two people who change different things do not undo each other. */
export function changesOf(before: JobDraft, after: JobDraft): JobPatch {
  const was = toInput(before);
  const is = toInput(after);
  const patch: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(is))
    if (
      name !== "name" &&
      name !== "client" &&
      JSON.stringify(value) !== JSON.stringify(was[name as keyof JobSpecInput])
    )
      patch[name] = value;
  return patch as JobPatch;
}

// ── Steps ───────────────────────────────────────────────────────────────────────────────────────

export const steps = [
  "basics",
  "source",
  "destination",
  "schedule",
  "files",
  "limits",
  "safety",
  "notify",
  "review",
] as const;
export type Step = (typeof steps)[number];

export const stepTitles: Record<Step, string> = {
  basics: "Basics",
  source: "Source",
  destination: "Destination",
  schedule: "Schedule",
  files: "Files",
  limits: "Limits",
  safety: "Safety",
  notify: "Notify",
  review: "Review",
};

const places: [string, Step][] = [
  ["name", "basics"],
  ["client", "basics"],
  ["kind", "basics"],
  ["command", "basics"],
  ["source", "source"],
  ["destination", "destination"],
  ["encryption", "destination"],
  ["layout", "safety"],
  ["versions_path", "safety"],
  ["archive", "destination"],
  ["schedule", "schedule"],
  ["misfire", "schedule"],
  ["overlap", "schedule"],
  ["max_concurrent", "schedule"],
  ["options.transfers", "limits"],
  ["options.checkers", "limits"],
  ["options.stall_seconds", "limits"],
  ["options.max_delete", "safety"],
  ["options", "files"],
  ["bandwidth", "limits"],
  ["limits", "limits"],
  ["priority", "limits"],
  ["retry", "limits"],
];

/** Where the field "options.filters[2]" stands. */
export const stepOf = (field: string): Step =>
  places.find(([prefix]) => field.startsWith(prefix))?.[1] ?? "safety";

// ── Problems ────────────────────────────────────────────────────────────────────────────────────

/** By field, as the server names them: "schedule.at", "options.filters[0]". */
export type Problems = Record<string, string>;

const nameShape = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export const nameProblem = (name: string): string =>
  nameShape.test(name)
    ? ""
    : "Letters, digits, '.', '_' and '-', beginning with a letter or digit, at most 64";

export function splitPlace(place: string): { remote: string; path: string } {
  const cut = place.indexOf(":");
  return cut < 0
    ? { remote: place, path: "" }
    : { remote: place.slice(0, cut), path: place.slice(cut + 1) };
}

export const joinPlace = (remote: string, path: string): string =>
  remote ? `${remote}:${path}` : "";

export function pathProblem(path: string): string {
  if (new TextEncoder().encode(path).length > 4096) return "At most 4096 bytes";
  if (/[\u0000-\u001f\u007f]/.test(path)) return "Holds a control character";
  return path.split("/").includes("..") ? "Holds '..'; name the folder itself" : "";
}

function placeProblem(place: string): string {
  const { remote, path } = splitPlace(place);
  return remote ? pathProblem(path) : "Choose a remote";
}

const tidyPath = (path: string): string[] =>
  path.split("/").filter((part) => part !== "" && part !== ".");

/** One is the same as the other, or lies inside it. */
export function overlap(a: string, b: string): boolean {
  const left = splitPlace(a);
  const right = splitPlace(b);
  if (!left.remote || left.remote !== right.remote) return false;
  const [short, long] = [tidyPath(left.path), tidyPath(right.path)].sort(
    (x, y) => x.length - y.length,
  );
  return (short ?? []).every((part, index) => part === long?.[index]);
}

export function filterProblem(rule: string): string {
  if (rule === "!" || /^[+-] +\S/.test(rule)) return "";
  return 'Write "- pattern" to leave out, "+ pattern" to take, "!" to forget the rules above';
}

interface Range {
  field: string;
  value: number;
  least: number;
  most: number;
  /** 0 is allowed too, and means something else. */
  zero?: boolean;
}

function ranges(job: JobDraft): Range[] {
  const { options, retry, limits, validation, guard, archive } = job;
  return [
    { field: "options.transfers", value: options.transfers, least: 1, most: 256 },
    { field: "options.checkers", value: options.checkers, least: 1, most: 1024 },
    { field: "options.max_delete", value: options.max_delete, least: -1, most: 1e9 },
    {
      field: "options.stall_seconds",
      value: options.stall_seconds,
      least: 60,
      most: 86_400,
      zero: true,
    },
    { field: "priority", value: job.priority, least: -100, most: 100 },
    { field: "max_concurrent", value: job.max_concurrent, least: 1, most: 100 },
    { field: "misfire_max", value: job.misfire_max, least: 1, most: 1000 },
    { field: "bandwidth_weight", value: job.bandwidth_weight, least: 1, most: 1000 },
    { field: "retry.max_attempts", value: retry.max_attempts, least: 1, most: 100 },
    { field: "retry.backoff_seconds", value: retry.backoff_seconds, least: 1, most: 86_400 },
    {
      field: "limits.max_duration_seconds",
      value: limits.max_duration_seconds,
      least: 1,
      most: 366 * 86_400,
      zero: true,
    },
    {
      field: "limits.memory_bytes",
      value: limits.memory_bytes,
      least: 32 * 2 ** 20,
      most: 2 ** 50,
      zero: true,
    },
    { field: "validation.sample_percent", value: validation.sample_percent, least: 1, most: 100 },
    { field: "guard.max_delete_percent", value: guard.max_delete_percent, least: 0, most: 100 },
    { field: "guard.min_overwrites", value: guard.min_overwrites, least: 0, most: 1e9 },
    { field: "retention.keep_last_n", value: job.retention.keep_last_n, least: 0, most: 1e6 },
    { field: "retention.keep_days", value: job.retention.keep_days, least: 0, most: 36_500 },
    { field: "retention.floor", value: job.retention.floor, least: 1, most: 1e6 },
    { field: "archive.level", value: archive.level, least: 1, most: 19 },
    {
      field: "archive.volume_bytes",
      value: archive.volume_bytes,
      least: 2 ** 20,
      most: 2 ** 53,
      zero: true,
    },
  ];
}

function rangeProblems(job: JobDraft): Problems {
  const problems: Problems = {};
  for (const { field, value, least, most, zero } of ranges(job)) {
    if (zero && value === 0) continue;
    if (Number.isInteger(value) && value >= least && value <= most) continue;
    problems[field] = `A whole number from ${least} to ${most}${zero ? ", or 0" : ""}`;
  }
  return problems;
}

function tableProblems(job: JobDraft): Problems {
  const problems: Problems = {};
  job.bandwidth_table.rows.forEach((row, i) => {
    if (!isWallTime(row.at)) problems[`bandwidth_table.rows[${i}].at`] = "Write a time, like 08:00";
    if (!weekdayNumbers(row.weekdays).length)
      problems[`bandwidth_table.rows[${i}].weekdays`] = "Choose at least one day";
  });
  job.limits.windows.forEach((window, i) => {
    const ends = isWallTime(window.to) || window.to === "24:00";
    if (!isWallTime(window.from) || !ends)
      problems[`limits.windows[${i}].from`] = "Write two times, like 22:00 and 06:00";
    if (!weekdayNumbers(window.weekdays).length)
      problems[`limits.windows[${i}].weekdays`] = "Choose at least one day";
  });
  return problems;
}

function placeProblems(job: JobDraft): Problems {
  const problems: Problems = {};
  const set = (field: string, problem: string) => {
    if (problem) problems[field] = problem;
  };
  if (hasPlaces(job.kind)) set("source", placeProblem(job.source));
  if (hasDestination(job.kind)) set("destination", placeProblem(job.destination));
  if (hasPlaces(job.kind) && job.destination && overlap(job.source, job.destination))
    set("destination", "Is the source, or one lies inside the other; choose another folder");
  if (job.versions_path) set("versions_path", placeProblem(job.versions_path));
  if (job.kind === "command") set("command.name", job.command.name ? "" : "Choose a program");
  return problems;
}

export function jobProblems(job: JobDraft): Problems {
  const problems: Problems = {
    ...rangeProblems(job),
    ...tableProblems(job),
    ...placeProblems(job),
  };
  const name = nameProblem(job.name);
  if (name) problems.name = name;
  if (!job.client) problems.client = "Choose a client";
  if (hasSchedule(job.kind)) Object.assign(problems, scheduleProblems(job.schedule));
  job.options.filters.forEach((rule, i) => {
    const problem = filterProblem(rule);
    if (problem) problems[`options.filters[${i}]`] = problem;
  });
  if (keepsVersions(job) && writesObjects(job.kind) && job.overlap === "allow")
    problems.overlap =
      "Runs at the same time cannot keep versions; choose another way, or layout mirror";
  if (job.max_concurrent > 1 && job.overlap !== "allow")
    problems.max_concurrent = "More than 1 needs runs that may overlap";
  return problems;
}

/** "job 'x': options.filters[2]: text" of the server, taken apart; the field, and what is said of it. */
export function serverProblems(field: string, detail: string): Problems {
  const problems: Problems = {};
  for (const line of detail.split("\n")) {
    const match = /^(?:job '[^']*': )?([a-z_]+(?:[.[][\w\].[]*)?): (.+)$/.exec(line.trim());
    if (match?.[1] && match[2]) problems[match[1]] ??= match[2];
  }
  if (field && !problems[field]) problems[field] = detail;
  return problems;
}
