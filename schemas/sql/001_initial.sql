-- Times are microseconds since 1970 UTC; NULL is "never" or "not yet". Enumerations are the numbers
-- of the C++ enums named beside them. Indices exist only where a query needs them: a run costs the
-- scheduler some ten statements, and each index is paid by all of them.

CREATE TABLE schema_versions (
  version    INTEGER PRIMARY KEY,
  name       TEXT NOT NULL,
  program    TEXT NOT NULL,
  applied_at INTEGER NOT NULL
) STRICT;

-- Numbers that only rise: scheduler_epoch; last_run_id and last_event_sequence as they were when
-- history was last deleted, so that no id is given out twice.
CREATE TABLE counters (
  name  TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO counters (name, value)
VALUES ('scheduler_epoch', 0), ('last_run_id', 0), ('last_event_sequence', 0);

CREATE TABLE settings (
  name       TEXT PRIMARY KEY,
  value      TEXT NOT NULL,  -- JSON
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE clients (
  id                  INTEGER PRIMARY KEY AUTOINCREMENT,
  name                TEXT NOT NULL UNIQUE,
  weight              INTEGER NOT NULL,
  max_concurrent_jobs INTEGER NOT NULL,
  max_bandwidth_kbps  INTEGER NOT NULL
) STRICT;
INSERT INTO clients (name, weight, max_concurrent_jobs, max_bandwidth_kbps)
VALUES ('default', 1, 0, 0);

CREATE TABLE remotes (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  client         TEXT NOT NULL REFERENCES clients (name),
  name           TEXT NOT NULL,
  type           TEXT NOT NULL,
  version        INTEGER NOT NULL,
  refers_to      TEXT NOT NULL,  -- JSON list of names
  max_concurrent INTEGER NOT NULL,
  sealed         BLOB NOT NULL,
  sealed_for     TEXT NOT NULL,
  updated_at     INTEGER NOT NULL,
  UNIQUE (client, name)
) STRICT;

CREATE TABLE jobs (
  id                        INTEGER PRIMARY KEY AUTOINCREMENT,
  name                      TEXT NOT NULL UNIQUE,
  client                    TEXT NOT NULL REFERENCES clients (name),
  kind                      INTEGER NOT NULL,  -- JobKind
  source_remote             TEXT NOT NULL,
  source_path               BLOB NOT NULL,
  destination_remote        TEXT NOT NULL,
  destination_path          BLOB NOT NULL,
  destination_key           BLOB NOT NULL,     -- of path_overlap.h
  schedule_kind             INTEGER NOT NULL,  -- ScheduleKind
  schedule_at               TEXT NOT NULL,
  schedule_weekdays         INTEGER NOT NULL,
  schedule_cron             TEXT NOT NULL,
  schedule_every_seconds    INTEGER NOT NULL,
  schedule_time_zone        TEXT NOT NULL,
  enabled                   INTEGER NOT NULL,
  priority                  INTEGER NOT NULL,
  misfire                   INTEGER NOT NULL,  -- MisfirePolicy
  misfire_max               INTEGER NOT NULL,
  overlap                   INTEGER NOT NULL,  -- OverlapPolicy
  max_concurrent            INTEGER NOT NULL,
  bandwidth_kbps            INTEGER NOT NULL,
  retry_max_attempts        INTEGER NOT NULL,
  retry_backoff_seconds     INTEGER NOT NULL,
  retry_backoff_max_seconds INTEGER NOT NULL,
  options                   TEXT NOT NULL,     -- TransferOptions as JSON
  created_at                INTEGER NOT NULL,
  updated_at                INTEGER NOT NULL
) STRICT;
CREATE INDEX jobs_by_client ON jobs (client);
CREATE INDEX jobs_by_destination ON jobs (destination_key);

-- What changes with every run, apart from the wide row of the job.
CREATE TABLE job_states (
  job        INTEGER PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
  high_water INTEGER NOT NULL,  -- every occurrence up to here is a row of runs; never moves back
  next_due   INTEGER,
  last_run   INTEGER,           -- the last one that ended after it had started
  last_state INTEGER            -- RunState
) STRICT;
CREATE INDEX job_states_failing ON job_states (job) WHERE last_state = 22;

-- History outlives its job: names are copied.
CREATE TABLE runs (
  id               INTEGER PRIMARY KEY,
  job              INTEGER NOT NULL,
  job_name         TEXT NOT NULL,
  client           TEXT NOT NULL,
  trigger          INTEGER NOT NULL,  -- Trigger
  scheduled_at     INTEGER NOT NULL,
  queued_at        INTEGER NOT NULL,
  state            INTEGER NOT NULL,  -- RunState; 20 and above have ended
  priority         INTEGER NOT NULL,
  dry_run          INTEGER NOT NULL,
  attempt          INTEGER NOT NULL,
  worker           TEXT NOT NULL,
  worker_epoch     INTEGER NOT NULL,
  lease_ms         INTEGER NOT NULL,  -- of the current attempt
  bandwidth        INTEGER NOT NULL,  -- bytes per second given to the current attempt; 0: no cap
  failed_attempts  INTEGER NOT NULL,
  lost_attempts    INTEGER NOT NULL,
  retry_at         INTEGER,
  cancel_requested INTEGER NOT NULL,
  cancel_reason    TEXT NOT NULL,
  cancel_by        TEXT NOT NULL,
  asked_by         TEXT NOT NULL,
  idempotency_key  TEXT,              -- of a manual run
  reason           TEXT NOT NULL,
  outcome          INTEGER NOT NULL,  -- Outcome
  error_class      INTEGER NOT NULL,  -- ErrorClass
  hint             TEXT NOT NULL,
  started_at       INTEGER,
  ended_at         INTEGER,
  bytes            INTEGER NOT NULL,
  files            INTEGER NOT NULL,
  checks           INTEGER NOT NULL,
  deletes          INTEGER NOT NULL,
  errors           INTEGER NOT NULL,
  UNIQUE (job, scheduled_at, trigger)
) STRICT;
CREATE INDEX runs_open ON runs (id) WHERE state < 20;
CREATE INDEX runs_manual ON runs (scheduled_at) WHERE trigger = 2;

CREATE TABLE attempts (
  run            INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  attempt        INTEGER NOT NULL,
  worker         TEXT NOT NULL,
  worker_epoch   INTEGER NOT NULL,
  accepted_at    INTEGER NOT NULL,
  ended_at       INTEGER,
  ending         TEXT NOT NULL,      -- 'result', 'lost', 'stale'; '' while it is open
  outcome        INTEGER NOT NULL,
  error_class    INTEGER NOT NULL,
  retry          INTEGER NOT NULL,
  hint           TEXT NOT NULL,
  deciding_line  TEXT NOT NULL,
  bytes          INTEGER NOT NULL,
  files          INTEGER NOT NULL,
  checks         INTEGER NOT NULL,
  deletes        INTEGER NOT NULL,
  errors         INTEGER NOT NULL,
  exit_code      INTEGER NOT NULL,
  signal         INTEGER NOT NULL,
  duration_ms    INTEGER NOT NULL,
  log_bytes      INTEGER NOT NULL,
  rclone_version TEXT NOT NULL,
  PRIMARY KEY (run, attempt)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX attempts_one_open ON attempts (run) WHERE ended_at IS NULL;

-- Beside the attempts, because up to 16 KiB would spread their rows over many pages.
CREATE TABLE log_excerpts (
  run     INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  excerpt TEXT NOT NULL,
  PRIMARY KEY (run, attempt),
  FOREIGN KEY (run, attempt) REFERENCES attempts (run, attempt) ON DELETE CASCADE
) STRICT;

-- The last picture of a run that is on a worker; gone when the run has ended.
CREATE TABLE progress (
  run      INTEGER PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
  attempt  INTEGER NOT NULL,
  state    INTEGER NOT NULL,
  at       INTEGER NOT NULL,
  progress TEXT NOT NULL  -- Progress as JSON
) STRICT;

CREATE TABLE cancel_requests (
  id       INTEGER PRIMARY KEY,
  run      INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  at       INTEGER NOT NULL,
  reason   TEXT NOT NULL,
  asked_by TEXT NOT NULL
) STRICT;
CREATE INDEX cancel_requests_by_run ON cancel_requests (run);

CREATE TABLE events (
  sequence INTEGER PRIMARY KEY,  -- without gaps
  at       INTEGER NOT NULL,
  kind     TEXT NOT NULL,
  client   TEXT NOT NULL,
  job      TEXT NOT NULL,
  run      INTEGER NOT NULL,     -- 0: not about a run
  body     TEXT NOT NULL         -- JSON
) STRICT;
CREATE INDEX events_by_run ON events (run) WHERE run > 0;

CREATE TABLE workers (
  name           TEXT PRIMARY KEY,
  epoch          INTEGER NOT NULL,
  boot_id        TEXT NOT NULL,
  version        TEXT NOT NULL,
  rclone_version TEXT NOT NULL,
  slots          INTEGER NOT NULL,
  public_key     BLOB NOT NULL,
  last_seen      INTEGER,
  drain          INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_log (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  at       INTEGER NOT NULL,
  asked_by TEXT NOT NULL,
  peer     TEXT NOT NULL,
  verb     TEXT NOT NULL,
  target   TEXT NOT NULL,
  before   TEXT NOT NULL,  -- JSON without secrets; 'null': there was nothing
  after    TEXT NOT NULL
) STRICT;

-- Answers to changes that carried a key, kept for a day.
CREATE TABLE idempotency (
  key     TEXT PRIMARY KEY,
  at      INTEGER NOT NULL,
  request TEXT NOT NULL,  -- what was asked: the same key for something else is a conflict
  code    INTEGER NOT NULL,
  message TEXT NOT NULL,
  body    TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_age ON idempotency (at);
