/** Several tuning jobs next to each other: their courses against training jobs and against billable time. */

import { connectionPage, taskPage, taskPath } from "./api";
import type { AnyJob } from "./connectionListing";
import { better } from "./metrics";
import type { ListedJob, TaskInstance, Tuning } from "./model";

export type Against = "jobs" | "billable";
export type Step = [number, number];

/** The best so far, after each training job or after each billable second; flat to the end of what was spent. */
export function course(tuning: Tuning, against: Against): Step[] {
  const counts = new Map(tuning.job.instances.map((one) => [one.definition, one.count]));
  const usual = tuning.job.instances[0]?.count ?? 1;
  const trainingJobs = tuning.trainingJobs.filter((trainingJob) => against === "jobs" || (trainingJob.started !== null && trainingJob.ended !== null));
  if (against === "billable") trainingJobs.sort((a, b) => (a.ended as number) - (b.ended as number) || a.number - b.number);
  const steps: Step[] = [];
  let [spent, best] = [0, null as number | null];
  for (const trainingJob of trainingJobs) {
    spent = against === "jobs" ? trainingJob.number : spent + (trainingJob.duration ?? 0) * (counts.get(trainingJob.definition) ?? usual);
    if (trainingJob.metric !== null && trainingJob.status !== "Failed" && (best === null || better(trainingJob.metric, best, tuning.minimize)))
      best = trainingJob.metric;
    if (best !== null) steps.push([spent, best]);
  }
  return steps;
}

/** Why the courses of these cannot be drawn in one chart; null if they can. */
export function incomparable(tunings: Tuning[]): string | null {
  if (new Set(tunings.map(({ minimize }) => minimize)).size > 1)
    return "Some of these tuning jobs minimize their objective and others maximize it: their courses are not drawn.";
  return null;
}

/** A caution about what is drawn, or null. */
export function mixed(tunings: Tuning[]): string | null {
  const names = [...new Set(tunings.map(({ job }) => job.objective?.metric).filter(Boolean))];
  return names.length > 1 ? `Their objectives have different names: ${names.join(", ")}. Compare them only if they mean the same.` : null;
}

export interface Chosen {
  name: string;
  path: string;
}

/** Where the API has the parents of a tuning job's warm start. */
export const family = (tuning: Tuning, task: TaskInstance): Chosen[] =>
  (tuning.job.warm_start?.parents ?? []).map((name) => ({ name, path: taskPath(task, `/parents/${encodeURIComponent(name)}`) }));

/** A row of the table to choose from. */
export interface Row extends Chosen {
  key: string;
  /** What the row's link says, and where it leads. */
  label: string;
  page: string;
  started: number | null;
  status: string | null;
  /** In place of the status, where SageMaker's is not known. */
  note: string;
  final_metric: number | null;
}

/** The runs of a task. */
export const runRows = (jobs: ListedJob[]): Row[] =>
  jobs.map((row) => ({
    key: `${row.run_id} ${row.map_index}`,
    name: row.name,
    path: taskPath(row),
    label: `${row.run_id}${row.map_index >= 0 ? `[${row.map_index}]` : ""}`,
    page: taskPage(row),
    started: row.created_at ?? row.announced,
    status: row.status,
    note: `task ${row.task_state ?? "not scheduled"}`,
    final_metric: row.final_metric,
  }));

/** The tuning jobs of a connection. */
export const connectionRows = (connection: string, jobs: AnyJob[]): Row[] =>
  jobs.map((row) => ({
    key: row.name,
    name: row.name,
    path: taskPath({ connection, name: row.name }),
    label: row.name,
    page: connectionPage(connection, row.name),
    started: row.created_at,
    status: row.status,
    note: "",
    final_metric: row.final_metric,
  }));

/** The newest rows, without the page's own job. */
export const newest = (rows: Row[], own: string, count: number): Chosen[] =>
  rows
    .filter(({ name }) => name !== own)
    .slice(0, count)
    .map(({ name, path }) => ({ name, path }));
