// Made by tools/contract.mjs from schemas/openapi.yaml; do not edit.
/** RFC 3339; null where it did not happen (yet) */
export type Time = string | null;

/** "remote:path"; empty where there is none */
export type Place = string;

/** "mon,tue"; empty where none */
export type Weekdays = string;

export type Scope = "read" | "operate" | "admin";

/** For the next page; null on the last one */
export type Cursor = string | null;

/** RFC 9457 */
export type Problem = {
  /** about:blank: `code` says which problem it is */
  type: string;
  title: string;
  status: number;
  detail: string;
  code:
    | "invalid"
    | "not_found"
    | "conflict"
    | "denied"
    | "timeout"
    | "unavailable"
    | "exhausted"
    | "io"
    | "corrupt"
    | "bug"
    | "unauthenticated"
    | "csrf"
    | "rate_limited"
    | "too_large"
    | "method_not_allowed"
    | "precondition_failed"
    | "unsupported_media_type"
    | "misdirected"
    | "header_too_large"
    | "uri_too_long"
    | "request_timeout";
  /** What to do about it */
  hint?: string;
  /** Of the body or query, like "options.transfers" */
  field?: string;
  /** The same as in the log */
  request_id?: string;
  /** The run in the way */
  run?: number;
};

export type VersionInfo = {
  program: string;
  version: string;
  api: string;
  /** There is no user yet */
  setup_needed: boolean;
};

export type SetupInput = {
  token: string;
  name: string;
  password: string;
};

/** Either name and password, or token */
export type LoginInput = {
  name?: string;
  password?: string;
  token?: string;
};

export type Identity = {
  kind: "user" | "token";
  name: string;
  scope: Scope;
  /** Sees only this client; empty: all */
  client: string;
  expires_at: Time;
  /** Of a session: to be sent as X-Dray-Csrf with every change; else empty */
  csrf: string;
};

export type PasswordInput = {
  old_password: string;
  new_password: string;
};

export type User = {
  name: string;
  scope: Scope;
  /** Empty: all */
  client: string;
  enabled: boolean;
  created_at: Time;
  last_login_at: Time;
  last_address: string;
};

export type UserInput = {
  name: string;
  scope: Scope;
  client?: string;
  password: string;
};

export type UserPatch = {
  scope?: Scope;
  client?: string;
  enabled?: boolean;
  password?: string;
};

export type UserList = {
  users: User[];
};

export type Token = {
  /** The part of the token that is no secret */
  id: string;
  name: string;
  scope: Scope;
  /** Empty: all */
  client: string;
  created_at: Time;
  created_by: string;
  expires_at: Time;
  last_used_at: Time;
  last_address: string;
};

export type TokenInput = {
  name: string;
  scope: Scope;
  client?: string;
  expires_at?: Time;
};

export type TokenCreated = {
  token: Token;
  /** The token itself, shown this once */
  secret: string;
};

export type TokenList = {
  tokens: Token[];
};

export type AuditPage = {
  entries: AuditEntry[];
  next_cursor: Cursor;
};

export type ClientList = {
  clients: ClientView[];
};

export type ClientPatch = {
  weight?: number;
  max_concurrent_jobs?: number;
  max_bandwidth_kbps?: number;
};

export type PauseInput = {
  reason?: string;
  /** Also stop what runs now; it goes on later */
  stop?: boolean;
};

export type RemoteList = {
  remotes: RemoteView[];
};

export type RemoteInput = {
  name: string;
  client?: string;
  /** A kind of `GET /remote-types` */
  type: string;
  /** Runs at once on this account; 0: no cap */
  max_concurrent?: number;
  /** Options of `GET /remote-types/{type}`; passwords in clear */
  settings: Record<string, string>;
};

export type RemotePatch = {
  max_concurrent?: number;
  set?: Record<string, string>;
  unset?: string[];
};

export type JobPage = {
  jobs: JobView[];
  next_cursor: Cursor;
};

export type SchedulePreviewInput = {
  schedule: ScheduleInput;
  count?: number;
  from?: Time;
};

export type RunInput = {
  dry_run?: boolean;
  priority?: number;
};

