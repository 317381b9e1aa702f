// What people and tokens may do, and whom they may see.

import { get } from "../../api/client";
import type { ClientList, Scope } from "../../api/contract";
import { useQuery } from "../../state/query";

export const scopes: [Scope, string][] = [
  ["read", "read: sees everything"],
  ["operate", "operate: also starts, stops and edits jobs"],
  ["admin", "admin: also remotes, settings and people"],
];

/** Names for a choice; "" stands for all. */
export function useClients() {
  const clients = useQuery("clients", (signal) => get<ClientList>("/clients", {}, signal));
  return [
    ["", "All clients"],
    ...(clients.data?.clients ?? []).map((one): [string, string] => [one.name, one.name]),
  ] as [string, string][];
}
