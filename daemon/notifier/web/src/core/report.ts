// What an attempt found out beyond its outcome (schemas/report.h), read with care: it comes as free JSON.
// Pure.

export interface ReportStep {
  name: string;
  outcome: string;
  duration_ms: number;
  note: string;
  output: string;
}

export interface ReportValidation {
  mode: string;
  tool: string;
  grade: string;
  compared: number;
  not_comparable: number;
  differences: number;
  missing: number;
  unreadable: number;
  source_changed: number;
  excerpt: string;
}

export interface ReportGuard {
  held: boolean;
  reason: string;
  known_files: number;
  source_files: number;
  deletes: number;
  overwrites: number;
  creates: number;
}

export interface ReportReceipt {
  name: string;
  path: string;
  size: number;
  sha256: string;
}

export interface Report {
  steps: ReportStep[];
  guard: ReportGuard | null;
  validation: ReportValidation | null;
  receipt: ReportReceipt | null;
  failing_paths: string[];
  sandbox: string;
}

type Fields = Record<string, unknown>;

const fieldsOf = (value: unknown): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const text = (value: unknown): string => (typeof value === "string" ? value : "");
const count = (value: unknown): number => (typeof value === "number" ? value : 0);

/** Fills every field of `shape` with what stands under its name, of the same type. */
function like<T extends object>(shape: T, value: unknown): T {
  const fields = fieldsOf(value);
  const made: Fields = {};
  for (const [name, sample] of Object.entries(shape))
    made[name] =
      typeof sample === "string"
        ? text(fields[name])
        : typeof sample === "number"
          ? count(fields[name])
          : fields[name] === true;
  return made as T;
}

const step: ReportStep = { name: "", outcome: "", duration_ms: 0, note: "", output: "" };
const receipt: ReportReceipt = { name: "", path: "", size: 0, sha256: "" };
const guard: ReportGuard = {
  held: false,
  reason: "",
  known_files: 0,
  source_files: 0,
  deletes: 0,
  overwrites: 0,
  creates: 0,
};
const validation: ReportValidation = {
  mode: "",
  tool: "",
  grade: "",
  compared: 0,
  not_comparable: 0,
  differences: 0,
  missing: 0,
  unreadable: 0,
  source_changed: 0,
  excerpt: "",
};

const first = <T extends object>(shape: T, value: unknown): T | null => {
  const items = list(value);
  return items.length ? like(shape, items[0]) : null;
};

export function readReport(value: unknown): Report {
  const fields = fieldsOf(value);
  return {
    steps: list(fields.steps).map((item) => like(step, item)),
    guard: first(guard, fields.guard),
    validation: first(validation, fields.validation),
    receipt: first(receipt, fields.receipt),
    failing_paths: list(fields.failing_paths).map(text).filter(Boolean),
    sandbox: text(fields.sandbox),
  };
}