export type RetryInput = {
  priority?: number;
};

export type RunAccepted = {
  run: number;
};

export type RunPage = {
  runs: RunView[];
  next_cursor: Cursor;
};

export type QueuePage = {
  paused: boolean;
  reason: string;
  runs: RunView[];
  next_cursor: Cursor;
};

export type ReasonInput = {
  reason?: string;
};

export type RunsInput = {
  runs: number[];
};

export type RunsPauseInput = {
  runs: number[];
  reason?: string;
};

export type PriorityInput = {
  priority: number;
};

/** Exactly one of runs, job, client and all */
export type CancelInput = {
  runs?: number[];
  job?: string;
  client?: string;
  all?: boolean;
  reason?: string;
};

export type CancelRowAnswer = {
  run: number;
  /** "": the request is durable; else why not, as in Problem */
  code: string;
  state: RunState;
  message: string;
};

export type CancelAnswer = {
  runs: CancelRowAnswer[];
};

export type RunStateAnswer = {
  run: number;
  state: RunState;
};

export type LogPiece = {
  run: number;
  attempt: number;
  offset: number;
  /** Where the next piece begins */
  next_offset: number;
  /** So far */
  total_bytes: number;
  /** Nothing follows total_bytes */
  ended: boolean;
  lines: string[];
};

export type VersionList = {
  versions: VersionView[];
};

export type RestoreInput = {
  /** "remote:path" */
  destination: string;
  /** A glob over paths; empty: everything */
  pattern?: string;
};

/** The fields come before the file */
export type UploadInput = {
  client?: string;
  /** Of kind upload; default: the one of the client */
  job?: string;
  /** Default: the name of the file */
  name?: string;
  /** Bytes, when they are known */
  size?: number;
  file: Blob;
};

export type UploadAccepted = {
  run: number;
  job: string;
  name: string;
  bytes: number;
  /** Of what arrived */
  sha256: string;
};

export type ReceiptPage = {
  receipts: ReceiptView[];
  next_cursor: Cursor;
};

/** Of everybody, or of the client or job */
export type BandwidthInput = {
  client?: string;
  job?: string;
  /** 0: no cap */
  kbps?: number;
  table?: BandwidthTableInput;
};

export type WorkerShow = {
  worker: WorkerView;
  machine: WorkerExamination | null;
};

export type SettingInput = {
  value: unknown;
};

export type BackupInput = {
  path: string;
};

/** One text frame of the WebSocket, or the data of a Server-Sent Event, whose name is `type`. A stream begins with `snapshot`, and events follow with neither gaps nor doubles; the status may know some of them already. Progress is a picture, of which only the newest of a run is kept for a slow reader. `resync`: the journal no longer holds what would follow; what is shown must be loaded anew. A heartbeat comes every ten seconds. */
export type LiveMessage = {
  type: "snapshot" | "event" | "progress" | "heartbeat" | "resync" | "error" | "pong";
  /** Events behind it follow, and all up to it were told: where to resume */
  sequence?: number;
  event?: EventView;
  status?: StatusAnswer;
  /** Of progress */
  run?: number;
  job?: string;
  client?: string;
  state?: RunState;
  progress?: Progress;
  problem?: Problem;
};

export type JobPatch = {
  kind?: JobKind;
  source?: Place;
  destination?: Place;
  schedule?: ScheduleInput;
  enabled?: boolean;
  priority?: number;
  misfire?: MisfirePolicy;
  misfire_max?: number;
  overlap?: OverlapPolicy;
  max_concurrent?: number;
  bandwidth_kbps?: number;
  retry?: RetryPolicyInput;
  options?: TransferOptionsInput;
  layout?: Layout;
  versions_path?: string;
  encryption?: boolean;
  retention?: RetentionPolicyInput;
  restore_drill?: DrillPeriod;
  validation?: ValidationPolicyInput;
  guard?: GuardPolicyInput;
  bandwidth_table?: BandwidthTableInput;
  bandwidth_weight?: number;
  limits?: RunLimitsInput;
  before?: HookCallInput[];
  after?: HookCallInput[];
  command?: CommandCallInput;
  archive?: ArchiveOptionsInput;
  sandbox?: Sandbox;
};

