// Which address shows which page.

import type { ComponentChildren } from "preact";
import { isProvider } from "../state/session";
import { Approvals } from "./approvals";
import { Job } from "./jobs/job";
import { Jobs } from "./jobs/jobs";
import { Notifications } from "./notifications";
import { Access } from "./operator/access";
import { Audit } from "./operator/audit";
import { Bandwidth } from "./operator/bandwidth";
import { Clients } from "./operator/clients";
import { Deliveries } from "./operator/deliveries";
import { Health } from "./operator/health";
import { Workers } from "./operator/workers";
import { Overview } from "./overview";
import { Remotes } from "./remotes";
import { Restore } from "./restore/restore";
import { RestoreJob } from "./restore/restore_job";
import { Run } from "./runs/run";
import { Runs } from "./runs/runs";
import { Settings } from "./settings";
import { Upload } from "./upload";
import { Wizard } from "./wizard/wizard";

interface Row {
  /** ":" stands for any word. */
  path: string;
  page: (words: string[]) => ComponentChildren;
  provider?: boolean;
}

const table: Row[] = [
  { path: "", page: () => <Overview /> },
  // Links of setup and login lead here once they have done their work.
  { path: "setup", page: () => <Overview /> },
  { path: "login", page: () => <Overview /> },
  { path: "jobs", page: () => <Jobs /> },
  { path: "jobs/new", page: () => <Wizard key="new" /> },
  { path: "jobs/:", page: ([job = ""]) => <Job key={job} name={job} /> },
  { path: "jobs/:/edit", page: ([job = ""]) => <Wizard key={job} edit={job} /> },
  { path: "runs", page: () => <Runs /> },
  {
    path: "runs/:",
    page: ([run = ""]) => (/^\d+$/.test(run) ? <Run key={run} run={Number(run)} /> : null),
  },
  { path: "approvals", page: () => <Approvals /> },
  { path: "restore", page: () => <Restore /> },
  { path: "restore/:", page: ([job = ""]) => <RestoreJob key={job} job={job} /> },
  { path: "upload", page: () => <Upload /> },
  { path: "remotes", page: () => <Remotes /> },
  { path: "notifications", page: () => <Notifications /> },
  { path: "settings", page: () => <Settings /> },
  { path: "bandwidth", page: () => <Bandwidth />, provider: true },
  { path: "workers", page: () => <Workers />, provider: true },
  { path: "clients", page: () => <Clients />, provider: true },
  { path: "users", page: () => <Access />, provider: true },
  { path: "deliveries", page: () => <Deliveries /> },
  { path: "audit", page: () => <Audit />, provider: true },
  { path: "health", page: () => <Health />, provider: true },
];

/** null: there is no such page, or not for this person. */
export function pageOf(parts: string[]): ComponentChildren {
  for (const row of table) {
    const words = row.path === "" ? [] : row.path.split("/");
    if (words.length !== parts.length || (row.provider && !isProvider.value)) continue;
    if (!words.every((word, i) => word === ":" || word === parts[i])) continue;
    return row.page(parts.filter((_, i) => words[i] === ":"));
  }
  return null;
}
