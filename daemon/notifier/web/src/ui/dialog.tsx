// Dialogs on the browser's own <dialog>: it keeps the focus inside, closes with Escape, and gives the
// focus back.

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { asProblem, type Problem } from "../api/client";
import { Button, ProblemNotice } from "./basics";
import { TextField } from "./form";

export function Dialog(props: {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  foot?: ComponentChildren;
  wide?: boolean;
}) {
  const element = useRef<HTMLDialogElement>(null);
  const title = useId();
  useEffect(() => {
    element.current?.showModal();
  }, []);
  return (
    <dialog
      ref={element}
      class={`dialog ${props.wide ? "wide" : ""}`}
      aria-labelledby={title}
      onCancel={(event) => {
        event.preventDefault();
        props.onClose();
      }}
      onClick={(event) => {
        if (event.target === element.current) props.onClose();
      }}
    >
      <div class="dialog-head">
        <h2 id={title}>{props.title}</h2>
        <Button kind="quiet" icon="close" label="Close" onClick={props.onClose} />
      </div>
      <div class="dialog-body">{props.children}</div>
      {props.foot && <div class="dialog-foot">{props.foot}</div>}
    </dialog>
  );
}

export interface ConfirmProps {
  title: string;
  children?: ComponentChildren;
  /** What the button says: a verb. */
  action: string;
  danger?: boolean;
  /** Ask why; the answer goes to `onConfirm`. */
  reason?: string;
  /** This word has to be typed first. */
  typed?: string;
  onConfirm: (reason: string) => Promise<void>;
  onClose: () => void;
}

/** Asks before something happens, shows when it did not work, and closes when it did. */
export function Confirm(props: ConfirmProps) {
  const [reason, setReason] = useState("");
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const submit = async () => {
    setBusy(true);
    setProblem(null);
    try {
      await props.onConfirm(reason.trim());
      props.onClose();
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        {props.children && <div class="soft stack tight">{props.children}</div>}
        {props.reason && (
          <TextField
            label={props.reason}
            help="Everybody who sees the run can read it."
            value={reason}
            onInput={setReason}
            autofocus
          />
        )}
        {props.typed && (
          <TextField
            label={`Type ${props.typed} to confirm`}
            value={typed}
            onInput={setTyped}
            autofocus
          />
        )}
        <ProblemNotice problem={problem} what="That did not work" />
        <div class="row spread">
          <Button onClick={props.onClose}>Back</Button>
          <Button
            type="submit"
            kind={props.danger ? "danger" : "primary"}
            disabled={busy || (props.typed !== undefined && typed !== props.typed)}
          >
            {props.action}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