export type SchedulerView = {
  version: string;
  epoch: number;
  now: Time;
  started_at: Time;
  accepting: boolean;
  problem: string;
  queue_paused: boolean;
  queue_paused_reason: string;
  database_bytes: number;
};

export type RunState =
  | "queued"
  | "assigned"
  | "starting"
  | "running"
  | "validating"
  | "finishing"
  | "retry_wait"
  | "held"
  | "paused"
  | "cancelling"
  | "succeeded"
  | "warning"
  | "failed"
  | "cancelled"
  | "skipped"
  | "missed";

export type Outcome =
  "none" | "succeeded" | "nothing_to_do" | "warning" | "failed" | "cancelled" | "killed" | "held";

export type ErrorClass =
  | "none"
  | "auth"
  | "config"
  | "usage"
  | "not_found"
  | "permission"
  | "network"
  | "quota"
  | "storage_full"
  | "source_changed"
  | "integrity"
  | "guard"
  | "limit"
  | "resources"
  | "crash"
  | "unknown";

export type Phase =
  | "queued"
  | "preparing"
  | "listing"
  | "transferring"
  | "deleting"
  | "done"
  | "checking"
  | "hooks"
  | "validating"
  | "recording"
  | "cleaning";

export type CurrentFile = {
  name: string;
  bytes: number;
  size: number;
  percent: number;
};

export type Progress = {
  phase: Phase;
  percent: number;
  bytes_done: number;
  bytes_total: number;
  files_done: number;
  files_total: number;
  checks_done: number;
  checks_total: number;
  deletes: number;
  errors: number;
  bytes_per_second: number;
  eta_seconds: number;
  totals_are_lower_bounds: boolean;
  elapsed_ms: number;
  files: CurrentFile[];
  stage: string;
};

export type Grade = "none" | "failed" | "partial" | "size" | "sampled" | "hash";

export type RunView = {
  run: number;
  job: string;
  client: string;
  trigger: string;
  scheduled_at: Time;
  queued_at: Time;
  state: RunState;
  priority: number;
  dry_run: boolean;
  attempt: number;
  worker: string;
  retry_at: Time;
  cancel_requested: boolean;
  cancel_reason: string;
  cancel_by: string;
  asked_by: string;
  reason: string;
  outcome: Outcome;
  error_class: ErrorClass;
  hint: string;
  started_at: Time;
  ended_at: Time;
  /** When somebody was told of its end */
  notified_at: Time;
  bytes: number;
  files: number;
  checks: number;
  deletes: number;
  errors: number;
  bandwidth_bytes_per_second: number;
  pause_requested: boolean;
  rerun_of: number;
  progress: Progress | null;
  grade: Grade;
};

export type DueView = {
  job: string;
  client: string;
  at: Time;
};

export type StatusAnswer = {
  scheduler: SchedulerView;
  counts: Record<string, number>;
  running: RunView[];
  queued: RunView[];
  failing: RunView[];
  next: DueView[];
};

export type ClientView = {
  id: number;
  name: string;
  weight: number;
  max_concurrent_jobs: number;
  max_bandwidth_kbps: number;
  jobs: number;
};

export type RemoteView = {
  id: number;
  name: string;
  client: string;
  type: string;
  version: number;
  refers_to: string[];
  max_concurrent: number;
  sealed_for: string;
  updated_at: Time;
  login_at: Time;
};

export type JobKind =
  "sync" | "copy" | "move" | "archive" | "check" | "restore" | "prune" | "upload" | "command";

export type ScheduleKind = "manual" | "daily" | "weekly" | "cron" | "every";

export type Schedule = {
  kind: ScheduleKind;
  at: string;
  weekdays: Weekdays;
  cron: string;
  every_seconds: number;
  time_zone: string;
};

export type MisfirePolicy = "run_once" | "skip" | "run_all";

export type OverlapPolicy = "skip" | "queue_one" | "cancel_previous" | "allow";

