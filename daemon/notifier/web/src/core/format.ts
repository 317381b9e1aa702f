// How values look to people. Pure: the time is passed in, texts never hold markup.

const byteUnits = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/** Binary units with three significant digits, as on the command line: 999 B, 1.23 KiB, 45.6 MiB. */
export function bytesText(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined || !Number.isFinite(bytes) || bytes < 0) return "–";
  let value = bytes;
  let unit = 0;
  while (value >= (unit === 0 ? 1024 : 1023.5) && unit < byteUnits.length - 1) {
    value /= 1024;
    unit += 1;
  }
  if (unit === 0) return `${Math.round(value)} B`;
  const digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return `${value.toFixed(digits)} ${byteUnits[unit]}`;
}

export function rateText(bytesPerSecond: number | null | undefined): string {
  const text = bytesText(bytesPerSecond);
  return text === "–" ? text : `${text}/s`;
}

/** Of a cap: 0 means that there is none. */
export function capText(bytesPerSecond: number): string {
  return bytesPerSecond > 0 ? rateText(bytesPerSecond) : "no cap";
}

export function countText(count: number | null | undefined): string {
  return count === null || count === undefined ? "–" : count.toLocaleString("en-GB");
}

/** "1 file", "2,400 files". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${countText(count)} ${count === 1 ? one : many}`;
}

/** "4.5s", "45s", "2m 05s", "3h 20m", "2d 4h", as on the command line. */
export function durationText(milliseconds: number | null | undefined): string {
  if (milliseconds === null || milliseconds === undefined || milliseconds < 0) return "–";
  if (milliseconds > 0 && milliseconds < 9950) return `${(milliseconds / 1000).toFixed(1)}s`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds}s`;
  const pad = (value: number) => String(value).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${pad(seconds % 60)}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h ${pad(minutes % 60)}m`;
  return `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

export function percentText(percent: number): string {
  if (percent >= 100) return "100 %";
  return `${percent < 10 ? percent.toFixed(1) : Math.floor(percent)} %`;
}

/** "in 3h 20m", "12m ago", "now": tenths and seconds would only flicker. */
export function relativeText(at: number, now: number): string {
  const distance = at - now;
  const size = Math.abs(distance);
  if (size < 1000) return "now";
  const days = Math.floor(size / 86_400_000);
  let text = `${Math.floor(size / 1000)}s`;
  if (days >= 2) text = `${days} days`;
  else if (size >= 3_600_000) text = durationText(size);
  else if (size >= 60_000) text = `${Math.floor(size / 60_000)}m`;
  return distance > 0 ? `in ${text}` : `${text} ago`;
}

/** Milliseconds of an RFC 3339 time; null stays null, nonsense becomes null. */
export function parseTime(text: string | null | undefined): number | null {
  if (!text) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : at;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string | undefined, seconds: boolean): Intl.DateTimeFormat {
  const key = `${zone ?? ""}/${seconds}`;
  let made = formats.get(key);
  if (!made) {
    made = new Intl.DateTimeFormat("en-CA", {
      timeZone: zone,
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      ...(seconds ? { second: "2-digit" } : {}),
      hourCycle: "h23",
    });
    formats.set(key, made);
  }
  return made;
}

/** "2026-12-01 06:30" in the zone; without one, in the viewer's. An unknown zone is the viewer's. */
export function timeText(at: number | null, zone?: string, seconds = false): string {
  if (at === null) return "–";
  let made: Intl.DateTimeFormat;
  try {
    made = format(zone, seconds);
  } catch {
    made = format(undefined, seconds);
  }
  return made.format(at).replace(",", "");
}

/** "06:30" today, "Tue 06:30" within six days, "2026-11-03 06:30" beyond. */
export function shortTimeText(at: number | null, now: number, zone?: string): string {
  if (at === null) return "–";
  const full = timeText(at, zone);
  if (full.slice(0, 10) === timeText(now, zone).slice(0, 10)) return full.slice(11);
  if (Math.abs(at - now) > 6 * 86_400_000) return full;
  const day = new Intl.DateTimeFormat("en-GB", { weekday: "short", timeZone: zone }).format(at);
  return `${day} ${full.slice(11)}`;
}

/** "Wed 2026-12-02 02:30" of a wall time "2026-12-02T02:30:00+01:00", whatever the viewer's zone. */
export function localText(local: string): string {
  const day = new Date(`${local.slice(0, 10)}T00:00:00Z`);
  if (Number.isNaN(day.getTime())) return local;
  const weekday = new Intl.DateTimeFormat("en-GB", { weekday: "short", timeZone: "UTC" }).format(
    day,
  );
  const seconds = local.slice(16, 19);
  const time = local.slice(11, 16) + (seconds === ":00" ? "" : seconds);
  return `${weekday} ${local.slice(0, 10)} ${time}`;
}

export function viewerZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

/**
 * Names come from anywhere. Marks that turn the direction of text or are invisible are shown as
 * their code, so that "exe.gpj" cannot pretend to be "jpg.exe"; control characters as symbols.
 */
export function visibleName(name: string): string {
  return name.replace(
    /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g,
    (char) => {
      const code = char.charCodeAt(0);
      if (code < 0x20) return String.fromCharCode(0x2400 + code);
      return `‹${code.toString(16).toUpperCase().padStart(4, "0")}›`;
    },
  );
}

/** "try again later" as a sentence of its own. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  if (!trimmed) return "";
  const begun = trimmed[0]?.toUpperCase() + trimmed.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

/** The middle of what is longer than `most` characters is cut: both ends tell more. */
export function shorten(text: string, most: number): string {
  if (text.length <= most) return text;
  const left = Math.ceil((most - 1) / 2);
  const right = most - 1 - left;
  return `${text.slice(0, left)}…${right > 0 ? text.slice(-right) : ""}`;
}
