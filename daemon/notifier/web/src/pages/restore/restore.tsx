// The jobs whose files can be brought back.

import { useState } from "preact/hooks";
import { get } from "../../api/client";
import type { JobPage } from "../../api/contract";
import { href } from "../../core/router";
import { isProvider } from "../../state/session";
import { useQuery } from "../../state/query";
import { Ago, Card, Empty, Loading, Name, Page, ProblemNotice } from "../../ui/basics";
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
      <ProblemNotice
        problem={jobs.problem}
        what="The jobs could not be loaded"
        retry={jobs.reload}
      />
      <Card flush>
        {!jobs.data ? (
          !jobs.problem && <Loading />
        ) : rows.length ? (
          <table class="table phone">
            <thead>
              <tr>
                <th>Job</th>
                <th>Copies lie in</th>
                <th>Last good run</th>
              </tr>
            </thead>
            <tbody>
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
                    <Ago at={job.last_run?.state === "succeeded" ? job.last_run.ended_at : null} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        ) : (
          <Empty title={search ? "No job fits" : "No job yet"}>
            {search ? "Look for something else." : "States to restore appear when jobs have run."}
          </Empty>
        )}
      </Card>
    </Page>
  );
}