export type RetryPolicy = {
  max_attempts: number;
  backoff_seconds: number;
  backoff_max_seconds: number;
};

export type TransferOptions = {
  filters: string[];
  transfers: number;
  checkers: number;
  max_delete: number;
  file_log: boolean;
  stall_seconds: number;
  flags: string[];
};

export type Layout = "versioned" | "mirror";

export type RetentionPolicy = {
  keep_last_n: number;
  keep_days: number;
  floor: number;
};

export type DrillPeriod = "never" | "daily" | "weekly" | "monthly";

export type ValidationMode = "none" | "size" | "hash" | "download" | "sample";

export type FailureAction = "fail" | "warn" | "ignore";

export type ValidationPolicy = {
  mode: ValidationMode;
  sample_percent: number;
  on_failure: FailureAction;
};

export type GuardPolicy = {
  empty_source: boolean;
  max_delete_percent: number;
  min_overwrites: number;
  learn: boolean;
};

export type BandwidthRow = {
  weekdays: Weekdays;
  at: string;
  kbps: number;
};

export type BandwidthTable = {
  time_zone: string;
  rows: BandwidthRow[];
};

export type RunWindow = {
  weekdays: Weekdays;
  from: string;
  to: string;
};

export type RunLimits = {
  max_duration_seconds: number;
  memory_bytes: number;
  /** 100: one processor; 0: the default of the worker */
  cpu_percent: number;
  windows: RunWindow[];
};

export type HookCall = {
  name: string;
  on_failure: FailureAction;
  timeout_seconds: number;
};

export type CommandCall = {
  name: string;
  settings: Record<string, string>;
};

export type ArchiveOptions = {
  level: number;
  volume_bytes: number;
  fetchers: number;
};

export type Sandbox = "worker_default" | "local_process" | "sandboxed_process";

export type JobView = {
  id: number;
  name: string;
  client: string;
  kind: JobKind;
  source: Place;
  destination: Place;
  schedule: Schedule;
  enabled: boolean;
  priority: number;
  misfire: MisfirePolicy;
  misfire_max: number;
  overlap: OverlapPolicy;
  max_concurrent: number;
  bandwidth_kbps: number;
  retry: RetryPolicy;
  options: TransferOptions;
  layout: Layout;
  versions_path: string;
  encryption: boolean;
  retention: RetentionPolicy;
  restore_drill: DrillPeriod;
  validation: ValidationPolicy;
  guard: GuardPolicy;
  bandwidth_table: BandwidthTable;
  bandwidth_weight: number;
  limits: RunLimits;
  before: HookCall[];
  after: HookCall[];
  command: CommandCall;
  archive: ArchiveOptions;
  sandbox: Sandbox;
  created_at: Time;
  updated_at: Time;
  next_due: Time;
  paused: string;
  last_run: RunView | null;
};

export type JobKeyView = {
  created_at: Time;
  exported_at: Time;
  exported_by: string;
};

export type JobShowAnswer = {
  job: JobView;
  next_due: Time;
  last_runs: RunView[];
  key: JobKeyView | null;
};

export type OccurrenceView = {
  at: Time;
  local: string;
  abbreviation: string;
  shifted_by_gap: boolean;
  repeated_hour: boolean;
  dst_day: boolean;
};

export type OccurrencesAnswer = {
  occurrences: OccurrenceView[];
};

export type AttemptView = {
  attempt: number;
  worker: string;
  worker_epoch: number;
  accepted_at: Time;
  ended_at: Time;
  end: string;
  outcome: Outcome;
  error_class: ErrorClass;
  retry: boolean;
  hint: string;
  deciding_line: string;
  bytes: number;
  files: number;
  checks: number;
  deletes: number;
  errors: number;
  exit_code: number;
  signal: number;
  duration_ms: number;
  log_excerpt: string;
  log_bytes: number;
  rclone_version: string;
  report: unknown;
};

export type CancelView = {
  at: Time;
  reason: string;
  asked_by: string;
};

export type EventView = {
  sequence: number;
  at: Time;
  kind: string;
  client: string;
  job: string;
  run: number;
  body: unknown;
};

