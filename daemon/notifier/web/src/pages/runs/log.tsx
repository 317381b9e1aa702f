// The log of an attempt: readable, searchable and live; the raw one is a click away.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { asProblem, at, base, get, type Problem } from "../../api/client";
import type { LogPiece, RunView } from "../../api/contract";
import { bytesText } from "../../core/format";
import {
  filterLines,
  keepNewest,
  parseLogLine,
  type LevelFilter,
  type LogLine,
} from "../../core/log_lines";
import { isTerminal } from "../../core/run_state";
import { liveRun } from "../../state/live";
import { Button, Card, Empty, LinkButton, Loading, Name, ProblemNotice } from "../../ui/basics";
import { Check, Select, TextField } from "../../ui/form";

const mostLines = 5000;
const pieceBytes = 262_144;

interface Log {
  lines: LogLine[];
  next: number;
  count: number;
  total: number;
  cut: boolean;
}

const nothing: Log = { lines: [], next: 0, count: 0, total: 0, cut: false };

function useLog(run: RunView, attempt: number) {
  const [log, setLog] = useState<Log>(nothing);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [ready, setReady] = useState(false);
  const ended = isTerminal(run.state);

  useEffect(() => {
    const abort = new AbortController();
    let held: Log = nothing;
    let busy = false;
    let last = 0;
    setLog(nothing);
    setReady(false);
    const read = async () => {
      if (busy) return;
      busy = true;
      last = Date.now();
      try {
        for (;;) {
          const piece = await get<LogPiece>(
            at("runs", run.run, "log"),
            { attempt, offset: held.next, max_bytes: pieceBytes },
            abort.signal,
          );
          const from = held.count;
          const fresh = piece.lines.map((line, i) => parseLogLine(line, from + i + 1));
          held = {
            lines: keepNewest([...held.lines, ...fresh], mostLines),
            next: piece.next_offset,
            count: from + fresh.length,
            total: piece.total_bytes,
            cut: from + fresh.length > mostLines,
          };
          if (piece.next_offset <= piece.offset || piece.next_offset >= piece.total_bytes) break;
        }
        setProblem(null);
      } catch (error) {
        if (!abort.signal.aborted) setProblem(asProblem(error));
      }
      busy = false;
      if (abort.signal.aborted) return;
      setLog(held);
      setReady(true);
    };
    void read();
    // What is new comes with the pictures of the run: a quiet run costs nothing.
    const stop = liveRun(run.run).subscribe(() => {
      if (Date.now() - last > 1000) void read();
    });
    return () => {
      abort.abort();
      stop();
    };
  }, [run.run, attempt, ended]);
  return { log, problem, ready };
}

export function RunLog({ run, attempts }: { run: RunView; attempts: number[] }) {
  const newest = attempts.at(-1) ?? 0;
  const [chosen, setChosen] = useState(0);
  const attempt = chosen || newest;
  const [level, setLevel] = useState<LevelFilter>("all");
  const [search, setSearch] = useState("");
  const [follow, setFollow] = useState(true);
  const [raw, setRaw] = useState(false);
  if (!attempt)
    return (
      <Card title="Log">
        <Empty title="No log yet">It begins with the first attempt.</Empty>
      </Card>
    );
  const rawAddress = `${base}${at("runs", run.run, "log")}?attempt=${attempt}&format=raw`;
  return (
    <section class="card" aria-label="Log">
      <div class="card-head">
        <h2>Log</h2>
        <Button small onClick={() => setRaw(!raw)}>
          {raw ? "Readable" : "Raw"}
        </Button>
        <LinkButton small icon="download" download href={rawAddress}>
          Download
        </LinkButton>
      </div>
      <div class="card-body filters">
        {attempts.length > 1 && (
          <Select
            label="Attempt"
            value={String(attempt)}
            options={attempts.map((one): [string, string] => [String(one), `Attempt ${one}`])}
            onInput={(value) => setChosen(Number(value))}
          />
        )}
        {!raw && (
          <>
            <Select
              label="Lines"
              value={level}
              options={[
                ["all", "All"],
                ["problems", "Errors and warnings"],
              ]}
              onInput={setLevel}
            />
            <div class="search">
              <TextField label="Search" type="search" value={search} onInput={setSearch} />
            </div>
            <Check label="Follow" value={follow} onInput={setFollow} />
          </>
        )}
      </div>
      {raw ? (
        <RawLog key={rawAddress} address={rawAddress} />
      ) : (
        <ReadableLog run={run} attempt={attempt} level={level} search={search} follow={follow} />
      )}
    </section>
  );
}

function ReadableLog(props: {
  run: RunView;
  attempt: number;
  level: LevelFilter;
  search: string;
  follow: boolean;
}) {
  const { log, problem, ready } = useLog(props.run, props.attempt);
  const box = useRef<HTMLDivElement>(null);
  const lines = useMemo(
    () => filterLines(log.lines, props.level, props.search),
    [log, props.level, props.search],
  );
  useEffect(() => {
    if (props.follow && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines, props.follow]);
  return (
    <>
      <ProblemNotice problem={problem} what="The log could not be read" />
      {!ready ? (
        <Loading />
      ) : lines.length ? (
        <div class="log" ref={box} tabIndex={0} role="region" aria-label="Lines of the log">
          {lines.map((line) => (
            <div key={line.number} class={`log-line of-${line.level}`}>
              <span class="when">{line.at}</span>
              <span class="level">{line.level === "plain" ? "" : line.level}</span>
              <span>
                {line.object && (
                  <span class="strong">
                    <Name>{line.object}</Name>{" "}
                  </span>
                )}
                <Name>{line.text}</Name>
              </span>
            </div>
          ))}
        </div>
      ) : (
        <Empty title={log.lines.length ? "No line fits" : "Nothing was said"}>
          {log.lines.length
            ? "Choose all lines, or look for something else."
            : "The attempt wrote no log."}
        </Empty>
      )}
      <div class="card-foot">
        {bytesText(log.total)}; times of the worker's clock
        {log.cut
          ? `; the newest ${mostLines.toLocaleString("en-GB")} lines are shown, all are in the download`
          : ""}
      </div>
    </>
  );
}

const mostRaw = 512 * 1024;

function RawLog({ address }: { address: string }) {
  const [text, setText] = useState<string | null>(null);
  const [cut, setCut] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    const read = async () => {
      const response = await fetch(address, { signal: abort.signal, credentials: "same-origin" });
      const reader = response.body?.getReader();
      const decoder = new TextDecoder();
      let held = "";
      for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
        held += decoder.decode(part.value, { stream: true });
        if (held.length < mostRaw) continue;
        setCut(true);
        await reader?.cancel();
        break;
      }
      setText(held);
    };
    read().catch((error: unknown) => {
      if (!abort.signal.aborted) setProblem(asProblem(error));
    });
    return () => abort.abort();
  }, [address]);
  return (
    <>
      <ProblemNotice problem={problem} what="The log could not be read" />
      {text === null ? (
        !problem && <Loading />
      ) : (
        <div class="log" tabIndex={0} role="region" aria-label="Raw log">
          <pre class="log-raw">{text}</pre>
        </div>
      )}
      {cut && (
        <div class="card-foot">The first {bytesText(mostRaw)}; all of it is in the download.</div>
      )}
    </>
  );
}
