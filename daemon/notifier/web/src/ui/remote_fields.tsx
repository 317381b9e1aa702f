// The inputs of a remote's settings; rare ones behind "More options".

import type { RemoteField } from "../core/remote_types";
import type { Values } from "../core/remote_form";
import { Check, Select, TextArea, TextField } from "./form";

interface FieldsProps {
  fields: RemoteField[];
  values: Values;
  problems: Values;
  /** The remote exists: what is left empty stays as it is. */
  kept: boolean;
  /** What is stored and no secret stands in the inputs: there, empty means empty. */
  shown?: boolean;
  onInput: (name: string, value: string) => void;
}

export function RemoteFields(props: FieldsProps) {
  const usual = props.fields.filter((field) => !field.more);
  const more = props.fields.filter((field) => field.more);
  const wrong = more.some((field) => props.problems[field.name]);
  return (
    <>
      <Group {...props} fields={usual} />
      {more.length > 0 && (
        <details class="more" open={wrong || undefined}>
          <summary>More options</summary>
          <Group {...props} fields={more} />
        </details>
      )}
    </>
  );
}

function Group(props: FieldsProps) {
  return (
    <div class="form-grid">
      {props.fields.map((field) => (
        <OneField key={field.name} {...props} field={field} />
      ))}
    </div>
  );
}

function OneField({
  field,
  values,
  problems,
  kept: exists,
  shown,
  onInput,
}: FieldsProps & { field: RemoteField }) {
  const kept = exists && (!shown || field.kind === "secret");
  const value = values[field.name] ?? "";
  const common = {
    label: field.required && !kept ? `${field.label} (needed)` : field.label,
    help: field.help,
    problem: problems[field.name] ?? "",
    value,
    onInput: (next: string) => onInput(field.name, next),
  };
  const unchanged = kept ? "Unchanged" : field.placeholder;
  if (field.choices)
    return (
      <Select {...common} options={kept ? [["", "Unchanged"], ...field.choices] : field.choices} />
    );
  if (field.kind === "boolean" && !kept)
    return (
      <Check
        label={field.label}
        help={field.help}
        value={(value || field.placeholder) === "true"}
        onInput={(on) => onInput(field.name, on ? "true" : "false")}
      />
    );
  if (field.kind === "boolean")
    return (
      <Select
        {...common}
        options={[
          ["", "Unchanged"],
          ["true", "On"],
          ["false", "Off"],
        ]}
      />
    );
  if (field.kind === "key")
    return <TextArea {...common} rows={4} placeholder={kept ? "Unchanged" : ""} />;
  return (
    <TextField
      {...common}
      type={field.kind === "secret" ? "password" : "text"}
      autocomplete={field.kind === "secret" ? "new-password" : "off"}
      placeholder={unchanged}
    />
  );
}