export type RunShowAnswer = {
  run: RunView;
  attempts: AttemptView[];
  cancel_requests: CancelView[];
  events: EventView[];
};

export type ReasonView = {
  code: string;
  text: string;
  run: number;
};

export type RunWhyAnswer = {
  run: number;
  state: RunState;
  reasons: ReasonView[];
};

export type EventListAnswer = {
  events: EventView[];
  last_sequence: number;
};

export type BandwidthCapView = {
  scope: string;
  name: string;
  cap: number;
  from_table: boolean;
  next_change: Time;
  given: number;
  used: number;
  runs: number;
};

export type BandwidthShareView = {
  run: number;
  job: string;
  client: string;
  worker: string;
  weight: number;
  share: number;
  used: number;
  wants: number | null;
  confirmed: boolean;
  live: boolean;
  limited_by: string;
};

export type BandwidthAnswer = {
  caps: BandwidthCapView[];
  runs: BandwidthShareView[];
};

export type BandwidthSetAnswer = {
  scope: string;
  name: string;
  kbps: number;
  table: BandwidthTable;
};

export type PauseRow = {
  run: number;
  code: number;
  state: RunState;
  message: string;
};

export type PauseAnswer = {
  runs: PauseRow[];
};

export type WorkerView = {
  name: string;
  epoch: number;
  version: string;
  rclone_version: string;
  slots: number;
  busy: number;
  connected: boolean;
  drain: boolean;
  last_seen: Time;
  seal_fingerprint: string;
};

export type WorkerListAnswer = {
  workers: WorkerView[];
};

export type WorkerExamination = {
  sandbox_works: boolean;
  sandbox_problem: string;
  sandbox: Sandbox;
  sandbox_enforced: boolean;
  run_memory: number;
  group_limits: string;
};

export type ProgramView = {
  name: string;
  description: string;
  timeout_seconds: number;
  settings: Record<string, string>;
};

export type ProgramsAnswer = {
  hooks: ProgramView[];
  commands: ProgramView[];
};

export type SettingView = {
  value: unknown;
  default: unknown;
  description: string;
};

export type SettingsAnswer = {
  settings: Record<string, SettingView>;
};

export type AuditEntry = {
  id: number;
  at: Time;
  asked_by: string;
  peer: string;
  /** Of the person; "": on the machine itself */
  address: string;
  verb: string;
  target: string;
  before: unknown;
  after: unknown;
};

export type CheckView = {
  name: string;
  ok: boolean;
  detail: string;
  fix: string;
};

export type SystemCheckAnswer = {
  checks: CheckView[];
};

export type BackupAnswer = {
  bytes: number;
};

export type VersionView = {
  run: number;
  job: string;
  client: string;
  at: Time;
  state: string;
  files: number;
  bytes: number;
  grade: Grade;
  good: boolean;
  pinned: string;
  prune_run: number;
  destination: string;
  manifest: string;
  versions_path: string;
  archive: string;
};

export type DeletionView = {
  at: Time;
  run: number;
  version: number;
  path: string;
  files: number;
  bytes: number;
};

export type VersionAnswer = {
  version: VersionView;
  deletions: DeletionView[];
};

export type RetentionView = {
  run: number;
  at: Time;
  keep: boolean;
  why: string;
  files: number;
  bytes: number;
};

export type RetentionPreviewAnswer = {
  versions: RetentionView[];
};

export type FoundFile = {
  run: number;
  path: string;
  size: number | null;
  mtime: Time;
};

export type VersionFindAnswer = {
  files: FoundFile[];
  truncated: boolean;
};

export type ReceiptView = {
  run: number;
  job: string;
  client: string;
  at: Time;
  name: string;
  path: string;
  size: number;
  crc32: string;
  sha256: string;
};

export type ProbeResult = {
  ok: boolean;
  error_class: ErrorClass;
  hint: string;
  deciding_line: string;
  entries: string[];
  entries_total: number;
  duration_ms: number;
};

export type RemoteSpace = {
  known: boolean;
  total: number | null;
  used: number | null;
  free: number | null;
  trashed: number | null;
  objects: number | null;
};

