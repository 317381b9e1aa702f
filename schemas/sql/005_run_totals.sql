-- What the history told of jobs before it was deleted, so that the counters of monitoring never fall.
CREATE TABLE run_totals (
  job   INTEGER NOT NULL,
  state INTEGER NOT NULL,  -- RunState
  runs  INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  files INTEGER NOT NULL,
  PRIMARY KEY (job, state)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER run_totals_keep AFTER DELETE ON runs WHEN OLD.state >= 20 BEGIN
  INSERT INTO run_totals (job, state, runs, bytes, files)
    VALUES (OLD.job, OLD.state, 1, OLD.bytes, OLD.files)
    ON CONFLICT (job, state) DO UPDATE
    SET runs = runs + 1, bytes = bytes + excluded.bytes, files = files + excluded.files;
END;
CREATE TRIGGER run_totals_forget AFTER DELETE ON jobs BEGIN
  DELETE FROM run_totals WHERE job = OLD.id;
END;
