// Files on their way to the server: streamed, with progress, and cancelled by ending the request.

import { signal } from "@preact/signals";
import { base, csrfHeaders, Problem, unreachable } from "../api/client";
import type { Problem as ProblemBody, UploadAccepted } from "../api/contract";

export interface Upload {
  id: number;
  name: string;
  size: number;
  sent: number;
  startedAt: number;
  state: "sending" | "stored" | "failed" | "cancelled";
  accepted: UploadAccepted | null;
  problem: Problem | null;
  cancel: () => void;
}

export const uploads = signal<Upload[]>([]);
let last = 0;

function change(id: number, part: Partial<Upload>): void {
  uploads.value = uploads.value.map((one) => (one.id === id ? { ...one, ...part } : one));
}

export function forgetUpload(id: number): void {
  uploads.value = uploads.value.filter((one) => one.id !== id);
}

/** The fields come before the file: the server decides by them before the first byte of it. */
export function startUpload(file: File, fields: { client?: string; job?: string }): void {
  last += 1;
  const id = last;
  const form = new FormData();
  if (fields.client) form.append("client", fields.client);
  if (fields.job) form.append("job", fields.job);
  form.append("name", file.name);
  form.append("size", String(file.size));
  form.append("file", file, file.name);

  const request = new XMLHttpRequest();
  request.open("POST", `${base}/uploads`);
  request.setRequestHeader("Accept", "application/json");
  for (const [name, value] of Object.entries(csrfHeaders())) request.setRequestHeader(name, value);
  request.upload.onprogress = (event) => change(id, { sent: Math.min(event.loaded, file.size) });
  request.onload = () => finish(id, request);
  request.onerror = () => change(id, { state: "failed", problem: unreachable() });
  request.onabort = () => change(id, { state: "cancelled" });
  uploads.value = [
    {
      id,
      name: file.name,
      size: file.size,
      sent: 0,
      startedAt: Date.now(),
      state: "sending",
      accepted: null,
      problem: null,
      cancel: () => request.abort(),
    },
    ...uploads.value,
  ];
  request.send(form);
}

function finish(id: number, request: XMLHttpRequest): void {
  let body: unknown = null;
  try {
    body = JSON.parse(request.responseText);
  } catch {
    // A proxy answers with a page of its own.
  }
  if (request.status >= 200 && request.status < 300 && body)
    return change(id, { state: "stored", accepted: body as UploadAccepted });
  const told = body as Partial<ProblemBody> | null;
  change(id, {
    state: "failed",
    problem: new Problem({
      ...told,
      status: request.status,
      detail: told?.detail ?? `The server answered ${request.status}.`,
    }),
  });
}