export type RemoteEntries = {
  entries: string[];
  truncated: boolean;
};

export type ShownHostKey = {
  type: string;
  blob: string;
  fingerprint: string;
};

export type HostKeysAnswer = {
  keys: ShownHostKey[];
  selectable: boolean;
};

export type BackendExample = {
  value: string;
  help: string;
};

export type BackendOption = {
  name: string;
  help: string;
  type: string;
  default: string;
  provider: string;
  required: boolean;
  password: boolean;
  secret: boolean;
  advanced: boolean;
  refused: string;
  examples: BackendExample[];
};

export type RcloneBackend = {
  name: string;
  description: string;
  aliases: string[];
  options: BackendOption[];
  refused: string;
};

export type ProvidersAnswer = {
  rclone_version: string;
  backends: RcloneBackend[];
};

export type ScheduleInput = {
  kind: ScheduleKind;
  at?: string;
  weekdays?: Weekdays;
  cron?: string;
  every_seconds?: number;
  time_zone?: string;
};

export type RetryPolicyInput = {
  max_attempts?: number;
  backoff_seconds?: number;
  backoff_max_seconds?: number;
};

export type TransferOptionsInput = {
  filters?: string[];
  transfers?: number;
  checkers?: number;
  max_delete?: number;
  file_log?: boolean;
  stall_seconds?: number;
  flags?: string[];
};

export type RetentionPolicyInput = {
  keep_last_n?: number;
  keep_days?: number;
  floor?: number;
};

export type ValidationPolicyInput = {
  mode?: ValidationMode;
  sample_percent?: number;
  on_failure?: FailureAction;
};

export type GuardPolicyInput = {
  empty_source?: boolean;
  max_delete_percent?: number;
  min_overwrites?: number;
  learn?: boolean;
};

export type BandwidthRowInput = {
  weekdays?: Weekdays;
  at: string;
  kbps: number;
};

export type BandwidthTableInput = {
  time_zone?: string;
  rows?: BandwidthRowInput[];
};

export type RunWindowInput = {
  weekdays?: Weekdays;
  from: string;
  to: string;
};

export type RunLimitsInput = {
  max_duration_seconds?: number;
  memory_bytes?: number;
  /** 100: one processor; 0: the default of the worker */
  cpu_percent?: number;
  windows?: RunWindowInput[];
};

export type HookCallInput = {
  name: string;
  on_failure?: FailureAction;
  timeout_seconds?: number;
};

export type CommandCallInput = {
  name?: string;
  settings?: Record<string, string>;
};

export type ArchiveOptionsInput = {
  level?: number;
  volume_bytes?: number;
  fetchers?: number;
};

export type JobSpecInput = {
  name: string;
  client?: string;
  kind?: JobKind;
  source?: Place;
  destination?: Place;
  schedule?: ScheduleInput;
  enabled?: boolean;
  priority?: number;
  misfire?: MisfirePolicy;
  misfire_max?: number;
  overlap?: OverlapPolicy;
  max_concurrent?: number;
  bandwidth_kbps?: number;
  retry?: RetryPolicyInput;
  options?: TransferOptionsInput;
  layout?: Layout;
  versions_path?: string;
  encryption?: boolean;
  retention?: RetentionPolicyInput;
  restore_drill?: DrillPeriod;
  validation?: ValidationPolicyInput;
  guard?: GuardPolicyInput;
  bandwidth_table?: BandwidthTableInput;
  bandwidth_weight?: number;
  limits?: RunLimitsInput;
  before?: HookCallInput[];
  after?: HookCallInput[];
  command?: CommandCallInput;
  archive?: ArchiveOptionsInput;
  sandbox?: Sandbox;
};

export type ClientSpecInput = {
  name: string;
  weight?: number;
  max_concurrent_jobs?: number;
  max_bandwidth_kbps?: number;
};

export type NotifyEvent =
  | "success"
  | "warning"
  | "failure"
  | "cancelled"
  | "missed"
  | "held"
  | "overdue"
  | "fixed"
  | "started"
  | "digest"
  | "test";

