// Every change: who, from where, what, before and after.

import { useState } from "preact/hooks";
import { base, get } from "../../api/client";
import type { AuditEntry, AuditPage } from "../../api/contract";
import { differences } from "../../core/differences";
import { useQuery } from "../../state/query";
import { Button, Card, Empty, LinkButton, Name, Page, Time } from "../../ui/basics";
import { Loaded, Table } from "../../ui/table";
import { TextField } from "../../ui/form";

export function Audit() {
  const [cursors, setCursors] = useState<string[]>([]);
  const [search, setSearch] = useState("");
  const cursor = cursors.at(-1) ?? null;
  const shown = useQuery(`audit/${cursor ?? ""}`, (signal) =>
    get<AuditPage>("/audit", { limit: 200, cursor }, signal),
  );
  const wanted = search.toLowerCase();
  const rows = (shown.data?.entries ?? []).filter((entry) =>
    `${entry.asked_by} ${entry.peer} ${entry.verb} ${entry.target}`.toLowerCase().includes(wanted),
  );
  const next = shown.data?.next_cursor;
  return (
    <Page
      title="Audit"
      sub="Every change, newest first. Secrets are never part of it."
      actions={
        <LinkButton icon="download" download href={`${base}/export/audit?format=csv`}>
          Export CSV
        </LinkButton>
      }
    >
      <TextField
        label="Search in these entries"
        type="search"
        placeholder="Person, what, which"
        value={search}
        onInput={setSearch}
      />
      <Card
        flush
        foot={
          (cursors.length > 0 || next) && (
            <span class="row">
              {cursors.length > 0 && (
                <Button small onClick={() => setCursors(cursors.slice(0, -1))}>
                  Newer
                </Button>
              )}
              {next && (
                <Button small onClick={() => setCursors([...cursors, next])}>
                  Older
                </Button>
              )}
            </span>
          )
        }
      >
        <Loaded query={shown} what="The audit could not be loaded">
          {() =>
            rows.length ? (
              <Table head={["When", "Who", "What", "Of", "Change"]}>
                {rows.map((entry) => (
                  <Row key={entry.id} entry={entry} />
                ))}
              </Table>
            ) : (
              <Empty title={search ? "No entry fits" : "Nothing was changed yet"} />
            )
          }
        </Loaded>
      </Card>
    </Page>
  );
}

function Row({ entry }: { entry: AuditEntry }) {
  const changes = differences(entry.before, entry.after);
  return (
    <tr>
      <td class="nowrap">
        <Time at={entry.at} />
      </td>
      <td>
        <Name>{entry.asked_by}</Name>
        <div class="muted small">
          <Name>{entry.peer}</Name>
        </div>
      </td>
      <td>
        <code>{entry.verb}</code>
      </td>
      <td>
        <Name>{entry.target}</Name>
      </td>
      <td class="wide">
        {changes.length > 0 && (
          <details class="more">
            <summary>{changes.length === 1 ? "1 field" : `${changes.length} fields`}</summary>
            <ul class="plain stack close small">
              {changes.map((change) => (
                <li key={change.path}>
                  <code>{change.path}</code>{" "}
                  {change.before !== null && (
                    <>
                      <del class="name muted">{change.before}</del> →{" "}
                    </>
                  )}
                  <span class="name">{change.after ?? "removed"}</span>
                </li>
              ))}
            </ul>
          </details>
        )}
      </td>
    </tr>
  );
}
