/** A button that stops a job, after a question. */

import { useId, useRef, useState } from "preact/hooks";

import { ProblemError } from "../api";

interface Props {
  question: string;
  /** On the button that stops it. */
  confirm: string;
  send: () => Promise<void>;
  onStopped: () => void;
  /** What stopping means. */
  children: preact.ComponentChildren;
}

export function StopButton({ question, confirm, send, onStopped, children }: Props) {
  const title = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState("");

  const open = (): void => {
    setTrouble("");
    dialog.current?.showModal();
  };
  const stop = async (): Promise<void> => {
    if (busy) return;
    setBusy(true);
    setTrouble("");
    try {
      await send();
      dialog.current?.close();
      onStopped();
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      const { title, detail, remedy } = error.problem;
      setTrouble([`${title}.`, detail, remedy].filter(Boolean).join(" "));
    } finally {
      setBusy(false);
    }
  };

  return (
    <>
      <button type="button" class="button-stop" onClick={open}>
        Stop
      </button>
      <dialog ref={dialog} aria-labelledby={title}>
        <h2 id={title}>{question}</h2>
        <p>{children}</p>
        {trouble && (
          <p class="trouble" role="alert">
            {trouble}
          </p>
        )}
        <div class="buttons">
          <button type="button" onClick={() => dialog.current?.close()}>
            Let it run
          </button>
          {/* Not `disabled`: that would take the focus from keyboard users. */}
          <button type="button" class="button-danger" aria-disabled={busy} onClick={() => void stop()}>
            {busy ? "Stopping …" : confirm}
          </button>
        </div>
      </dialog>
    </>
  );
}
