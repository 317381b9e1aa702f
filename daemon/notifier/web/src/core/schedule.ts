// Schedules as people read and type them. The server computes occurrences; this only describes and
// checks what is typed.

import type { ScheduleInput } from "../api/contract";

export const weekdayWords = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const weekdayNames = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/** "mon,tue", "mon-fri", "sat-mon" or "daily" as numbers, Monday is 0. */
export function weekdayNumbers(weekdays: string | undefined): number[] {
  const days = new Set<number>();
  for (const item of (weekdays ?? "").toLowerCase().split(",")) {
    const [first, last] = item.split("-").map((word) => weekdayWords.indexOf(word.trim()));
    if (item.trim() === "daily") for (let day = 0; day < 7; day += 1) days.add(day);
    if (first === undefined || first < 0) continue;
    const end = last === undefined || last < 0 ? first : last;
    for (let day = first; ; day = (day + 1) % 7) {
      days.add(day);
      if (day === end) break;
    }
  }
  return [...days].sort();
}

export const weekdaysOf = (days: number[]): string =>
  days.length === 7 ? "daily" : days.map((day) => weekdayWords[day]).join(",");

/** "every day", "Mon–Fri", "Sat, Sun". */
export function weekdaysText(weekdays: string | undefined): string {
  const days = weekdayNumbers(weekdays).join("");
  if (days === "0123456") return "every day";
  if (days === "01234") return "Mon–Fri";
  return days === "" ? "no day" : [...days].map((day) => weekdayNames[Number(day)]).join(", ");
}

export function everyText(seconds: number): string {
  const units: [number, string][] = [
    [86_400, "day"],
    [3600, "hour"],
    [60, "minute"],
    [1, "second"],
  ];
  for (const [size, unit] of units) {
    if (seconds < size || seconds % size !== 0) continue;
    const count = seconds / size;
    return count === 1 ? `every ${unit}` : `every ${count} ${unit}s`;
  }
  return "never";
}

/** "every day at 02:30"; the zone is shown beside it. */
export function scheduleText(schedule: ScheduleInput): string {
  switch (schedule.kind) {
    case "daily":
      return `every day at ${schedule.at ?? ""}`;
    case "weekly":
      return `${weekdaysText(schedule.weekdays)} at ${schedule.at ?? ""}`;
    case "cron":
      return `cron ${schedule.cron ?? ""}`;
    case "every":
      return everyText(schedule.every_seconds ?? 0);
    default:
      return "by hand";
  }
}

/** What is sent: the fields that the kind has, though others may still hold what was typed before. */
export function scheduleInput(schedule: ScheduleInput): ScheduleInput {
  const { kind, at, weekdays, cron, every_seconds, time_zone } = schedule;
  switch (kind) {
    case "daily":
      return { kind, at, time_zone };
    case "weekly":
      return { kind, at, weekdays, time_zone };
    case "cron":
      return { kind, cron, time_zone };
    case "every":
      return { kind, every_seconds, time_zone };
    default:
      return { kind, time_zone };
  }
}

const wallTime = /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/;
export const isWallTime = (text: string): boolean => wallTime.test(text);

const cronNames = /^@(hourly|daily|midnight|weekly|monthly|yearly|annually)$/;

/** What is wrong with the shape of a cron line; "" when the server should judge it. */
export function cronProblem(cron: string): string {
  const text = cron.trim();
  if (!text) return "Write a cron line, like 30 2 * * 1-5";
  if (cronNames.test(text)) return "";
  if (text.startsWith("@")) return "Known words: @hourly, @daily, @weekly, @monthly, @yearly";
  const fields = text.split(/\s+/);
  if (fields.length !== 5)
    return `A cron line has five fields (minute hour day month weekday); this one has ${fields.length}`;
  if (!/^[\w*/,\-?#\s]+$/.test(text)) return "Only digits, names, * , - and / make a cron line";
  return "";
}

export function scheduleProblems(schedule: ScheduleInput): Record<string, string> {
  const problems: Record<string, string> = {};
  if (schedule.kind === "daily" || schedule.kind === "weekly")
    if (!isWallTime(schedule.at ?? "")) problems["schedule.at"] = "Write a time, like 02:30";
  if (schedule.kind === "weekly" && !weekdayNumbers(schedule.weekdays).length)
    problems["schedule.weekdays"] = "Choose at least one day";
  if (schedule.kind === "cron") {
    const problem = cronProblem(schedule.cron ?? "");
    if (problem) problems["schedule.cron"] = problem;
  }
  if (schedule.kind === "every" && (schedule.every_seconds ?? 0) < 60)
    problems["schedule.every_seconds"] = "At least one minute";
  return problems;
}

/** Time zones that the browser knows; UTC first. */
export function timeZones(): string[] {
  const known = Intl.supportedValuesOf("timeZone");
  return ["UTC", ...known.filter((zone) => zone !== "UTC")];
}
