/** A button that copies a text. */

import { useEffect, useState } from "preact/hooks";

import { copyText } from "../clipboard";

export function CopyButton({ text, children }: { text: string; children: string }) {
  const [said, setSaid] = useState("");
  useEffect(() => {
    if (!said) return;
    const timer = window.setTimeout(() => setSaid(""), 2000);
    return () => window.clearTimeout(timer);
  }, [said]);
  const copy = async (place: HTMLElement): Promise<void> => {
    const copied = await copyText(text, place.parentElement as HTMLElement);
    place.focus();
    setSaid(copied ? "Copied" : "The browser did not copy it");
  };
  return (
    <button type="button" onClick={(event) => void copy(event.currentTarget)}>
      <span aria-live="polite">{said || children}</span>
    </button>
  );
}
