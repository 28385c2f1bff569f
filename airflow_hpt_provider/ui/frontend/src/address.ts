/** What the page's own address asks it to show. */

import type { TaskInstance } from "./model";

export type Place =
  | { kind: "task"; task: TaskInstance }
  | { kind: "run"; dagId: string; runId: string }
  | { kind: "connection"; connection: string }
  | { kind: "jobs" };

/** `path` and `search` of the address; `base` is the path of the page's <base>. */
export function placeOf(path: string, search: string, base: string): Place {
  const below = path.startsWith(base) ? path.slice(base.length) : path.replace(/^.*?\/(?=task\/|run\/|jobs|connections\/)/, "");
  const [kind, ...parts] = below.split("/").map(decoded);
  const [dagId = "", runId = "", taskId = ""] = parts;
  if (kind === "task") {
    // Airflow leaves the placeholder {MAP_INDEX} as it is where the task is not mapped.
    const index = new URLSearchParams(search).get("map_index") ?? "";
    const map_index = /^\d+$/.test(index) ? Number(index) : -1;
    return { kind, task: { dag_id: dagId, run_id: runId, task_id: taskId, map_index } };
  }
  if (kind === "connections") {
    const [connection = "", , name] = parts;
    return name ? { kind: "task", task: { connection, name } } : { kind: "connection", connection };
  }
  if (kind === "run") return { kind, dagId, runId };
  return { kind: "jobs" };
}

const TRAINING_JOB = "training_job";

/** The training job that the address opens; null if it opens none. */
export const trainingJobOf = (search: string): string | null => new URLSearchParams(search).get(TRAINING_JOB) || null;

/** The page's own address with another training job open, or none. */
export function withTrainingJob(address: string, name: string | null): string {
  const url = new URL(address);
  if (name === null) url.searchParams.delete(TRAINING_JOB);
  else url.searchParams.set(TRAINING_JOB, name);
  return url.href;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // typed by hand
  }
}
