// Handing files in: drop them, watch them arrive, get a receipt.

import { useRef, useState } from "preact/hooks";
import { get } from "../api/client";
import type { JobPage, ReceiptPage } from "../api/contract";
import { bytesText, durationText, percentText, rateText } from "../core/format";
import { href } from "../core/router";
import { now, route } from "../state/route";
import { ownClient } from "../state/session";
import { useQuery } from "../state/query";
import { forgetUpload, startUpload, uploads, type Upload as Sent } from "../state/uploads";
import {
  Badge,
  Button,
  Bytes,
  Card,
  Empty,
  Name,
  Page,
  ProblemNotice,
  ProgressBar,
  Time,
} from "../ui/basics";
import { ClientSelect } from "../ui/client_select";
import { Loaded, Table } from "../ui/table";
import { Select } from "../ui/form";
import { Icon } from "../ui/icon";

export function Upload() {
  const [client, setClient] = useState(ownClient.value || "default");
  const [job, setJob] = useState(route.value.query.job ?? "");
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const jobs = useQuery("upload-jobs", (signal) => get<JobPage>("/jobs", { limit: 500 }, signal));
  const takers = (jobs.data?.jobs ?? []).filter(
    (one) => one.kind === "upload" && (job === one.name || one.client === client),
  );
  const send = (files: FileList | null | undefined) => {
    for (const file of files ?? []) startUpload(file, job ? { job } : { client });
  };
  return (
    <Page title="Upload" sub="Hand files in; they are stored where the upload job says." narrow>
      <div class="filters">
        <ClientSelect
          value={client}
          onInput={(next) => {
            setClient(next);
            setJob("");
          }}
        />
        <Select
          label="Job"
          value={job}
          options={[
            ["", "The upload job of the client"],
            ...takers.map((one): [string, string] => [one.name, one.name]),
          ]}
          onInput={setJob}
        />
      </div>
      <div
        class={`drop ${over ? "over" : ""}`}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          send(event.dataTransfer?.files);
        }}
      >
        <Icon name="upload" />
        <p class="strong">Drop files here</p>
        <p class="muted small">or</p>
        <Button kind="primary" onClick={() => input.current?.click()}>
          Choose files
        </Button>
        <input
          ref={input}
          class="hidden-text"
          type="file"
          multiple
          tabIndex={-1}
          aria-label="Files to hand in"
          onChange={(event) => {
            send(event.currentTarget.files);
            event.currentTarget.value = "";
          }}
        />
      </div>
      {uploads.value.length > 0 && (
        <Card title="On their way">
          <ul class="plain stack" aria-live="polite">
            {uploads.value.map((one) => (
              <OneUpload key={one.id} upload={one} />
            ))}
          </ul>
        </Card>
      )}
      <Receipts />
    </Page>
  );
}

function rateOf(upload: Sent): number {
  const seconds = (Math.max(now.value, Date.now()) - upload.startedAt) / 1000;
  return seconds > 0.5 ? upload.sent / seconds : 0;
}

function OneUpload({ upload }: { upload: Sent }) {
  const percent = upload.size > 0 ? (upload.sent / upload.size) * 100 : 0;
  const rate = rateOf(upload);
  const left = rate > 0 ? ((upload.size - upload.sent) / rate) * 1000 : -1;
  return (
    <li class="stack tight" data-testid="upload">
      <div class="row spread">
        <span class="row grow">
          <Icon name="file" />
          <Name class="cut">{upload.name}</Name>
          <span class="muted small nowrap">{bytesText(upload.size)}</span>
        </span>
        {upload.state === "sending" ? (
          <Button small icon="close" onClick={upload.cancel}>
            Cancel
          </Button>
        ) : (
          <span class="row">
            <UploadState upload={upload} />
            <Button
              small
              kind="quiet"
              icon="close"
              label="Take off the list"
              onClick={() => forgetUpload(upload.id)}
            />
          </span>
        )}
      </div>
      {upload.state === "sending" && (
        <>
          <ProgressBar percent={percent} label={`Progress of ${upload.name.slice(0, 80)}`} />
          <span class="muted small">
            {percent >= 100
              ? "Everything has been sent; a worker stores and checks it"
              : `${percentText(percent)} · ${rateText(rate)} · ${left >= 0 ? `about ${durationText(left)} left` : ""}`}
          </span>
        </>
      )}
      {upload.accepted && (
        <p class="small soft">
          It arrived whole: SHA-256 <code class="name">{upload.accepted.sha256}</code>. The receipt
          follows with <a href={href(["runs", upload.accepted.run])}>run {upload.accepted.run}</a>.
        </p>
      )}
      <ProblemNotice problem={upload.problem} what="It was not stored" />
    </li>
  );
}

function UploadState({ upload }: { upload: Sent }) {
  if (upload.state === "stored") return <Badge tone="good">Handed in</Badge>;
  if (upload.state === "cancelled") return <Badge tone="dim">Cancelled</Badge>;
  return <Badge tone="bad">Failed</Badge>;
}

function Receipts() {
  const receipts = useQuery(
    "receipts",
    (signal) => get<ReceiptPage>("/receipts", { limit: 50 }, signal),
    {
      changedBy: (event) => event.kind === "run.finished",
    },
  );
  const rows = receipts.data?.receipts ?? [];
  return (
    <Card title="Receipts" flush>
      <Loaded query={receipts} what="The receipts could not be loaded">
        {() =>
          rows.length ? (
            <Table head={["File", "Lies at", "Stored", ["Size", "num"], "SHA-256"]}>
              {rows.map((row) => (
                <tr key={row.run}>
                  <td>
                    <a href={href(["runs", row.run])}>
                      <Name>{row.name}</Name>
                    </a>
                  </td>
                  <td class="wide">
                    <Name>{row.path}</Name>
                  </td>
                  <td>
                    <Time at={row.at} />
                  </td>
                  <td class="num">
                    <Bytes value={row.size} />
                  </td>
                  <td class="wide">
                    <code title={row.sha256}>{row.sha256.slice(0, 12)}…</code>
                  </td>
                </tr>
              ))}
            </Table>
          ) : (
            <Empty title="No receipt yet">
              Each file that was handed in and stored gets one, with its checksum.
            </Empty>
          )
        }
      </Loaded>
    </Card>
  );
}
