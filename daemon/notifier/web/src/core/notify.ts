// Channels and events as people see them. Pure.

import type { ChannelKind, NotifyEvent } from "../api/contract";
import type { RemoteField } from "./remote_types";

export const notifyEvents: [NotifyEvent, string][] = [
  ["failure", "Failed, after the last attempt"],
  ["warning", "Warnings"],
  ["success", "Succeeded"],
  ["fixed", "Good again after failures"],
  ["held", "Held for approval"],
  ["missed", "Missed"],
  ["overdue", "No good run for too long"],
  ["cancelled", "Cancelled"],
  ["started", "Started"],
];

export const eventLabel = (event: string): string =>
  notifyEvents.find(([name]) => name === event)?.[1] ?? event;

export interface ChannelLook {
  title: string;
  text: string;
  mail: boolean;
  fields: RemoteField[];
}

const timeout: RemoteField = {
  name: "timeout",
  label: "Longest wait",
  placeholder: "60s",
  more: true,
};
const authority: RemoteField = {
  name: "ca",
  label: "Certificate authority",
  kind: "key",
  help: "In PEM form, when the other side's certificate is signed by your own",
  more: true,
};
const address = (help: string, secret = false): RemoteField => ({
  name: "url",
  label: "Address",
  kind: secret ? "secret" : "text",
  help,
  required: true,
});
const authorization: RemoteField = {
  name: "authorization",
  label: "Authorization header",
  kind: "secret",
  help: "Like: Bearer ...",
  more: true,
};

export const channelLooks: Record<ChannelKind, ChannelLook> = {
  smtp: {
    title: "Mail",
    text: "Through your mail server",
    mail: true,
    fields: [
      { name: "host", label: "Mail server", required: true },
      {
        name: "security",
        label: "Encryption",
        initial: "starttls",
        choices: [
          ["starttls", "STARTTLS (usual)"],
          ["tls", "TLS"],
          ["none", "None: a server on the same machine"],
        ],
      },
      {
        name: "port",
        label: "Port",
        kind: "number",
        help: "Usual: 587, 465 with TLS, 25 with none",
      },
      { name: "from", label: "Sender", placeholder: "backup@example.org", required: true },
      { name: "user", label: "Login" },
      { name: "password", label: "Password", kind: "secret" },
      timeout,
      authority,
    ],
  },
  slack: {
    title: "Slack or Mattermost",
    text: "An incoming webhook",
    mail: false,
    fields: [address("The webhook that Slack or Mattermost shows", true), timeout, authority],
  },
  ntfy: {
    title: "ntfy",
    text: "Push messages to phones",
    mail: false,
    fields: [
      address("Server with topic, like https://ntfy.sh/my-topic"),
      { name: "token", label: "Access token", kind: "secret" },
      timeout,
      authority,
    ],
  },
  webhook: {
    title: "Webhook",
    text: "Signed JSON to a program of yours",
    mail: false,
    fields: [
      address("Takes a POST of JSON"),
      {
        name: "secret",
        label: "Signing key",
        kind: "secret",
        help: "For HMAC-SHA-256",
        required: true,
      },
      authorization,
      timeout,
      authority,
    ],
  },
  healthchecks: {
    title: "healthchecks",
    text: "Pings a dead man's switch",
    mail: false,
    fields: [address("Ping address of the check", true), timeout, authority],
  },
  alertmanager: {
    title: "Alertmanager",
    text: "Alerts for Prometheus",
    mail: false,
    fields: [
      address("Of the Alertmanager, without /api/v2/alerts"),
      authorization,
      timeout,
      authority,
    ],
  },
};

const mail = /^[^\s@<>]+@[^\s@<>]+$/;

export function splitRecipients(text: string): string[] {
  return text.split(/[\s,;]+/).filter(Boolean);
}

export function recipientsProblem(recipients: string[], isMail: boolean): string {
  if (!isMail) return "";
  if (!recipients.length) return "Write at least one address";
  const wrong = recipients.find((one) => !mail.test(one));
  return wrong ? "One of them is not a mail address" : "";
}
