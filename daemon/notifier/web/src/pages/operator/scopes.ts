// What people and tokens may do, for a choice.

import type { Scope } from "../../api/contract";

export const scopes: [Scope, string][] = [
  ["read", "read: sees everything"],
  ["operate", "operate: also starts, stops and edits jobs"],
  ["admin", "admin: also remotes, settings and people"],
];
