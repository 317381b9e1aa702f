// What differs between two states of something, field by field. Pure.

export interface Difference {
  path: string;
  /** null: it was not there. */
  before: string | null;
  after: string | null;
}

function leaves(value: unknown, path: string, into: Map<string, string>): void {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    for (const [name, inner] of Object.entries(value))
      leaves(inner, path ? `${path}.${name}` : name, into);
    return;
  }
  if (value === undefined || (value === null && path === "")) return;
  into.set(path, typeof value === "string" ? value : JSON.stringify(value));
}

export function differences(before: unknown, after: unknown): Difference[] {
  const was = new Map<string, string>();
  const is = new Map<string, string>();
  leaves(before, "", was);
  leaves(after, "", is);
  const paths = new Set([...was.keys(), ...is.keys()]);
  return [...paths]
    .filter((path) => was.get(path) !== is.get(path))
    .map((path) => ({ path, before: was.get(path) ?? null, after: is.get(path) ?? null }));
}