export type ChannelKind = "smtp" | "webhook" | "slack" | "ntfy" | "healthchecks" | "alertmanager";

export type ChannelKindList = {
  kinds: {
    kind: ChannelKind;
    title: string;
    /** Takes recipients */
    mail: boolean;
    fields: {
      name: string;
      help: string;
      required: boolean;
      secret: boolean;
      /** What holds when it is not given */
      otherwise: string;
    }[];
  }[];
};

export type NotifyChannel = {
  name: string;
  /** Whose rules may use it; "": everybody's */
  client: string;
  kind: ChannelKind;
  settings: Record<string, string>;
  /** Names of those that are stored */
  secrets: string[];
  /** Never shown */
  sealed?: string;
  /** Fingerprint of the notifier's key */
  sealed_for?: string;
  /** Messages; 0: no cap */
  max_per_hour: number;
  /** So many in ten minutes become one digest; 0: never */
  digest_after: number;
  /** Channel that is told what this one could not deliver; "": none */
  fallback: string;
  updated_at: Time;
};

export type ChannelList = {
  channels: NotifyChannel[];
};

export type ChannelInput = {
  name: string;
  client?: string;
  kind: ChannelKind;
  /** Fields of the kind, secret ones among them */
  settings?: Record<string, string>;
  max_per_hour?: number;
  digest_after?: number;
  fallback?: string;
};

export type ChannelPatch = {
  /** Replaces all in clear; secrets stay where none is given */
  settings?: Record<string, string>;
  max_per_hour?: number;
  digest_after?: number;
  fallback?: string;
};

export type TestInput = {
  /** Of a mail channel */
  recipient?: string;
};

export type TestAnswer = {
  ok: boolean;
  error: string;
  duration_ms: number;
};

export type NotifyRule = {
  id: number;
  /** "": the operator's, for all clients */
  client: string;
  /** "": all jobs of the client */
  job: string;
  /** None: these jobs are told of nowhere */
  events: NotifyEvent[];
  channel: string;
  /** Of a mail channel */
  recipients: string[];
  /** When overdue is told; 0: never */
  must_succeed_every_seconds: number;
  /** Of failures in a row only the first */
  only_changes: boolean;
  updated_at: Time;
};

export type RuleList = {
  rules: NotifyRule[];
};

export type RuleInput = {
  client?: string;
  job?: string;
  events: NotifyEvent[];
  channel?: string;
  recipients?: string[];
  must_succeed_every_seconds?: number;
  only_changes?: boolean;
};

export type RulePatch = {
  client?: string;
  job?: string;
  events?: NotifyEvent[];
  channel?: string;
  recipients?: string[];
  must_succeed_every_seconds?: number;
  only_changes?: boolean;
};

export type NotifyTemplate = {
  /** "": the operator's */
  client: string;
  /** "": all events */
  event: string;
  part: "subject" | "text" | "html";
  /** See docs/EMAIL_TEMPLATES.md */
  text: string;
  updated_at: Time;
};

export type TemplateList = {
  templates: NotifyTemplate[];
};

export type TemplateInput = {
  client?: string;
  event?: string;
  part: "subject" | "text" | "html";
  text: string;
};

export type PreviewAnswer = {
  subject: string;
  text: string;
  html: string;
  /** What a webhook gets */
  json: Record<string, unknown>;
};

export type DeliveryState = "waiting" | "sending" | "delivered" | "failed" | "collected" | "folded";

export type DeliveryView = {
  id: number;
  event: NotifyEvent;
  state: DeliveryState;
  client: string;
  job: string;
  /** 0: about none */
  run: number;
  rule: number;
  channel: string;
  recipient: string;
  subject: string;
  message_id: string;
  attempts: number;
  last_error: string;
  /** The delivery that this one became part of; 0: none */
  digest: number;
  created_at: Time;
  next_at: Time;
  ended_at: Time;
};

export type DeliveryList = {
  deliveries: DeliveryView[];
  next_cursor: Cursor;
};

/** Either ids or a channel */
export type DeliveryRetryInput = {
  ids?: number[];
  channel?: string;
};

export type DeliveryRetryAnswer = {
  retried: number;
};
