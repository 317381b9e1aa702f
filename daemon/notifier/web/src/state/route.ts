// The address of the page that is shown, and the clock that its relative times follow.

import { signal } from "@preact/signals";
import { href, ofOneTimeLink, parseHash, type QueryValues, type Route } from "../core/router";

const linked = ofOneTimeLink(location.pathname, location.hash);
if (linked) history.replaceState(null, "", `./${linked}`);

export const route = signal<Route>(parseHash(location.hash));

window.addEventListener("hashchange", () => {
  route.value = parseHash(location.hash);
});

export function go(parts: (string | number)[], query: QueryValues = {}): void {
  location.hash = href(parts, query);
}

/** Other words behind the '?', without a step in the history: for filters. */
export function replaceQuery(query: QueryValues): void {
  history.replaceState(null, "", href(route.value.parts, query));
  route.value = parseHash(location.hash);
}

/** Milliseconds; moves every few seconds. */
export const now = signal(Date.now());
window.setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, 5000);
