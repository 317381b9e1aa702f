// A client to choose, for those who see more than one.

import { get } from "../api/client";
import type { ClientList } from "../api/contract";
import { isProvider } from "../state/session";
import { useQuery } from "../state/query";
import { Select } from "./form";

export function ClientSelect(props: {
  value: string;
  onInput: (client: string) => void;
  label?: string;
  help?: string;
  problem?: string;
  /** "" is a choice too, and stands for all of them. */
  all?: boolean;
}) {
  const clients = useQuery(isProvider.value ? "clients" : null, (signal) =>
    get<ClientList>("/clients", {}, signal),
  );
  if (!isProvider.value) return null;
  const names = clients.data?.clients.map((one) => one.name) ?? [props.value].filter(Boolean);
  return (
    <Select
      label={props.label ?? "Client"}
      help={props.help}
      problem={props.problem}
      value={props.value}
      options={[
        ...(props.all ? [["", "All clients"] as [string, string]] : []),
        ...names.map((name): [string, string] => [name, name]),
      ]}
      onInput={props.onInput}
    />
  );
}
