-- What protects, proves and bounds the runs of a job; what runs have to do beyond their job; what
-- can be restored.

ALTER TABLE jobs ADD COLUMN policy TEXT NOT NULL DEFAULT '';  -- JobPolicy as JSON; '': all defaults
ALTER TABLE jobs ADD COLUMN paused TEXT NOT NULL DEFAULT '';  -- why; '': not paused
ALTER TABLE clients ADD COLUMN paused TEXT NOT NULL DEFAULT '';
ALTER TABLE clients ADD COLUMN bandwidth_table TEXT NOT NULL DEFAULT '';  -- BandwidthTable as JSON

ALTER TABLE runs ADD COLUMN kind INTEGER NOT NULL DEFAULT 1;   -- JobKind
ALTER TABLE runs ADD COLUMN task TEXT NOT NULL DEFAULT '';     -- RunTask as JSON
ALTER TABLE runs ADD COLUMN pause_requested INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN grade INTEGER NOT NULL DEFAULT 0;  -- Grade

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
  destination      TEXT NOT NULL,     -- "remote:path"
  manifest         TEXT NOT NULL,
  archive          TEXT NOT NULL,     -- '': plain objects
  volumes          INTEGER NOT NULL,
  files            INTEGER NOT NULL,
  bytes            INTEGER NOT NULL,
  grade            INTEGER NOT NULL,
  pinned           TEXT NOT NULL,     -- why; '': not pinned
  state            INTEGER NOT NULL,  -- VersionState: 1 kept, 2 pruning, 3 pruned
  prune_run        INTEGER NOT NULL,  -- that removes or removed it; 0: none
  pruned_at        INTEGER
) STRICT;
CREATE INDEX versions_by_job ON versions (job, at) WHERE state < 3;

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

-- Passwords of encrypted jobs, sealed to the workers' key apart from the remotes.
CREATE TABLE job_keys (
  job         INTEGER PRIMARY KEY,
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
