// Small parts that every page is made of.

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import {
  bytesText,
  parseTime,
  relativeText,
  sentence,
  shortTimeText,
  timeText,
  viewerZone,
  visibleName,
} from "../core/format";
import { gradeLook, stateLook, type Tone } from "../core/run_state";
import type { Problem } from "../api/client";
import { now } from "../state/route";
import { shownZone } from "../state/session";
import { Icon, type IconName } from "./icon";

// ── Buttons ─────────────────────────────────────────────────────────────────────────────────────

export interface ButtonProps {
  children?: ComponentChildren;
  icon?: IconName;
  kind?: "primary" | "danger" | "quiet" | "";
  small?: boolean;
  /** For buttons that show only an icon. */
  label?: string;
  type?: "button" | "submit";
  disabled?: boolean;
  /** Why it cannot be pressed, or what it does. */
  title?: string;
  onClick?: (event: MouseEvent) => void;
}

export function Button(props: ButtonProps) {
  const words = [
    "button",
    props.kind ?? "",
    props.small ? "small" : "",
    props.children ? "" : "icon",
  ];
  return (
    <button
      type={props.type ?? "button"}
      class={words.filter(Boolean).join(" ")}
      disabled={props.disabled}
      title={props.title ?? (props.children ? undefined : props.label)}
      aria-label={props.label}
      onClick={props.onClick}
    >
      {props.icon && <Icon name={props.icon} />}
      {props.children}
    </button>
  );
}

export function LinkButton(props: {
  href: string;
  children: ComponentChildren;
  icon?: IconName;
  kind?: "primary" | "quiet" | "";
  small?: boolean;
  download?: boolean;
}) {
  return (
    <a
      class={`button ${props.kind ?? ""} ${props.small ? "small" : ""}`}
      href={props.href}
      download={props.download}
    >
      {props.icon && <Icon name={props.icon} />}
      {props.children}
    </a>
  );
}

// ── Values ──────────────────────────────────────────────────────────────────────────────────────

export function Badge({
  tone,
  children,
  title,
}: {
  tone: Tone;
  children: ComponentChildren;
  title?: string;
}) {
  return (
    <span class={`badge ${tone}`} title={title}>
      <span class="dot" />
      {children}
    </span>
  );
}

export function StateBadge({ state, outcome }: { state: string; outcome?: string }) {
  const look = stateLook(state);
  if (outcome === "nothing_to_do")
    return (
      <Badge tone="good" title="Source and destination were equal already.">
        Nothing to do
      </Badge>
    );
  return (
    <Badge tone={look.tone} title={look.meaning}>
      {look.label}
    </Badge>
  );
}

export function GradeText({ grade }: { grade: string }) {
  const look = gradeLook(grade);
  return (
    <span class={`grade small ${look.tone}`} title={look.meaning}>
      {look.label}
    </span>
  );
}

/** A name from anywhere: what would be invisible or turn text around is shown as its code. */
export function Name({ children, class: words = "" }: { children: string; class?: string }) {
  const shown = visibleName(children);
  return (
    <bdi class={`name ${words}`} title={shown.length > 40 ? shown : undefined}>
      {shown}
    </bdi>
  );
}

function zoneTitle(at: number): string {
  const zone = shownZone.value || viewerZone();
  return `${timeText(at, zone, true)} ${zone}`;
}

/** "06:30" or "Tue 06:30", exact when pointed at. */
export function Time({ at, full = false }: { at: string | null; full?: boolean }) {
  const moment = parseTime(at);
  if (moment === null || at === null) return <span class="muted">–</span>;
  const zone = shownZone.value || undefined;
  return (
    <time dateTime={at} title={zoneTitle(moment)} class="nowrap">
      {full ? timeText(moment, zone, true) : shortTimeText(moment, now.value, zone)}
    </time>
  );
}

/** "in 3h 20m". */
export function Ago({ at }: { at: string | null }) {
  const moment = parseTime(at);
  if (moment === null || at === null) return <span class="muted">–</span>;
  return (
    <time dateTime={at} title={zoneTitle(moment)} class="nowrap">
      {relativeText(moment, now.value)}
    </time>
  );
}

export function Bytes({ value }: { value: number | null | undefined }) {
  const exact =
    value === null || value === undefined ? undefined : `${value.toLocaleString("en-GB")} bytes`;
  return (
    <span class="nowrap" title={exact}>
      {bytesText(value)}
    </span>
  );
}

