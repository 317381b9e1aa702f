// Lines of a readable log, "05:47:03 ERROR  dir/file: what", taken apart so that people see who said what
// and how bad it is. Pure.

export type Level = "error" | "warning" | "notice" | "info" | "debug" | "plain";

export interface LogLine {
  number: number;
  at: string;
  level: Level;
  /** The file or directory that it is about; "": none. */
  object: string;
  text: string;
}

const levels: Record<string, Level> = {
  ERROR: "error",
  CRITICAL: "error",
  FATAL: "error",
  WARNING: "warning",
  WARN: "warning",
  NOTICE: "notice",
  INFO: "info",
  DEBUG: "debug",
};

const record = /^(?:(\d\d:\d\d:\d\d) )?([A-Z]+) +(.*)$/s;

export function parseLogLine(line: string, number: number): LogLine {
  const match = record.exec(line);
  const level = levels[match?.[2] ?? ""];
  if (!match || !level) return { number, at: "", level: "plain", object: "", text: line };
  const rest = match[3] ?? "";
  const cut = rest.indexOf(": ");
  return {
    number,
    at: match[1] ?? "",
    level,
    object: cut > 0 ? rest.slice(0, cut) : "",
    text: cut > 0 ? rest.slice(cut + 2) : rest,
  };
}

export type LevelFilter = "problems" | "all";

export const filterLines = (lines: LogLine[], filter: LevelFilter, search: string): LogLine[] => {
  const wanted = search.trim().toLowerCase();
  return lines.filter(
    (line) =>
      (filter === "all" || line.level === "error" || line.level === "warning") &&
      (!wanted || `${line.object}: ${line.text}`.toLowerCase().includes(wanted)),
  );
};

/** The newest lines of a log that may be long. */
export function keepNewest(lines: LogLine[], most: number): LogLine[] {
  return lines.length > most ? lines.slice(-most) : lines;
}
