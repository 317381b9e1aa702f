-- What protects, proves and bounds the runs of a job; what runs have to do beyond their job; what
-- can be restored.

ALTER TABLE jobs ADD COLUMN policy TEXT NOT NULL DEFAULT '';  -- JobPolicy as JSON; '': all defaults
ALTER TABLE jobs ADD COLUMN paused TEXT NOT NULL DEFAULT '';  -- why; '': not paused
ALTER TABLE clients ADD COLUMN paused TEXT NOT NULL DEFAULT '';
ALTER TABLE clients ADD COLUMN bandwidth_table TEXT NOT NULL DEFAULT '';  -- BandwidthTable as JSON

-- When the login (OAuth token) that the settings hold was made or renewed; NULL: they hold none.
ALTER TABLE remotes ADD COLUMN login_at INTEGER;

ALTER TABLE runs ADD COLUMN kind INTEGER NOT NULL DEFAULT 1;   -- JobKind
ALTER TABLE runs ADD COLUMN task TEXT NOT NULL DEFAULT '';     -- RunTask as JSON
ALTER TABLE runs ADD COLUMN pause_requested INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN rerun_of INTEGER NOT NULL DEFAULT 0;  -- the run that it repeats; 0: none
ALTER TABLE runs ADD COLUMN grade INTEGER NOT NULL DEFAULT 0;  -- Grade

ALTER TABLE job_states ADD COLUMN drilled_at INTEGER;  -- the last restore drill was queued

-- What attempts found out beyond their outcome: AttemptReport as JSON.
CREATE TABLE reports (
  run     INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  report  TEXT NOT NULL,
  PRIMARY KEY (run, attempt),
  FOREIGN KEY (run, attempt) REFERENCES attempts (run, attempt) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- States of a job that can be restored. Outlive the job: what lies in the destination does, too.
CREATE TABLE versions (
  run              INTEGER PRIMARY KEY,
  job              INTEGER NOT NULL,
  job_name         TEXT NOT NULL,
  client           TEXT NOT NULL,
  at               INTEGER NOT NULL,
  destination      TEXT NOT NULL,     -- of the job then, "remote:path"
  layout           INTEGER NOT NULL,  -- Layout
  versions_path    TEXT NOT NULL,     -- '': below the destination
  manifest         TEXT NOT NULL,
  digest           TEXT NOT NULL,     -- of the manifest
  archive          TEXT NOT NULL,     -- '': plain objects
  volumes          INTEGER NOT NULL,
  files            INTEGER NOT NULL,
  bytes            INTEGER NOT NULL,
  grade            INTEGER NOT NULL,
  good             INTEGER NOT NULL,  -- the run ended well and nothing speaks against its result
  pinned           TEXT NOT NULL,     -- why; '': not pinned
  state            INTEGER NOT NULL,  -- VersionState: 1 kept, 2 pruning, 3 pruned
  prune_run        INTEGER NOT NULL,  -- that removes or removed it; 0: none
  pruned_at        INTEGER
) STRICT;
CREATE INDEX versions_by_job ON versions (job, run) WHERE state < 3;
CREATE INDEX versions_by_place ON versions (client, destination, versions_path, run)
  WHERE state < 3;

-- Every deletion that retention made.
CREATE TABLE deletions (
  id      INTEGER PRIMARY KEY,
  at      INTEGER NOT NULL,
  job     INTEGER NOT NULL,
  run     INTEGER NOT NULL,  -- the prune
  version INTEGER NOT NULL,  -- the run whose state went
  path    TEXT NOT NULL,
  files   INTEGER NOT NULL,
  bytes   INTEGER NOT NULL
) STRICT;
CREATE INDEX deletions_by_job ON deletions (job);
CREATE INDEX deletions_by_version ON deletions (version);

-- Passwords of encrypted jobs, sealed to the workers' key apart from the remotes. Outlive the job:
-- what lies in the destination does, too. A new job of the same name goes on with them.
CREATE TABLE job_keys (
  job         TEXT PRIMARY KEY,
  sealed      BLOB NOT NULL,
  sealed_for  TEXT NOT NULL,
  created_at  INTEGER NOT NULL,
  exported_at INTEGER,
  exported_by TEXT NOT NULL
) STRICT;

-- Files that were handed in.
CREATE TABLE receipts (
  run       INTEGER PRIMARY KEY,
  job_name  TEXT NOT NULL,
  client    TEXT NOT NULL,
  at        INTEGER NOT NULL,
  name      TEXT NOT NULL,
  path      TEXT NOT NULL,
  size      INTEGER NOT NULL,
  crc32     INTEGER NOT NULL,
  sha256    TEXT NOT NULL
) STRICT;
CREATE INDEX receipts_by_name ON receipts (client, name);
