// Requests about who is told what.

import { ask, at, get, post } from "./client";
import type { QueryValues } from "../core/router";

export type NotifyEvent =
  | "success"
  | "warning"
  | "failure"
  | "cancelled"
  | "missed"
  | "held"
  | "overdue"
  | "fixed"
  | "started";

export type ChannelKind = "smtp" | "webhook" | "slack" | "ntfy" | "healthchecks" | "alertmanager";

export interface Channel {
  name: string;
  client: string;
  kind: ChannelKind;
  settings: Record<string, string>;
  /** Names of what is sealed and cannot be read back. */
  secrets: string[];
  max_per_hour: number;
  digest_after: number;
  fallback: string;
}

export interface Rule {
  id: number;
  client: string;
  job: string;
  events: NotifyEvent[];
  channel: string;
  recipients: string[];
  must_succeed_every_seconds: number;
  only_changes: boolean;
}

export interface Delivery {
  id: number;
  event: string;
  state: "waiting" | "sending" | "delivered" | "failed" | "collected" | "folded";
  client: string;
  job: string;
  run: number;
  channel: string;
  recipient: string;
  subject: string;
  attempts: number;
  last_error: string;
  digest: number;
  created_at: string | null;
  next_at: string | null;
  ended_at: string | null;
}

export interface ChannelInput {
  name: string;
  client: string;
  kind: ChannelKind;
  settings: Record<string, string>;
  max_per_hour: number;
  digest_after: number;
  fallback: string;
}

export type RuleInput = Omit<Rule, "id">;

const channels = "/notifications/channels";
const rules = "/notifications/rules";
const deliveries = "/notifications/deliveries";

export const listChannels = (client: string, signal?: AbortSignal) =>
  get<{ channels: Channel[] }>(channels, { client }, signal).then((answer) => answer.channels);

export const saveChannel = (channel: ChannelInput, isNew: boolean) =>
  isNew
    ? post<Channel>(channels, channel)
    : ask<Channel>("PATCH", channels + at(channel.name), {
        body: {
          settings: channel.settings,
          max_per_hour: channel.max_per_hour,
          digest_after: channel.digest_after,
          fallback: channel.fallback,
        },
      }).then((answer) => answer.body);

export const removeChannel = (name: string) => ask("DELETE", channels + at(name));

export const testChannel = (name: string, recipient: string) =>
  post<{ ok: boolean; error: string; duration_ms: number }>(`${channels}${at(name)}/test`, {
    ...(recipient ? { recipient } : {}),
  });

export const listRules = (query: QueryValues, signal?: AbortSignal) =>
  get<{ rules: Rule[] }>(rules, query, signal).then((answer) => answer.rules);

export const saveRule = (rule: RuleInput, id: number) =>
  id
    ? ask<Rule>("PATCH", rules + at(id), { body: rule }).then((answer) => answer.body)
    : post<Rule>(rules, rule);

export const removeRule = (id: number) => ask("DELETE", rules + at(id));

export const listDeliveries = (query: QueryValues, signal?: AbortSignal) =>
  get<{ deliveries: Delivery[]; next_cursor: string | null }>(deliveries, query, signal);

export const retryDeliveries = (body: { ids?: number[]; channel?: string }) =>
  post<{ retried: number }>(`${deliveries}/retry`, body);
