/** Two tuning jobs side by side: which can be chosen, and what can be said of the two. Pure functions, no drawing. */

import { taskPath } from "./api";
import { number, time } from "./format";
import { better, bestOf, bestSoFar } from "./metrics";
import type { ListedJob, Parameter, TaskInstance, Tuning } from "./model";

/** A tuning job that can be compared with another. */
export interface Candidate {
  name: string;
  label: string;
  /** Where the API has it. */
  path: string;
}

export interface CandidateGroup {
  title: string;
  jobs: Candidate[];
}

/** The parents of a warm start first, then the known jobs of the same DAG, then those of others; each job once. */
export function candidates(tuning: Tuning, task: TaskInstance, listed: ListedJob[]): CandidateGroup[] {
  const offered = new Set([tuning.job.name]);
  const once = (jobs: Candidate[]): Candidate[] =>
    jobs.filter(({ name }) => !offered.has(name) && Boolean(offered.add(name)));
  const parents = (tuning.job.warm_start?.parents ?? []).map((name) => ({
    name,
    label: name,
    path: taskPath(task, `/parents/${encodeURIComponent(name)}`),
  }));
  const dag = "dag_id" in task ? task.dag_id : null;
  const known = (mine: boolean): Candidate[] =>
    listed
      .filter((row) => (row.dag_id === dag) === mine)
      .map((row) => ({ name: row.name, label: labelOf(row, mine), path: taskPath(row) }));
  return [
    { title: "Warm-started from", jobs: once(parents) },
    { title: `Of DAG ${dag}`, jobs: once(known(true)) },
    { title: "Of other DAGs", jobs: once(known(false)) },
  ].filter(({ jobs }) => jobs.length > 0);
}

function labelOf(row: ListedJob, mine: boolean): string {
  const place = `${mine ? "" : `${row.dag_id} · `}${row.task_id}${row.map_index >= 0 ? `[${row.map_index}]` : ""}`;
  const found = row.final_metric === null ? "" : ` · best ${number(row.final_metric)}`;
  return `${row.name} · ${place} · ${time(row.created_at ?? row.announced)}${found}`;
}

/** Whether smaller is better for both, or larger for both: else no axis shows the two. */
export const sameDirection = (one: Tuning, other: Tuning): boolean => one.minimize === other.minimize;

/** A caution about comparing the two, or null. */
export function caution(one: Tuning, other: Tuning): string | null {
  const [a, b] = [one, other].map((each) => each.job.objective);
  if (!a || !b) return null;
  if (a.type !== b.type)
    return `${one.job.name} is to ${a.type.toLowerCase()} ${a.metric}, ${other.job.name} to ${b.type.toLowerCase()} ${b.metric}: their objectives cannot be compared.`;
  if (a.metric !== b.metric) return `The objectives have different names, ${a.metric} and ${b.metric}. Compare them only if they mean the same.`;
  return null;
}

/** Which is better, by how much, and how soon it was; null while one has no result, or if they cannot be compared. */
export function verdict(one: Tuning, other: Tuning): string | null {
  const [ours, others] = [bestOf(one)?.metric ?? null, bestOf(other)?.metric ?? null];
  if (ours === null || others === null || !sameDirection(one, other)) return null;
  if (ours === others) return `Both have found ${number(ours)}.`;
  const [winner, loser] = better(ours, others, one.minimize) ? [one, other] : [other, one];
  const passed = firstBetter(winner, bestOf(loser)?.metric as number);
  return (
    `${winner.job.name} is better by ${number(Math.abs(ours - others))}, ` +
    `and passed the best of ${loser.job.name} with training job ${passed} of ${winner.trials.length}.`
  );
}

function firstBetter(tuning: Tuning, metric: number): number {
  return bestSoFar(tuning).find(([, best]) => better(best, metric, tuning.minimize))?.[0] as number;
}

const SCALES: Record<string, string> = { log: ", logarithmic", reverse_log: ", reverse logarithmic" };

/** The range that a hyperparameter was searched in, in words. */
export function rangeOf(parameter: Parameter | undefined): string {
  if (!parameter) return "not searched";
  if (parameter.kind === "categorical") return `of ${(parameter.values ?? []).join(", ")}`;
  const { min, max } = parameter;
  if (min === null || min === undefined || max === null || max === undefined) return "range chosen by SageMaker";
  return `${number(min)} to ${number(max)}${SCALES[parameter.scale ?? ""] ?? ""}`;
}
