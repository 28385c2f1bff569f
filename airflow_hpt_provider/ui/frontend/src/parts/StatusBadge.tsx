import { status } from "../format";

const TONES: Record<string, string> = {
  InProgress: "running",
  Stopping: "running",
  Deleting: "running",
  Completed: "done",
  Failed: "failed",
  DeleteFailed: "failed",
  Stopped: "quiet",
};

/** A status as a word with a dot; the word alone says it, the colour only helps. */
export function StatusBadge({ of, quiet = false }: { of: string; quiet?: boolean }) {
  return <span class={`status status-${TONES[of] ?? "quiet"}${quiet ? " status-plain" : ""}`}>{status(of)}</span>;
}
