// The jobs whose files can be brought back.

import { useState } from "preact/hooks";
import { get } from "../../api/client";
import type { JobPage } from "../../api/contract";
import { href } from "../../core/router";
import { isProvider } from "../../state/session";
import { useQuery } from "../../state/query";
import { Ago, Card, Empty, Name, Page } from "../../ui/basics";
import { Loaded, Table } from "../../ui/table";
import { TextField } from "../../ui/form";

export function Restore() {
  const [search, setSearch] = useState("");
  const jobs = useQuery("restore-jobs", (signal) => get<JobPage>("/jobs", { limit: 500 }, signal));
  const rows = (jobs.data?.jobs ?? []).filter(
    (job) =>
      job.kind !== "check" &&
      job.kind !== "command" &&
      `${job.name} ${job.client} ${job.destination}`.toLowerCase().includes(search.toLowerCase()),
  );
  return (
    <Page title="Restore" sub="Choose the job whose files should come back." narrow>
      <TextField
        label="Search"
        type="search"
        value={search}
        onInput={setSearch}
        placeholder="Job or destination"
      />
      <Card flush>
        <Loaded query={jobs} what="The jobs could not be loaded">
          {() =>
            rows.length ? (
              <Table head={["Job", "Copies lie in", "Last good run"]}>
                {rows.map((job) => (
                  <tr key={job.name}>
                    <td>
                      <a class="strong" href={href(["restore", job.name])}>
                        <Name>{job.name}</Name>
                      </a>
                      {isProvider.value && <span class="muted small"> {job.client}</span>}
                    </td>
                    <td class="wide">
                      <Name>{job.destination}</Name>
                    </td>
                    <td class="end">
                      <Ago
                        at={job.last_run?.state === "succeeded" ? job.last_run.ended_at : null}
                      />
                    </td>
                  </tr>
                ))}
              </Table>
            ) : (
              <Empty title={search ? "No job fits" : "No job yet"}>
                {search
                  ? "Look for something else."
                  : "States to restore appear when jobs have run."}
              </Empty>
            )
          }
        </Loaded>
      </Card>
    </Page>
  );
}
