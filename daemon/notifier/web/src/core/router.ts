// Addresses of pages. They stand behind the '#': no path of the server is needed for them, and what
// is secret in a one-time link reaches neither server logs nor other sites. Pure.

export interface Route {
  /** "runs", "12", ...; decoded. */
  parts: string[];
  query: Record<string, string>;
}

export function parseHash(hash: string): Route {
  const text = hash.replace(/^#\/?/, "");
  const cut = text.indexOf("?");
  const path = cut < 0 ? text : text.slice(0, cut);
  const query: Record<string, string> = {};
  if (cut >= 0)
    new URLSearchParams(text.slice(cut + 1)).forEach((value, key) => {
      query[key] = value;
    });
  return { parts: path.split("/").filter(Boolean).map(decode), query };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export type QueryValues = Record<string, string | number | boolean | null | undefined>;

/** "#/runs/12?tab=log"; empty values are left out. */
export function href(parts: (string | number)[], query: QueryValues = {}): string {
  const words = queryText(query);
  return `#/${parts.map((part) => encodeURIComponent(String(part))).join("/")}${words ? `?${words}` : ""}`;
}

export function queryText(query: QueryValues): string {
  const words = new URLSearchParams();
  for (const [key, value] of Object.entries(query))
    if (value !== undefined && value !== null && value !== "" && value !== false)
      words.set(key, String(value));
  return words.toString();
}

/**
 * One-time links are "/setup#TOKEN" and "/login#TOKEN", so that no server on the way writes the token
 * down; the same as an address of the page.
 */
export function ofOneTimeLink(pathname: string, hash: string): string | null {
  const match = /\/(setup|login)\/?$/.exec(pathname);
  if (!match?.[1]) return null;
  const token = hash.replace(/^#/, "");
  return href([match[1]], token && !token.startsWith("/") ? { token: decode(token) } : {});
}
