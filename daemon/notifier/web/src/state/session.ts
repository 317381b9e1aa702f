// Who uses the page and what they may do; the theme and other choices of this browser.

import { computed, signal } from "@preact/signals";
import { get, post, setCsrf, whenUnauthenticated, Problem, asProblem } from "../api/client";
import type { Identity, Scope, VersionInfo } from "../api/contract";

export type Door = "loading" | "unreachable" | "setup" | "login" | "in";

export const door = signal<Door>("loading");
export const identity = signal<Identity | null>(null);
export const version = signal<VersionInfo | null>(null);
/** Why the login page is shown, when a session has ended. */
export const doorNote = signal("");

const rank: Record<Scope, number> = { read: 1, operate: 2, admin: 3 };

export const may = (scope: Scope): boolean =>
  rank[identity.value?.scope ?? "read"] >= rank[scope] && identity.value !== null;
/** Sees all clients. */
export const isProvider = computed(() => identity.value !== null && identity.value.client === "");
export const ownClient = computed(() => identity.value?.client ?? "");

function enter(who: Identity): void {
  identity.value = who;
  setCsrf(who.csrf);
  doorNote.value = "";
  door.value = "in";
}

export async function start(): Promise<void> {
  whenUnauthenticated(() => {
    if (door.value !== "in") return;
    doorNote.value = "Your session has ended. Log in to go on where you were.";
    leave();
  });
  try {
    enter(await get<Identity>("/me"));
    version.value = await get<VersionInfo>("/version");
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 401) {
      door.value = "unreachable";
      return;
    }
    version.value = await get<VersionInfo>("/version").catch(() => null);
    door.value = version.value?.setup_needed ? "setup" : "login";
  }
}

export async function login(input: {
  name?: string;
  password?: string;
  token?: string;
}): Promise<void> {
  enter(await post<Identity>("/login", input));
}

export async function setUp(token: string, name: string, password: string): Promise<void> {
  enter(await post<Identity>("/setup", { token, name, password }));
}

function leave(): void {
  identity.value = null;
  setCsrf("");
  door.value = "login";
}

export async function logout(): Promise<void> {
  try {
    await post("/logout");
  } catch (error) {
    // Without its cookie the session is useless to this browser all the same.
    if (asProblem(error).status === 0) throw error;
  }
  leave();
}

// ── Choices of this browser ─────────────────────────────────────────────────────────────────────

export type Theme = "system" | "light" | "dark";

export function stored(key: string): string {
  try {
    return localStorage.getItem(`dray.${key}`) ?? "";
  } catch {
    return "";
  }
}

export function store(key: string, value: string): void {
  try {
    if (value) localStorage.setItem(`dray.${key}`, value);
    else localStorage.removeItem(`dray.${key}`);
  } catch {
    // Private windows may refuse; the choice holds until the page is closed.
  }
}

const dark = window.matchMedia("(prefers-color-scheme: dark)");
export const theme = signal<Theme>((stored("theme") as Theme) || "system");

export function applyTheme(): void {
  const isDark = theme.value === "dark" || (theme.value === "system" && dark.matches);
  document.documentElement.dataset.theme = isDark ? "dark" : "light";
}

export function chooseTheme(value: Theme): void {
  theme.value = value;
  store("theme", value === "system" ? "" : value);
  applyTheme();
}

dark.addEventListener("change", applyTheme);

/** The zone in which times are shown; "": the browser's. */
export const shownZone = signal(stored("zone"));

export function chooseZone(zone: string): void {
  shownZone.value = zone;
  store("zone", zone);
}
