import { describe, expect, test } from "vitest";
import {
  bytesText,
  capText,
  durationText,
  parseTime,
  percentText,
  relativeText,
  localText,
  shortTimeText,
  shorten,
  timeText,
  visibleName,
} from "../src/core/format";

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1023, "1023 B"],
  [1024, "1.00 KiB"],
  [1_300_000_000, "1.21 GiB"],
  [130_000_000, "124 MiB"],
  [1_048_500, "1.00 MiB"],
  [null, "–"],
  [-1, "–"],
])("%s bytes read as %s", (bytes, text) => expect(bytesText(bytes)).toBe(text));

test("no cap is said in words", () => {
  expect(capText(0)).toBe("no cap");
  expect(capText(10 << 20)).toBe("10.0 MiB/s");
});

test.each([
  [0, "0s"],
  [4500, "4.5s"],
  [45_000, "45s"],
  [125_000, "2m 05s"],
  [12_000_000, "3h 20m"],
  [187_200_000, "2d 4h"],
  [null, "–"],
])("%s ms read as %s", (ms, text) => expect(durationText(ms)).toBe(text));

test("a percent below the end is never rounded up to it", () => {
  expect(percentText(99.99)).toBe("99 %");
  expect(percentText(100)).toBe("100 %");
  expect(percentText(3.14)).toBe("3.1 %");
});

describe("times", () => {
  const now = Date.UTC(2026, 11, 1, 12, 0, 0);
  test("are told relative to now", () => {
    expect(relativeText(now + 12_000_000, now)).toBe("in 3h 20m");
    expect(relativeText(now - 150_000, now)).toBe("2m ago");
    expect(relativeText(now - 400_000_000, now)).toBe("4 days ago");
    expect(relativeText(now, now)).toBe("now");
  });
  test("are shown in the zone that is asked for", () => {
    expect(timeText(now, "Asia/Tokyo")).toBe("2026-12-01 21:00");
    expect(timeText(now, "Asia/Tokyo", true)).toBe("2026-12-01 21:00:00");
  });
  test("of an unknown zone are shown in the viewer's", () => {
    expect(timeText(now, "Mars/Base")).toBe(timeText(now));
  });
  test("of today leave the day out, those of this week name it", () => {
    expect(shortTimeText(now - 3_600_000, now, "UTC")).toBe("11:00");
    expect(shortTimeText(now - 86_400_000, now, "UTC")).toBe("Mon 12:00");
    expect(shortTimeText(now - 86_400_000 * 30, now, "UTC")).toBe("2026-11-01 12:00");
  });
  test("that are nonsense are none", () => {
    expect(parseTime("yesterday")).toBeNull();
    expect(parseTime(null)).toBeNull();
  });
});

test("a name cannot turn text around or hide in it", () => {
  expect(visibleName("photo\u202Egpj.exe")).toBe("photo‹202E›gpj.exe");
  expect(visibleName("a\u200Bb\u0007")).toBe("a‹200B›b␇");
  expect(visibleName("<b>Zoë</b>")).toBe("<b>Zoë</b>");
});

test("long texts keep both ends", () => {
  expect(shorten("abcdefghij", 5)).toBe("ab…ij");
  expect(shorten("abc", 5)).toBe("abc");
});

test("a wall time is shown as it stands, with its weekday", () => {
  expect(localText("2026-12-02T02:30:00+01:00")).toBe("Wed 2026-12-02 02:30");
  expect(localText("2026-12-02T02:30:15-05:00")).toBe("Wed 2026-12-02 02:30:15");
  expect(localText("later")).toBe("later");
});
