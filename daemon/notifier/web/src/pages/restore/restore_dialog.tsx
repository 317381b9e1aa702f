// What comes back, and where to.

import { useState } from "preact/hooks";
import { asProblem, at, post, type Problem } from "../../api/client";
import type { RunAccepted, VersionView } from "../../api/contract";
import { plural } from "../../core/format";
import { joinPlace, splitPlace } from "../../core/job_form";
import { go } from "../../state/route";
import { toast } from "../../state/toasts";
import { Button, Notice, ProblemNotice, Time } from "../../ui/basics";
import { Dialog } from "../../ui/dialog";
import { TextField } from "../../ui/form";
import { PlacePicker } from "../../ui/place_picker";

export interface Wanted {
  version: VersionView;
  pattern: string;
}

export function RestoreDialog({
  wanted,
  client,
  onClose,
}: {
  wanted: Wanted;
  client: string;
  onClose: () => void;
}) {
  const version = wanted.version;
  const [place, setPlace] = useState("");
  const [pattern, setPattern] = useState(wanted.pattern);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const { remote, path } = splitPlace(place);
  const start = async () => {
    setTried(true);
    if (!remote) return;
    setBusy(true);
    setProblem(null);
    try {
      const made = await post<RunAccepted>(at("versions", version.run, "restore"), {
        destination: joinPlace(remote, path),
        ...(pattern ? { pattern } : {}),
      });
      toast("good", `Run ${made.run} restores`);
      onClose();
      go(["runs", made.run]);
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };
  return (
    <Dialog
      wide
      title="Restore to a place"
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>Back</Button>
          <Button kind="primary" icon="reload" disabled={busy} onClick={() => void start()}>
            Restore
          </Button>
        </>
      }
    >
      <p class="soft">
        The state of run {version.run}, <Time at={version.at} full />,{" "}
        {plural(version.files, "file")}.
      </p>
      <TextField
        label="Which files"
        value={pattern}
        placeholder="Everything"
        help="A path or a pattern; empty: everything."
        onInput={setPattern}
      />
      <PlacePicker
        what="restore"
        client={client}
        value={place}
        problem={tried && !remote ? "Choose where the files go" : ""}
        onInput={setPlace}
      />
      <Notice>
        Nothing is deleted there; files of the same name are replaced. A place that a job writes to
        is refused.
      </Notice>
      <ProblemNotice problem={problem} what="The restore was not started" />
    </Dialog>
  );
}
