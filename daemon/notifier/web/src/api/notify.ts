// Requests about who is told what.

import { ask, at, get, post } from "./client";
import type {
  EventView,
  ChannelInput,
  ChannelList,
  DeliveryList,
  DeliveryRetryAnswer,
  DeliveryRetryInput,
  NotifyChannel,
  NotifyRule,
  RuleInput,
  RuleList,
  TestAnswer,
} from "./contract";
import type { QueryValues } from "../core/router";

/** Of queries: channels or rules have changed. */
export const notifyChanges = {
  changedBy: (event: EventView): boolean => event.kind === "notify.changed",
};

const channels = "/notifications/channels";
const rules = "/notifications/rules";
const deliveries = "/notifications/deliveries";

export const listChannels = (client: string, signal?: AbortSignal) =>
  get<ChannelList>(channels, { client }, signal).then((answer) => answer.channels);

export const saveChannel = (channel: ChannelInput, isNew: boolean) =>
  isNew
    ? post<NotifyChannel>(channels, channel)
    : ask<NotifyChannel>("PATCH", channels + at(channel.name), {
        body: {
          settings: channel.settings,
          max_per_hour: channel.max_per_hour,
          digest_after: channel.digest_after,
          fallback: channel.fallback,
        },
      }).then((answer) => answer.body);

export const removeChannel = (name: string) => ask("DELETE", channels + at(name));

export const testChannel = (name: string, recipient: string) =>
  post<TestAnswer>(`${channels}${at(name)}/test`, {
    ...(recipient ? { recipient } : {}),
  });

export const listRules = (query: QueryValues, signal?: AbortSignal) =>
  get<RuleList>(rules, query, signal).then((answer) => answer.rules);

export const saveRule = (rule: RuleInput, id: number) =>
  id
    ? ask<NotifyRule>("PATCH", rules + at(id), { body: rule }).then((answer) => answer.body)
    : post<NotifyRule>(rules, rule);

export const removeRule = (id: number) => ask("DELETE", rules + at(id));

export const listDeliveries = (query: QueryValues, signal?: AbortSignal) =>
  get<DeliveryList>(deliveries, query, signal);

export const retryDeliveries = (body: DeliveryRetryInput) =>
  post<DeliveryRetryAnswer>(`${deliveries}/retry`, body);
