// Name, client and mode of a job.

import { get } from "../../api/client";
import type { JobKind, ProgramsAnswer } from "../../api/contract";
import { isProvider } from "../../state/session";
import { useQuery } from "../../state/query";
import { Check, Choices, Select, TextField, type Choice } from "../../ui/form";
import { ProblemNotice } from "../../ui/basics";
import { ClientSelect } from "../../ui/client_select";
import type { StepProps } from "./step";

const kinds: Choice<JobKind>[] = [
  {
    value: "sync",
    title: "Sync",
    text: "Makes the destination equal to the source, and deletes what is gone.",
  },
  { value: "copy", title: "Copy", text: "Copies what is new or changed. Never deletes." },
  { value: "archive", title: "Archive", text: "One compressed, dated file per run." },
  { value: "move", title: "Move", text: "Removes from the source what was copied." },
  { value: "check", title: "Compare", text: "Compares both sides and changes nothing." },
  { value: "upload", title: "Upload", text: "Takes files that people hand in here." },
  { value: "command", title: "Program", text: "A program of the administrator does the work." },
];

export function BasicsStep({ job, set, isNew, problemOf }: StepProps) {
  return (
    <div class="form">
      <div class="form-grid">
        <TextField
          label="Name"
          value={job.name}
          disabled={!isNew}
          help={isNew ? "Like photos or crm-database; it cannot be changed later." : undefined}
          problem={problemOf("name")}
          onInput={(name) => set({ name })}
          autofocus={isNew}
        />
        {isNew ? (
          <ClientSelect
            value={job.client}
            help="Remotes, limits and people of this client."
            problem={problemOf("client")}
            onInput={(client) => set({ client, source: "", destination: "" })}
          />
        ) : (
          isProvider.value && (
            <TextField label="Client" value={job.client} disabled onInput={() => {}} />
          )
        )}
      </div>
      <div class="stack tight">
        <h3>What it does</h3>
        <Choices
          legend="What it does"
          value={job.kind}
          choices={kinds}
          onInput={(kind) => set({ kind })}
        />
      </div>
      {job.kind === "command" && <CommandPart job={job} set={set} problemOf={problemOf} />}
      <Check
        label="Enabled"
        help="Off: it runs only when somebody starts it."
        value={job.enabled}
        onInput={(enabled) => set({ enabled })}
      />
    </div>
  );
}

function CommandPart({ job, set, problemOf }: Pick<StepProps, "job" | "set" | "problemOf">) {
  const programs = useQuery("programs", (signal) => get<ProgramsAnswer>("/programs", {}, signal));
  const commands = programs.data?.commands ?? [];
  const chosen = commands.find((one) => one.name === job.command.name);
  return (
    <div class="section">
      <ProblemNotice
        problem={programs.problem}
        what="The programs could not be loaded"
        retry={programs.reload}
      />
      <Select
        label="Program"
        value={job.command.name}
        problem={problemOf("command.name")}
        help={
          programs.data && !commands.length
            ? "No worker has one. Its administrator adds [commands.NAME] to the worker's configuration."
            : chosen?.description
        }
        options={[["", "Choose"], ...commands.map((one): [string, string] => [one.name, one.name])]}
        onInput={(name) => set({ command: { name, settings: {} } })}
      />
      {Object.entries(chosen?.settings ?? {}).map(([name, pattern]) => (
        <TextField
          key={name}
          label={name}
          help={pattern && `Must look like ${pattern}`}
          value={job.command.settings[name] ?? ""}
          problem={problemOf(`command.settings.${name}`)}
          onInput={(value) =>
            set({
              command: { ...job.command, settings: { ...job.command.settings, [name]: value } },
            })
          }
        />
      ))}
    </div>
  );
}
