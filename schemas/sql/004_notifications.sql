-- Who is told what. Deliveries are the notifier's own affair and lie in its own database.

CREATE TABLE notify_channels (
  name         TEXT PRIMARY KEY,
  client       TEXT NOT NULL,     -- '': the operator's
  kind         INTEGER NOT NULL,  -- ChannelKind
  settings     TEXT NOT NULL,     -- JSON
  secrets      TEXT NOT NULL,     -- JSON list of names
  sealed       BLOB NOT NULL,     -- only the notifier can open it
  sealed_for   TEXT NOT NULL,
  max_per_hour INTEGER NOT NULL,
  digest_after INTEGER NOT NULL,
  fallback     TEXT NOT NULL,
  updated_at   INTEGER NOT NULL
) STRICT;

CREATE TABLE notify_rules (
  id                 INTEGER PRIMARY KEY AUTOINCREMENT,
  client             TEXT NOT NULL,     -- '': the operator's
  job                TEXT NOT NULL,     -- '': all of the client
  events             TEXT NOT NULL,     -- JSON list of names
  channel            TEXT NOT NULL,
  recipients         TEXT NOT NULL,     -- JSON list
  must_succeed_every INTEGER NOT NULL,  -- seconds; 0: never overdue
  only_changes       INTEGER NOT NULL,
  updated_at         INTEGER NOT NULL
) STRICT;
CREATE INDEX notify_rules_by_channel ON notify_rules (channel);

CREATE TABLE notify_templates (
  client     TEXT NOT NULL,     -- '': the operator's
  event      TEXT NOT NULL,     -- '': all
  part       INTEGER NOT NULL,  -- TemplatePart
  text       TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (client, event, part)
) STRICT, WITHOUT ROWID;

-- When somebody was told of the run's end.
ALTER TABLE runs ADD COLUMN notified_at INTEGER;

-- The public key of the notifier, to which secrets of channels are sealed.
CREATE TABLE notify_key (
  id            INTEGER PRIMARY KEY CHECK (id = 1),
  public_key    BLOB NOT NULL,
  registered_at INTEGER NOT NULL
) STRICT;
