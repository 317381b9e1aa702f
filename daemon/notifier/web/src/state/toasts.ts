// Short messages in the corner: receipts of what was asked for, and outcomes of runs.

import { signal } from "@preact/signals";
import { asProblem } from "../api/client";
import { sentence } from "../core/format";

export interface Toast {
  id: number;
  tone: "good" | "warn" | "bad" | "held" | "live";
  title: string;
  text: string;
  href: string;
}

export const toasts = signal<Toast[]>([]);
let last = 0;
const most = 4;

export function toast(
  tone: Toast["tone"],
  title: string,
  more: { text?: string; href?: string } = {},
): void {
  last += 1;
  const made = { id: last, tone, title, text: more.text ?? "", href: more.href ?? "" };
  toasts.value = [...toasts.value, made].slice(-most);
  // What went wrong takes longer to read; of runs the pages tell afterwards, too.
  window.setTimeout(() => dismiss(made.id), tone === "bad" ? 20_000 : 7000);
}

export function dismiss(id: number): void {
  toasts.value = toasts.value.filter((one) => one.id !== id);
}

export function toastProblem(what: string, error: unknown): void {
  const problem = asProblem(error);
  toast("bad", what, {
    text: [problem.message, problem.hint].map(sentence).filter(Boolean).join(" "),
  });
}