export function ProgressBar(props: {
  percent: number;
  label: string;
  big?: boolean;
  tone?: string;
}) {
  const percent = Math.max(0, Math.min(100, props.percent));
  return (
    <div
      class={`bar ${props.big ? "big" : ""} ${props.tone ?? ""}`}
      role="progressbar"
      aria-label={props.label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(percent)}
    >
      <span style={{ transform: `scaleX(${percent / 100})` }} />
    </div>
  );
}

export function Facts({ rows }: { rows: [string, ComponentChildren][] }) {
  const shown = rows.filter(
    ([, value]) => value !== null && value !== undefined && value !== "" && value !== false,
  );
  return (
    <dl class="facts">
      {shown.map(([name, value]) => [
        <dt key={name}>{name}</dt>,
        <dd key={`${name}:`}>{value}</dd>,
      ])}
    </dl>
  );
}

// ── Surfaces ────────────────────────────────────────────────────────────────────────────────────

export function Card(props: {
  title?: ComponentChildren;
  actions?: ComponentChildren;
  children: ComponentChildren;
  foot?: ComponentChildren;
  /** Tables reach to the edges. */
  flush?: boolean;
}) {
  return (
    <section class="card">
      {props.title && (
        <div class="card-head">
          <h2>{props.title}</h2>
          {props.actions}
        </div>
      )}
      {props.flush ? props.children : <div class="card-body">{props.children}</div>}
      {props.foot && <div class="card-foot">{props.foot}</div>}
    </section>
  );
}

export function Tile(props: {
  label: string;
  value: ComponentChildren;
  note?: ComponentChildren;
  tone?: string;
  href?: string;
}) {
  const inside = (
    <>
      <span class="label">{props.label}</span>
      <span class="value">{props.value}</span>
      {props.note && <span class="note">{props.note}</span>}
    </>
  );
  const words = `tile ${props.tone ?? ""}`;
  return props.href ? (
    <a class={words} href={props.href}>
      {inside}
    </a>
  ) : (
    <div class={words}>{inside}</div>
  );
}

const noticeIcons: Record<string, IconName> = {
  bad: "cross",
  warn: "alert",
  held: "shield",
  good: "check",
};

export function Notice(props: {
  tone?: "bad" | "warn" | "good" | "held" | "live";
  title?: ComponentChildren;
  children?: ComponentChildren;
  actions?: ComponentChildren;
}) {
  const tone = props.tone ?? "live";
  return (
    <div class={`notice ${tone}`} role={tone === "bad" ? "alert" : undefined}>
      <Icon name={noticeIcons[tone] ?? "info"} />
      <div class="grow stack close">
        {props.title && <div class="title">{props.title}</div>}
        {props.children && <div class="soft">{props.children}</div>}
      </div>
      {props.actions}
    </div>
  );
}

/** What happened and what to do. */
export function ProblemNotice(props: {
  problem: Problem | null;
  what: string;
  retry?: () => void;
}) {
  if (!props.problem) return null;
  return (
    <Notice
      tone="bad"
      title={props.what}
      actions={
        props.retry && (
          <Button small icon="reload" onClick={props.retry}>
            Try again
          </Button>
        )
      }
    >
      <Name>{sentence(props.problem.message)}</Name> {sentence(props.problem.hint)}
    </Notice>
  );
}

export function Empty(props: {
  title: string;
  children?: ComponentChildren;
  actions?: ComponentChildren;
}) {
  return (
    <div class="empty">
      <p class="title">{props.title}</p>
      {props.children && <p>{props.children}</p>}
      {props.actions && <div class="actions">{props.actions}</div>}
    </div>
  );
}

export function Loading() {
  return (
    <div class="loading" role="status">
      <span class="hidden-text">Loading</span>
      <span />
      <span />
      <span />
    </div>
  );
}

/** The heading and what belongs to all of the page; the heading also names the tab of the browser. */
export function Page(props: {
  title: ComponentChildren;
  sub?: ComponentChildren;
  crumbs?: ComponentChildren;
  actions?: ComponentChildren;
  narrow?: boolean;
  children: ComponentChildren;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${heading.current?.textContent ?? ""} – Drayage`;
  });
  return (
    <div class={`page ${props.narrow ? "narrow" : ""}`}>
      <header class="page-head">
        <div class="titles">
          {props.crumbs && (
            <nav class="crumbs" aria-label="Where this is">
              {props.crumbs}
            </nav>
          )}
          <h1 tabIndex={-1} ref={heading}>
            {props.title}
          </h1>
          {props.sub && <div class="soft">{props.sub}</div>}
        </div>
        {props.actions && <div class="row wrap">{props.actions}</div>}
      </header>
      {props.children}
    </div>
  );
}
