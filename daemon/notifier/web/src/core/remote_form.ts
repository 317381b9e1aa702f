// From what a person entered to the settings of a remote, and forms made of rclone's own description of
// its options. Pure; no value ever gets into a problem.

import type { BackendOption, HostKeysAnswer } from "../api/contract";
import type { RemoteField, RemoteType } from "./remote_types";

export type Values = Record<string, string>;

export function initialValues(fields: RemoteField[]): Values {
  const values: Values = {};
  for (const field of fields) if (field.initial) values[field.name] = field.initial;
  return values;
}

/** `kept`: the remote exists, and secrets that are not entered again stay as they are. */
export function remoteProblems(fields: RemoteField[], values: Values, kept: boolean): Values {
  const problems: Values = {};
  const there = (field: RemoteField) => (values[field.name] ?? "").trim() !== "";
  for (const field of fields) {
    if (field.kind === "number" && there(field) && !isPort(values[field.name] ?? ""))
      problems[field.name] = "A number from 1 to 65535";
    if (kept) continue;
    if (field.required && !there(field)) problems[field.name] = "Is missing";
    if (field.oneOf && !fields.some((other) => other.oneOf === field.oneOf && there(other)))
      problems[field.name] = `Enter ${field.oneOf}`;
  }
  return problems;
}

const isPort = (text: string): boolean =>
  /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535;

/** rclone wants a private key in one line. */
const keyLine = (text: string): string => text.trim().replace(/\r?\n/g, "\\n");

/** rclone's settings: empty values are left out, fixed ones added. */
export function toSettings(type: RemoteType, values: Values): Values {
  const settings: Values = { ...type.fixed };
  const byName = new Map(type.fields.map((field) => [field.name, field]));
  for (const [name, value] of Object.entries(values)) {
    if (value === "") continue;
    const field = byName.get(name);
    settings[name] =
      field?.kind === "key" && name === "key_pem"
        ? keyLine(value)
        : field?.kind
          ? value
          : value.trim();
  }
  return settings;
}

/** What a change sets and takes away. Here rclone's own words count: of FTP's encryption it has two. */
export function toPatch(type: RemoteType, values: Values): { set: Values; unset: string[] } {
  const { tls, ...set } = toSettings({ ...type, fixed: {} }, values);
  if (type.backend !== "ftp" || tls === undefined)
    return { set: tls === undefined ? set : { ...set, tls }, unset: [] };
  if (tls === "implicit") return { set: { ...set, tls: "true" }, unset: ["explicit_tls"] };
  if (tls === "explicit") return { set: { ...set, explicit_tls: "true" }, unset: ["tls"] };
  return { set, unset: ["tls", "explicit_tls"] };
}

/** "settings: sftp: port: must be a number" of the server, line by line, put to the fields of the form. */
export function fieldProblems(fields: RemoteField[], detail: string): Values {
  const names = new Set(fields.map((field) => field.name));
  const problems: Values = {};
  for (const line of detail.split("\n")) {
    const words = line.split(": ");
    const at = words.findIndex((word) => names.has(word.trim()));
    const name = words[at]?.trim();
    if (name) problems[name] ??= words.slice(at + 1).join(": ");
  }
  return problems;
}

/** Pins the keys that a person has confirmed. */
export function withHostKeys(settings: Values, answer: HostKeysAnswer): Values {
  const pinned = answer.keys.map((key) => `${key.type} ${key.blob}`).join(", ");
  const words = answer.keys.flatMap((key) =>
    key.type === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"] : [key.type],
  );
  return {
    ...settings,
    dray_host_keys: pinned,
    ...(answer.selectable && words.length ? { host_key_algorithms: words.join(" ") } : {}),
  };
}

// ── rclone's own types ──────────────────────────────────────────────────────────────────────────

/** Is the option there with the value of `provider` that is chosen? "!AWS,Other" excludes. */
export function fitsProvider(option: BackendOption, provider: string): boolean {
  if (!option.provider) return true;
  const negated = option.provider.startsWith("!");
  const names = option.provider.replace(/^!/, "").split(",");
  return names.includes(provider) !== negated;
}

const kinds: Record<string, RemoteField["kind"]> = { bool: "boolean", int: "text" };

const firstSentence = (help: string): string => (help.split("\n")[0] ?? "").trim();

export function fieldOf(option: BackendOption): RemoteField {
  const examples = option.examples.filter((example) => example.value !== "");
  const strict = examples.length > 0 && option.name === "provider";
  return {
    name: option.name,
    label: option.name.replaceAll("_", " "),
    kind: option.password || option.secret ? "secret" : (kinds[option.type] ?? "text"),
    help: firstSentence(option.help),
    required: option.required,
    placeholder: option.default,
    more: option.advanced,
    ...(strict
      ? {
          choices: [
            ["", "Choose"] as [string, string],
            ...examples.map((one): [string, string] => [one.value, one.help || one.value]),
          ],
        }
      : {}),
  };
}

export const fieldsOf = (options: BackendOption[], provider: string): RemoteField[] =>
  options.filter((option) => !option.refused && fitsProvider(option, provider)).map(fieldOf);

export const suggestionsOf = (option: BackendOption | undefined): string[] =>
  (option?.examples ?? []).map((example) => example.value).filter(Boolean);
