// Looks for a file in all kept states of a job.

import { useState } from "preact/hooks";
import { at, get } from "../../api/client";
import type { VersionFindAnswer, VersionView } from "../../api/contract";
import { replaceQuery, route } from "../../state/route";
import { may } from "../../state/session";
import { useQuery } from "../../state/query";
import { Button, Bytes, Card, Empty, Loading, Name, ProblemNotice, Time } from "../../ui/basics";
import { Table } from "../../ui/table";
import { TextField } from "../../ui/form";
import type { Wanted } from "./restore_dialog";

export function FindFiles(props: {
  job: string;
  versions: VersionView[];
  onRestore: (wanted: Wanted) => void;
}) {
  const pattern = route.value.query.find ?? "";
  const [text, setText] = useState(pattern);
  const found = useQuery(pattern ? `find/${props.job}/${pattern}` : null, (signal) =>
    get<VersionFindAnswer>(at("jobs", props.job, "files"), { pattern }, signal),
  );
  const files = found.data?.files ?? [];
  const byRun = new Map(props.versions.map((version) => [version.run, version]));
  return (
    <Card title="Find a file">
      <div class="stack">
        <form
          role="search"
          class="inputs"
          onSubmit={(event) => {
            event.preventDefault();
            replaceQuery({ ...route.value.query, find: text.trim() });
          }}
        >
          <div class="grow">
            <TextField
              label="Name or pattern"
              value={text}
              placeholder="report*.pdf or invoices/2026/**"
              help="* stands for anything in a name, ** also for folders."
              onInput={setText}
            />
          </div>
          <Button type="submit" icon="search">
            Find
          </Button>
        </form>
        <ProblemNotice
          problem={found.problem}
          what="The search did not work"
          retry={found.reload}
        />
        {pattern && !found.data && !found.problem && <Loading />}
        {found.data && !files.length && (
          <Empty title="No state holds such a file">
            Try a pattern with * before and behind a part of the name.
          </Empty>
        )}
        {files.length > 0 && (
          <div class="table-wrap">
            <Table head={["File", "In the state of", "Changed", ["Size", "num"]]} actions>
              {files.map((file) => {
                const version = byRun.get(file.run);
                return (
                  <tr key={`${file.run}/${file.path}`}>
                    <td>
                      <Name>{file.path}</Name>
                    </td>
                    <td class="wide">
                      run {file.run}
                      {version && (
                        <>
                          , <Time at={version.at} />
                        </>
                      )}
                    </td>
                    <td class="wide">
                      <Time at={file.mtime} />
                    </td>
                    <td class="num wide">
                      <Bytes value={file.size} />
                    </td>
                    <td class="actions">
                      {version && may("operate") && (
                        <Button
                          small
                          icon="reload"
                          onClick={() => props.onRestore({ version, pattern: file.path })}
                        >
                          Restore
                        </Button>
                      )}
                    </td>
                  </tr>
                );
              })}
            </Table>
            {found.data?.truncated && (
              <p class="muted small">There are more; make the pattern narrower.</p>
            )}
          </div>
        )}
      </div>
    </Card>
  );
}
