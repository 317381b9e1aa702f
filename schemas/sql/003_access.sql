-- Who may come in (schemas/access.h).

-- With which the hashes below are made; one row.
CREATE TABLE access_key (
  id  INTEGER PRIMARY KEY CHECK (id = 1),
  key BLOB NOT NULL
) STRICT;
INSERT INTO access_key (id, key) VALUES (1, randomblob(32));

CREATE TABLE api_tokens (
  id           TEXT PRIMARY KEY,  -- the part of the token that is no secret
  name         TEXT NOT NULL,
  hash         BLOB NOT NULL,     -- keyed_proof()
  scope        INTEGER NOT NULL,  -- Scope
  client       TEXT NOT NULL,     -- '': all
  created_at   INTEGER NOT NULL,
  created_by   TEXT NOT NULL,
  expires_at   INTEGER,
  last_used_at INTEGER,
  last_address TEXT NOT NULL
) STRICT;

CREATE TABLE users (
  name          TEXT PRIMARY KEY,
  password      TEXT NOT NULL,     -- Argon2id
  scope         INTEGER NOT NULL,  -- Scope
  client        TEXT NOT NULL,     -- '': all
  enabled       INTEGER NOT NULL,
  created_at    INTEGER NOT NULL,
  last_login_at INTEGER,
  last_address  TEXT NOT NULL
) STRICT;

CREATE TABLE sessions (
  hash       BLOB PRIMARY KEY,  -- keyed_proof()
  user       TEXT NOT NULL REFERENCES users (name) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  address    TEXT NOT NULL
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user);

ALTER TABLE audit_log ADD COLUMN address TEXT NOT NULL DEFAULT '';  -- from where, as the peer says
