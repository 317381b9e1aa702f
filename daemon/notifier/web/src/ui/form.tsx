// Fields of forms: a label, the input, help, and what is wrong, each tied together for screen readers.

import type { ComponentChildren, InputHTMLAttributes } from "preact";
import { useId } from "preact/hooks";
import { Icon } from "./icon";
import { weekdayNumbers, weekdayWords, weekdaysOf } from "../core/schedule";

interface FieldFrame {
  label: string;
  help?: ComponentChildren;
  problem?: string;
}

export interface FieldIds {
  id: string;
  "aria-invalid": boolean;
  "aria-describedby": string | undefined;
}

/** `children` gets what ties the input to its texts. */
export function Field(props: FieldFrame & { children: (ids: FieldIds) => ComponentChildren }) {
  const id = useId();
  const described = [props.problem ? `${id}-problem` : "", props.help ? `${id}-help` : ""]
    .filter(Boolean)
    .join(" ");
  return (
    <div class="field">
      <label class="label" for={id}>
        {props.label}
      </label>
      {props.children({
        id,
        "aria-invalid": Boolean(props.problem),
        "aria-describedby": described || undefined,
      })}
      <Below id={id} {...props} />
    </div>
  );
}

function Below(props: { id: string; help?: ComponentChildren; problem?: string }) {
  return (
    <>
      {props.problem && (
        <div class="problem" id={`${props.id}-problem`}>
          <Icon name="alert" /> <span>{props.problem}</span>
        </div>
      )}
      {props.help && (
        <div class="help" id={`${props.id}-help`}>
          {props.help}
        </div>
      )}
    </>
  );
}

export interface TextFieldProps extends FieldFrame {
  value: string;
  onInput: (value: string) => void;
  type?:
    | "text"
    | "password"
    | "number"
    | "search"
    | "date"
    | "datetime-local"
    | "time"
    | "email"
    | "url";
  placeholder?: string;
  autocomplete?: string;
  required?: boolean;
  disabled?: boolean;
  min?: number;
  max?: number;
  step?: number;
  size?: "short" | "middle" | "";
  /** Words to choose from; anything else may be typed all the same. */
  suggestions?: string[];
  /** What stands behind the input: a unit, a button. */
  behind?: ComponentChildren;
  autofocus?: boolean;
  mono?: boolean;
}

// What may stand together on an input depends on its type; here all types are one component.
function inputAttributes(props: TextFieldProps, list: string): InputHTMLAttributes {
  return {
    class: `input ${props.size ?? ""} ${props.mono ? "mono" : ""}`,
    type: props.type ?? "text",
    value: props.value,
    placeholder: props.placeholder,
    autocomplete: props.autocomplete ?? "off",
    spellcheck: false,
    required: props.required,
    disabled: props.disabled,
    min: props.min,
    max: props.max,
    step: props.step,
    autofocus: props.autofocus,
    list: props.suggestions ? list : undefined,
    onInput: (event: Event) => props.onInput((event.currentTarget as HTMLInputElement).value),
  } as InputHTMLAttributes;
}

export function TextField(props: TextFieldProps) {
  const list = useId();
  return (
    <Field label={props.label} help={props.help} problem={props.problem}>
      {(ids) => (
        <div class="row">
          <input {...ids} {...inputAttributes(props, list)} />
          {props.suggestions && (
            <datalist id={list}>
              {props.suggestions.map((word) => (
                <option key={word} value={word} />
              ))}
            </datalist>
          )}
          {props.behind}
        </div>
      )}
    </Field>
  );
}

export function NumberField(
  props: Omit<TextFieldProps, "value" | "onInput" | "type"> & {
    value: number;
    onInput: (value: number) => void;
  },
) {
  return (
    <TextField
      {...props}
      type="number"
      size={props.size ?? "short"}
      value={Number.isFinite(props.value) ? String(props.value) : ""}
      onInput={(text) => props.onInput(text === "" ? Number.NaN : Number(text))}
    />
  );
}

