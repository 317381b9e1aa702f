// Loading what a page shows: keeps the last answer while a new one is on its way or cannot be had, and
// loads again when events say that it has changed.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { asProblem, type Problem } from "../api/client";
import type { EventView } from "../api/contract";
import { generation, onEvents } from "./live";

export interface Query<T> {
  data: T | null;
  problem: Problem | null;
  loading: boolean;
  reload: () => void;
}

export interface QueryOptions {
  /** Does this event change the answer? */
  changedBy?: (event: EventView) => boolean;
  /** No reload follows the last one sooner. */
  pauseMs?: number;
}

/** `key` names what is asked for; another key drops the old answer. null: nothing to ask. */
export function useQuery<T>(
  key: string | null,
  load: (signal: AbortSignal) => Promise<T>,
  options: QueryOptions = {},
): Query<T> {
  const [state, setState] = useState<{
    key: string | null;
    data: T | null;
    problem: Problem | null;
  }>({ key: null, data: null, problem: null });
  const [loading, setLoading] = useState(true);
  const [turn, setTurn] = useState(0);
  const latest = useRef({ load, options });
  latest.current = { load, options };
  const era = generation.value;

  useEffect(() => {
    if (key === null) {
      setLoading(false);
      return;
    }
    const abort = new AbortController();
    setLoading(true);
    latest.current
      .load(abort.signal)
      .then((data) => {
        if (!abort.signal.aborted) setState({ key, data, problem: null });
      })
      .catch((error: unknown) => {
        if (abort.signal.aborted) return;
        setState((old) => ({
          key,
          data: old.key === key ? old.data : null,
          problem: asProblem(error),
        }));
      })
      .finally(() => {
        if (!abort.signal.aborted) setLoading(false);
      });
    return () => abort.abort();
  }, [key, turn, era]);

  const reload = useCallback(() => setTurn((count) => count + 1), []);

  useEffect(() => {
    let wait = 0;
    let quietUntil = 0;
    const stop = onEvents((events) => {
      const changedBy = latest.current.options.changedBy;
      if (!changedBy || wait || !events.some(changedBy)) return;
      const pause = latest.current.options.pauseMs ?? 1000;
      wait = window.setTimeout(
        () => {
          wait = 0;
          quietUntil = Date.now() + pause;
          reload();
        },
        Math.max(50, quietUntil - Date.now()),
      );
    });
    return () => {
      stop();
      window.clearTimeout(wait);
    };
  }, [reload]);

  const current = state.key === key;
  return {
    data: current ? state.data : null,
    problem: current ? state.problem : null,
    loading,
    reload,
  };
}
