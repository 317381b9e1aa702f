// Which files a job takes: rclone's filter rules, in order.

import { Button, Empty } from "../../ui/basics";
import { Check, Field, TextArea } from "../../ui/form";
import type { StepProps } from "./step";

const examples: [string, string][] = [
  ["- *.tmp", "Leave out temporary files"],
  ["- .Trash-*/**", "Leave out trash folders"],
  ["- node_modules/**", "Leave out node_modules"],
  ["- **/.cache/**", "Leave out caches"],
];

export function FilesStep({ job, set, problemOf }: StepProps) {
  const options = job.options;
  const filters = options.filters;
  const change = (next: string[]) => set({ options: { ...options, filters: next } });
  const move = (index: number, by: number) => {
    const next = [...filters];
    const [rule] = next.splice(index, 1);
    if (rule !== undefined) next.splice(index + by, 0, rule);
    change(next);
  };
  return (
    <div class="form">
      <p class="soft">
        Rules are tried from top to bottom; the first that fits decides. What no rule fits is taken.
      </p>
      {filters.length ? (
        <ol class="plain stack tight">
          {filters.map((rule, index) => (
            <li key={index} class="row top">
              <div class="grow">
                <Field label={`Rule ${index + 1}`} problem={problemOf(`options.filters[${index}]`)}>
                  {(ids) => (
                    <div class="row">
                      <select
                        class="input short"
                        aria-label={`What rule ${index + 1} does`}
                        value={rule === "!" ? "!" : rule.startsWith("+") ? "+" : "-"}
                        onInput={(event) => {
                          const sign = event.currentTarget.value;
                          const pattern = rule.replace(/^[+-] */, "").replace(/^!$/, "");
                          change(
                            filters.map((one, i) =>
                              i === index ? (sign === "!" ? "!" : `${sign} ${pattern}`) : one,
                            ),
                          );
                        }}
                      >
                        <option value="-">Leave out</option>
                        <option value="+">Take</option>
                        <option value="!">Forget above</option>
                      </select>
                      <input
                        {...ids}
                        class="input mono"
                        disabled={rule === "!"}
                        value={rule === "!" ? "" : rule.replace(/^[+-] */, "")}
                        placeholder="*.tmp or /folder/**"
                        onInput={(event) => {
                          const sign = rule.startsWith("+") ? "+" : "-";
                          const pattern = event.currentTarget.value;
                          change(
                            filters.map((one, i) => (i === index ? `${sign} ${pattern}` : one)),
                          );
                        }}
                      />
                      <Button
                        small
                        kind="quiet"
                        label={`Move rule ${index + 1} up`}
                        disabled={index === 0}
                        onClick={() => move(index, -1)}
                      >
                        ↑
                      </Button>
                      <Button
                        small
                        kind="quiet"
                        label={`Move rule ${index + 1} down`}
                        disabled={index === filters.length - 1}
                        onClick={() => move(index, 1)}
                      >
                        ↓
                      </Button>
                      <Button
                        small
                        kind="quiet"
                        icon="trash"
                        label={`Remove rule ${index + 1}`}
                        onClick={() => change(filters.filter((_, i) => i !== index))}
                      />
                    </div>
                  )}
                </Field>
              </div>
            </li>
          ))}
        </ol>
      ) : (
        <Empty title="No rule: every file is taken">Add rules for what should be left out.</Empty>
      )}
      <div class="row wrap">
        <Button icon="plus" onClick={() => change([...filters, "- "])}>
          Add a rule
        </Button>
        {examples
          .filter(([rule]) => !filters.includes(rule))
          .map(([rule, text]) => (
            <Button
              key={rule}
              small
              kind="quiet"
              title={rule}
              onClick={() => change([...filters, rule])}
            >
              {text}
            </Button>
          ))}
      </div>
      <details class="more">
        <summary>More options</summary>
        <div class="form">
          <Check
            label="Log every file"
            help="Slows down jobs with many small files."
            value={options.file_log}
            onInput={(file_log) => set({ options: { ...options, file_log } })}
          />
          <TextArea
            label="Further rclone flags"
            help="One in a line, like --checksum; only flags of the allow-list are taken."
            rows={3}
            value={options.flags.join("\n")}
            problem={
              problemOf("options.flags") ||
              (options.flags.map((_, i) => problemOf(`options.flags[${i}]`)).find(Boolean) ?? "")
            }
            onInput={(text) =>
              set({ options: { ...options, flags: text === "" ? [] : text.split("\n") } })
            }
          />
        </div>
      </details>
    </div>
  );
}
