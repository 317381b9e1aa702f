// Requests to the server. Errors are values of one class, Problem: what happened and what to do.

import type { Problem as ProblemBody } from "./contract";
import { queryText, type QueryValues } from "../core/router";

export const base = "api/v1";

export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string;
  readonly field: string;
  readonly run: number | undefined;

  constructor(body: Partial<ProblemBody> & { detail: string }) {
    super(body.detail);
    this.status = body.status ?? 0;
    this.code = body.code ?? "unreachable";
    // "Correct the request" is said to programs; people see which field it is about.
    this.hint = this.code === "invalid" ? "" : (body.hint ?? "");
    this.field = body.field ?? "";
    this.run = body.run;
  }
}

export const unreachable = (): Problem =>
  new Problem({
    detail: "The server cannot be reached.",
    hint: "Check the connection; this page tries again by itself.",
  });

export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof TypeError) return unreachable();
  return new Problem({ detail: error instanceof Error ? error.message : String(error) });
}

let csrf = "";
let onUnauthenticated: () => void = () => {};

export function setCsrf(value: string): void {
  csrf = value;
}

export const csrfHeaders = (): Record<string, string> => (csrf ? { "X-Dray-Csrf": csrf } : {});

/** Called when a session has ended, so that the login page can be shown. */
export function whenUnauthenticated(handler: () => void): void {
  onUnauthenticated = handler;
}

export function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export interface Options {
  query?: QueryValues;
  body?: unknown;
  /** The ETag that a change is based on. */
  ifMatch?: string;
  signal?: AbortSignal;
}

export interface Answer<T> {
  body: T;
  etag: string;
}

export async function problemOf(response: Response): Promise<Problem> {
  try {
    const body = (await response.json()) as ProblemBody;
    if (typeof body.detail === "string") return new Problem({ ...body, status: response.status });
  } catch {
    // A proxy answers with a page of its own.
  }
  return new Problem({
    status: response.status,
    code: response.status >= 500 ? "unavailable" : "invalid",
    detail: `The server answered ${response.status} ${response.statusText}`.trim() + ".",
    hint: response.status >= 500 ? "Try again in a moment." : "",
  });
}

export async function ask<T>(
  method: string,
  path: string,
  options: Options = {},
): Promise<Answer<T>> {
  const words = queryText(options.query ?? {});
  const headers: Record<string, string> = { Accept: "application/json" };
  if (method !== "GET") Object.assign(headers, csrfHeaders());
  if (method === "POST") headers["Idempotency-Key"] = randomKey();
  if (options.ifMatch) headers["If-Match"] = options.ifMatch;
  if (options.body !== undefined) headers["Content-Type"] = "application/json";
  let response: Response;
  try {
    response = await fetch(`${base}${path}${words ? `?${words}` : ""}`, {
      method,
      headers,
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      signal: options.signal ?? null,
      credentials: "same-origin",
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw unreachable();
  }
  if (!response.ok) {
    const problem = await problemOf(response);
    if (response.status === 401 && problem.code === "unauthenticated") onUnauthenticated();
    throw problem;
  }
  const body = response.status === 204 ? undefined : await response.json();
  return { body: body as T, etag: response.headers.get("ETag") ?? "" };
}

export const get = async <T>(path: string, query?: QueryValues, signal?: AbortSignal): Promise<T> =>
  (await ask<T>("GET", path, { query, signal })).body;

export const post = async <T>(path: string, body?: unknown, query?: QueryValues): Promise<T> =>
  (await ask<T>("POST", path, { body, query })).body;

/** "/runs/12": every part is escaped. */
export function at(...parts: (string | number)[]): string {
  return parts.map((part) => `/${encodeURIComponent(String(part))}`).join("");
}
