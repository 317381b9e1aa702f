// The attempts of a run: steps, what the guard and the validation found, failing paths.

import type { AttemptView } from "../../api/contract";
import { bytesText, countText, durationText, plural } from "../../core/format";
import { readReport, type Report, type ReportStep } from "../../core/report";
import { errorClasses, gradeLook, stateLook } from "../../core/run_state";
import { Badge, Card, Empty, Facts, Name, Notice, StateBadge, Time } from "../../ui/basics";
import { Table } from "../../ui/table";

/** `told`: the hint that stands above already. */
export function Attempts({ attempts, told }: { attempts: AttemptView[]; told: string }) {
  if (!attempts.length)
    return (
      <Card title="Attempts">
        <Empty title="No attempt yet">It begins when it is its turn and a worker is free.</Empty>
      </Card>
    );
  return (
    <div class="stack">
      {[...attempts].reverse().map((attempt) => (
        <Attempt key={attempt.attempt} attempt={attempt} only={attempts.length === 1} told={told} />
      ))}
    </div>
  );
}

function Attempt(props: { attempt: AttemptView; only: boolean; told: string }) {
  const { attempt, only } = props;
  const report = readReport(attempt.report);
  return (
    <Card
      title={only ? (attempt.end ? "How it went" : "How it goes") : `Attempt ${attempt.attempt}`}
      actions={<AttemptState attempt={attempt} />}
    >
      <div class="stack">
        {attempt.hint && attempt.hint !== props.told && (
          <Notice
            tone={
              attempt.outcome === "failed" ? "bad" : attempt.outcome === "warning" ? "warn" : "live"
            }
            title={errorClasses[attempt.error_class]}
          >
            <Name>{attempt.hint}</Name>
          </Notice>
        )}
        {attempt.deciding_line && (
          <div class="stack close">
            <h3>What was said last</h3>
            <code class="name">
              <Name>{attempt.deciding_line}</Name>
            </code>
          </div>
        )}
        <Steps steps={report.steps} />
        <Guard report={report} />
        <Validation report={report} />
        <FailingPaths paths={report.failing_paths} />
        <Receipt report={report} />
        <Facts
          rows={[
            ["Worker", <Name>{attempt.worker}</Name>],
            ["Began", <Time at={attempt.accepted_at} full />],
            ["Took", attempt.duration_ms ? durationText(attempt.duration_ms) : ""],
            [
              "Copied",
              attempt.end && `${bytesText(attempt.bytes)} in ${plural(attempt.files, "file")}`,
            ],
            ["Log", attempt.log_bytes ? bytesText(attempt.log_bytes) : ""],
            ["Processes", report.sandbox && <Name>{report.sandbox}</Name>],
          ]}
        />
      </div>
    </Card>
  );
}

function AttemptState({ attempt }: { attempt: AttemptView }) {
  if (attempt.end === "lost")
    return (
      <Badge tone="bad" title="The worker is gone">
        Lost
      </Badge>
    );
  if (!attempt.end) return <StateBadge state="running" />;
  const outcome = attempt.outcome === "nothing_to_do" ? "succeeded" : attempt.outcome;
  return <StateBadge state={outcome} outcome={attempt.outcome} />;
}

function Steps({ steps }: { steps: ReportStep[] }) {
  if (!steps.length) return null;
  return (
    <Table head={["Step", "Result", ["Took", "num"], "Note"]} wide>
      {steps.map((step, index) => (
        <tr key={index}>
          <td class="nowrap">
            <Name>{step.name}</Name>
          </td>
          <td>{stateLook(step.outcome === "nothing_to_do" ? "succeeded" : step.outcome).label}</td>
          <td class="num">{durationText(step.duration_ms)}</td>
          <td>
            <Name>{step.note}</Name>
            {step.output && (
              <details class="more">
                <summary>Output</summary>
                <pre class="log-raw">{step.output}</pre>
              </details>
            )}
          </td>
        </tr>
      ))}
    </Table>
  );
}

function Guard({ report }: { report: Report }) {
  const guard = report.guard;
  if (!guard) return null;
  return (
    <div class="stack tight">
      <h3>What the guard counted</h3>
      {guard.reason && (
        <Notice tone={guard.held ? "held" : "live"}>
          <Name>{guard.reason}</Name>
        </Notice>
      )}
      <Facts
        rows={[
          ["In the destination", plural(guard.known_files, "file")],
          ["In the source", plural(guard.source_files, "file")],
          ["New", countText(guard.creates)],
          ["Replaced", countText(guard.overwrites)],
          ["Deleted", countText(guard.deletes)],
        ]}
      />
    </div>
  );
}

function Validation({ report }: { report: Report }) {
  const found = report.validation;
  if (!found || found.mode === "none") return null;
  const look = gradeLook(found.grade);
  const paths = found.excerpt.split("\n").filter(Boolean);
  return (
    <div class="stack tight">
      <div class="row wrap">
        <h3>Validation</h3>
        <Badge tone={look.tone}>{look.label}</Badge>
        <span class="muted small">{look.meaning}</span>
      </div>
      <Facts
        rows={[
          ["Compared", countText(found.compared)],
          ["Different", found.differences ? countText(found.differences) : ""],
          ["On one side only", found.missing ? countText(found.missing) : ""],
          [
            "Not comparable",
            found.not_comparable ? `${countText(found.not_comparable)} (no common hash)` : "",
          ],
          ["Not readable", found.unreadable ? countText(found.unreadable) : ""],
          [
            "Changed meanwhile",
            found.source_changed ? `${countText(found.source_changed)} (no damage)` : "",
          ],
          ["Method", [found.mode, found.tool].filter(Boolean).join(", ")],
        ]}
      />
      {paths.length > 0 && <Paths title="Differences" paths={paths} />}
    </div>
  );
}

function FailingPaths({ paths }: { paths: string[] }) {
  return paths.length ? <Paths title="Failing paths" paths={paths} /> : null;
}

function Paths({ title, paths }: { title: string; paths: string[] }) {
  return (
    <div class="stack close">
      <h3>{title}</h3>
      <ul class="plain mono">
        {paths.map((path, index) => (
          <li key={index}>
            <Name>{path}</Name>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Receipt({ report }: { report: Report }) {
  const receipt = report.receipt;
  if (!receipt) return null;
  return (
    <div class="stack tight">
      <h3>Receipt</h3>
      <Facts
        rows={[
          ["File", <Name>{receipt.name}</Name>],
          ["Lies at", <Name>{receipt.path}</Name>],
          ["Size", bytesText(receipt.size)],
          ["SHA-256", <code>{receipt.sha256}</code>],
        ]}
      />
    </div>
  );
}
