// The kept states of a job: a timeline, a search, and what can be done with each.

import { useState } from "preact/hooks";
import { at, get, post } from "../../api/client";
import type { JobShowAnswer, VersionAnswer, VersionList, VersionView } from "../../api/contract";
import { plural } from "../../core/format";
import { href } from "../../core/router";
import { may } from "../../state/session";
import { useQuery } from "../../state/query";
import { toast, toastProblem } from "../../state/toasts";
import { Badge, Button, Bytes, Card, Empty, GradeText, Name, Page, Time } from "../../ui/basics";
import { Loaded, Table } from "../../ui/table";
import { BarChart } from "../../ui/charts";
import { Confirm } from "../../ui/dialog";
import { FindFiles } from "./find_files";
import { RestoreDialog, type Wanted } from "./restore_dialog";

export function RestoreJob({ job }: { job: string }) {
  const changed = {
    changedBy: (event: { kind: string; job: string }) =>
      event.job === job && event.kind.startsWith("version."),
  };
  const versions = useQuery(
    `versions/${job}`,
    (signal) => get<VersionList>(at("jobs", job, "versions"), {}, signal),
    changed,
  );
  const shown = useQuery(`job/${job}`, (signal) => get<JobShowAnswer>(at("jobs", job), {}, signal));
  const [wanted, setWanted] = useState<Wanted | null>(null);
  const [pinning, setPinning] = useState<VersionView | null>(null);
  const list = versions.data?.versions ?? [];
  const kept = list.filter((version) => version.state !== "pruned");
  return (
    <Page
      crumbs={<a href="#/restore">Restore</a>}
      title={<Name>{job}</Name>}
      sub="States that can be restored, newest first."
    >
      {kept.length > 1 && (
        <Card title="Size of the states">
          <BarChart
            what="Size"
            bars={[...kept]
              .slice(0, 40)
              .reverse()
              .map((version) => ({
                value: version.bytes,
                tone: version.good ? "" : "warn",
                label: `Run ${version.run}: ${plural(version.files, "file")}`,
              }))}
          />
        </Card>
      )}
      <FindFiles job={job} versions={kept} onRestore={setWanted} />
      <Card title="Kept states" flush>
        <Loaded query={versions} what="The versions could not be loaded">
          {() =>
            list.length ? (
              <Versions
                list={list}
                onRestore={(version) => setWanted({ version, pattern: "" })}
                onPin={setPinning}
                onChanged={versions.reload}
              />
            ) : (
              <Empty title="Nothing can be restored yet">
                A state is kept by each good run of a job with versions.{" "}
                {shown.data?.job.layout === "mirror" &&
                  "This job keeps a plain mirror: its files lie in the destination."}
              </Empty>
            )
          }
        </Loaded>
      </Card>
      {wanted && (
        <RestoreDialog
          wanted={wanted}
          client={shown.data?.job.client ?? wanted.version.client}
          onClose={() => setWanted(null)}
        />
      )}
      {pinning && (
        <Confirm
          title={`Keep the state of run ${pinning.run}`}
          action="Keep it"
          reason="Why (optional)"
          onClose={() => setPinning(null)}
          onConfirm={async (reason) => {
            await post<VersionAnswer>(at("versions", pinning.run, "pin"), {
              reason: reason || "kept by hand",
            });
            toast("good", `The state of run ${pinning.run} is kept whatever the rules say`);
            versions.reload();
          }}
        >
          Retention does not remove it until somebody lets it go again.
        </Confirm>
      )}
    </Page>
  );
}

function Versions(props: {
  list: VersionView[];
  onRestore: (version: VersionView) => void;
  onPin: (version: VersionView) => void;
  onChanged: () => void;
}) {
  const unpin = async (version: VersionView) => {
    try {
      await post(at("versions", version.run, "unpin"));
      toast("good", `The rules decide again over the state of run ${version.run}`);
      props.onChanged();
    } catch (error) {
      toastProblem("That did not work", error);
    }
  };
  return (
    <Table head={["State of", "Run", ["Files", "num"], ["Size", "num"], "Proof"]} actions>
      {props.list.map((version) => (
        <tr key={version.run}>
          <td>
            <Time at={version.at} />{" "}
            {version.pinned && (
              <Badge tone="held" title={version.pinned}>
                Kept
              </Badge>
            )}
            {version.state !== "kept" && (
              <Badge tone="dim">{version.state === "pruned" ? "Removed" : "Being removed"}</Badge>
            )}
          </td>
          <td class="wide">
            <a href={href(["runs", version.run])}>run {version.run}</a>
          </td>
          <td class="num wide">{version.files.toLocaleString("en-GB")}</td>
          <td class="num">
            <Bytes value={version.bytes} />
          </td>
          <td class="wide">
            <GradeText grade={version.grade} />
          </td>
          <td class="actions">
            {may("operate") && version.state === "kept" && (
              <>
                <Button
                  small
                  kind="quiet"
                  icon="pin"
                  label={version.pinned ? "Let the rules decide" : "Keep"}
                  onClick={() => (version.pinned ? void unpin(version) : props.onPin(version))}
                />
                <Button small icon="reload" onClick={() => props.onRestore(version)}>
                  Restore
                </Button>
              </>
            )}
          </td>
        </tr>
      ))}
    </Table>
  );
}