export function TextArea(
  props: FieldFrame & {
    value: string;
    onInput: (value: string) => void;
    placeholder?: string;
    rows?: number;
  },
) {
  return (
    <Field {...props}>
      {(ids) => (
        <textarea
          {...ids}
          class="input"
          rows={props.rows ?? 5}
          value={props.value}
          placeholder={props.placeholder}
          spellcheck={false}
          onInput={(event) => props.onInput(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

export function Select<T extends string>(
  props: FieldFrame & {
    value: T;
    options: readonly (readonly [T, string])[];
    onInput: (value: T) => void;
    disabled?: boolean;
  },
) {
  return (
    <Field {...props}>
      {(ids) => (
        <select
          {...ids}
          class="input"
          value={props.value}
          disabled={props.disabled}
          onInput={(event) => props.onInput(event.currentTarget.value as T)}
        >
          {props.options.map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

export function Check(props: {
  label: ComponentChildren;
  help?: ComponentChildren;
  value: boolean;
  onInput: (value: boolean) => void;
  disabled?: boolean;
}) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={props.value}
        disabled={props.disabled}
        onInput={(event) => props.onInput(event.currentTarget.checked)}
      />
      <span class="stack close">
        <span>{props.label}</span>
        {props.help && <span class="muted small">{props.help}</span>}
      </span>
    </label>
  );
}

export interface Choice<T extends string> {
  value: T;
  title: string;
  text?: string;
}

/** A few possibilities with a sentence each. */
export function Choices<T extends string>(props: {
  legend: string;
  value: T;
  choices: readonly Choice<T>[];
  onInput: (value: T) => void;
}) {
  const name = useId();
  return (
    <fieldset class="choices">
      <legend class="hidden-text">{props.legend}</legend>
      {props.choices.map((choice) => (
        <label class="choice" key={choice.value}>
          <input
            type="radio"
            name={name}
            value={choice.value}
            checked={choice.value === props.value}
            onInput={() => props.onInput(choice.value)}
          />
          <span class="title">{choice.title}</span>
          {choice.text && <span class="text">{choice.text}</span>}
        </label>
      ))}
    </fieldset>
  );
}

const dayLabels = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

export function Weekdays(props: {
  label: string;
  value: string;
  onInput: (value: string) => void;
  problem?: string;
}) {
  const id = useId();
  const chosen = weekdayNumbers(props.value);
  const toggle = (day: number) => {
    const days = chosen.includes(day) ? chosen.filter((one) => one !== day) : [...chosen, day];
    props.onInput(weekdaysOf(days.sort()));
  };
  return (
    <div class="field">
      <fieldset class="days" aria-describedby={props.problem ? `${id}-problem` : undefined}>
        <legend class="label-text">{props.label}</legend>
        {weekdayWords.map((word, day) => (
          <label class="day" key={word}>
            <input type="checkbox" checked={chosen.includes(day)} onInput={() => toggle(day)} />
            {dayLabels[day]}
          </label>
        ))}
      </fieldset>
      <Below id={id} problem={props.problem} />
    </div>
  );
}

// ── Rates and sizes: a number and its unit ──────────────────────────────────────────────────────

const rateUnits = [
  ["KiB/s", 1024],
  ["MiB/s", 1024 ** 2],
  ["GiB/s", 1024 ** 3],
] as const;

/** kbps as the server stores it: 1000 bytes per second; 0: no cap. */
export function RateField(
  props: FieldFrame & { value: number; onInput: (kbps: number) => void; size?: "short" | "middle" },
) {
  const bytes = props.value * 1000;
  const unit = [...rateUnits].reverse().find(([, size]) => bytes >= size * 0.999) ?? rateUnits[1];
  const count = props.value ? Number((bytes / unit[1]).toPrecision(4)) : 0;
  const set = (amount: number, size: number) =>
    props.onInput(Number.isFinite(amount) ? Math.max(0, Math.round((amount * size) / 1000)) : 0);
  return (
    <Field {...props}>
      {(ids) => (
        <div class="row">
          <input
            {...ids}
            class="input short"
            type="number"
            min={0}
            step="any"
            value={count}
            onChange={(event) => set(event.currentTarget.valueAsNumber, unit[1])}
          />
          <select
            class="input short"
            aria-label={`Unit of ${props.label}`}
            value={String(unit[1])}
            onInput={(event) => set(count, Number(event.currentTarget.value))}
          >
            {rateUnits.map(([name, size]) => (
              <option key={name} value={String(size)}>
                {name}
              </option>
            ))}
          </select>
        </div>
      )}
    </Field>
  );
}
