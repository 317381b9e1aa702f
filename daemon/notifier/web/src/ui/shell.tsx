// What stands around every page: navigation, the state of the connection, who is logged in.

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { post } from "../api/client";
import { transportText } from "../core/stream";
import { connection, status } from "../state/live";
import { route } from "../state/route";
import { identity, isProvider, logout, may, version } from "../state/session";
import { toast, toastProblem } from "../state/toasts";
import { Badge, Button, Name, Notice } from "./basics";
import { Icon, type IconName } from "./icon";

interface Room {
  path: string;
  label: string;
  icon: IconName;
  shown?: () => boolean;
}

const rooms: Room[] = [
  { path: "", label: "Overview", icon: "home" },
  { path: "jobs", label: "Jobs", icon: "jobs" },
  { path: "runs", label: "Runs", icon: "history" },
  { path: "approvals", label: "Approvals", icon: "shield" },
  { path: "restore", label: "Restore", icon: "reload" },
  { path: "upload", label: "Upload", icon: "upload", shown: () => may("operate") },
  { path: "remotes", label: "Remotes", icon: "link" },
  { path: "notifications", label: "Notifications", icon: "bell" },
  { path: "settings", label: "Settings", icon: "settings" },
];

const providerRooms: Room[] = [
  { path: "bandwidth", label: "Bandwidth", icon: "gauge" },
  { path: "workers", label: "Workers", icon: "worker" },
  { path: "clients", label: "Clients", icon: "people" },
  { path: "users", label: "People and tokens", icon: "key", shown: () => may("admin") },
  { path: "deliveries", label: "Deliveries", icon: "bell" },
  { path: "audit", label: "Audit", icon: "file", shown: () => may("admin") },
  { path: "health", label: "Health", icon: "heart" },
];

function SideLinks({ list }: { list: Room[] }) {
  const here = route.value.parts[0] ?? "";
  const held = status.value?.counts.held ?? 0;
  return (
    <>
      {list
        .filter((room) => room.shown?.() ?? true)
        .map((room) => (
          <a
            key={room.path}
            class="side-link"
            href={`#/${room.path}`}
            aria-current={here === room.path ? "page" : undefined}
          >
            <Icon name={room.icon} />
            {room.label}
            {room.path === "approvals" && held > 0 && (
              <span class="count" aria-label={`${held} held`}>
                {held}
              </span>
            )}
          </a>
        ))}
    </>
  );
}

async function resumeQueue(): Promise<void> {
  try {
    await post("/queue/resume");
    toast("good", "Runs start again");
  } catch (error) {
    toastProblem("The queue was not resumed", error);
  }
}

function Connection() {
  const state = connection.value;
  const text = transportText(state);
  const lost = state.known ? "bad" : "dim";
  const tone = !state.connected ? lost : state.transport === "websocket" ? "good" : "warn";
  return (
    <span class="connection" role="status" title={text.detail}>
      <Badge tone={tone}>{text.label}</Badge>
    </span>
  );
}

function Foot() {
  const who = identity.value;
  return (
    <div class="side-foot">
      <div class="row wrap">
        <Connection />
      </div>
      <div class="row spread">
        <a class="row cut" href="#/settings" title="Your settings">
          <Icon name="user" />
          <Name class="cut">{who?.name ?? ""}</Name>
        </a>
        <Button
          small
          kind="quiet"
          onClick={() => void logout().catch((error) => toastProblem("Logging out failed", error))}
        >
          Log out
        </Button>
      </div>
      <span class="muted small">
        {who?.client ? <Name>{who.client}</Name> : "All clients"} · {who?.scope}
        {version.value && ` · ${version.value.version}`}
      </span>
    </div>
  );
}

/** What everybody has to know, whatever page they look at. */
function Banners() {
  const state = connection.value;
  const text = transportText(state);
  const scheduler = status.value?.scheduler;
  return (
    <>
      {!state.connected && state.known && state.failures > 0 && (
        <Notice tone="warn" title={text.label}>
          {text.detail}
        </Notice>
      )}
      {state.connected && state.transport === "polling" && (
        <Notice tone="warn" title={text.label}>
          {text.detail}
        </Notice>
      )}
      {scheduler && !scheduler.accepting && (
        <Notice tone="bad" title="The scheduler takes no changes">
          <Name>{scheduler.problem}</Name>
        </Notice>
      )}
      {scheduler?.queue_paused && (
        <Notice
          tone="warn"
          title="The queue is paused: no run starts"
          actions={
            isProvider.value &&
            may("admin") && (
              <Button small icon="play" onClick={() => void resumeQueue()}>
                Resume
              </Button>
            )
          }
        >
          {scheduler.queue_paused_reason && <Name>{scheduler.queue_paused_reason}</Name>}
        </Notice>
      )}
    </>
  );
}

export function Shell({ children }: { children: ComponentChildren }) {
  const [open, setOpen] = useState(false);
  const path = route.value.parts.join("/");
  useEffect(() => setOpen(false), [path]);
  return (
    <div class="shell">
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          document.querySelector<HTMLElement>("main h1")?.focus();
        }}
      >
        Skip to the content
      </a>
      <div class="topbar">
        <Button kind="quiet" icon="menu" label="Menu" onClick={() => setOpen(true)} />
        <a class="brand" href="#/">
          <img src="./favicon.svg" alt="" />
          Drayage
        </a>
        <Connection />
      </div>
      {open && (
        <button
          type="button"
          class="veil"
          aria-label="Close the menu"
          onClick={() => setOpen(false)}
        />
      )}
      <nav class={`side ${open ? "open" : ""}`} aria-label="Pages">
        <a class="brand" href="#/">
          <img src="./favicon.svg" alt="" />
          Drayage
        </a>
        <SideLinks list={rooms} />
        {isProvider.value && (
          <>
            <span class="side-head">Operation</span>
            <SideLinks list={providerRooms} />
          </>
        )}
        <Foot />
      </nav>
      <main class="main" id="main">
        <div class="banners">
          <Banners />
        </div>
        {children}
      </main>
    </div>
  );
}
