/** Two tuning jobs side by side: which can be chosen, and what can be said of the two. Pure functions, no drawing. */

import { taskPath } from "./api";
import { number, time } from "./format";
import { better, bestOf, bestSoFar } from "./metrics";
import type { AnyJob } from "./connectionListing";
import type { ListedJob, Parameter, TaskInstance, TaskKey, Tuning } from "./model";

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

/** A known tuning job that may be offered. */
export interface Known {
  name: string;
  label: string;
  path: string;
  /** The heading that it stands under. */
  group: string;
}

/** The parents of a warm start first, then the known jobs by group; each job once. */
export function candidates(tuning: Tuning, task: TaskInstance, known: Known[]): CandidateGroup[] {
  const offered = new Set([tuning.job.name]);
  const once = <T extends Candidate>(jobs: T[]): T[] => jobs.filter(({ name }) => !offered.has(name) && Boolean(offered.add(name)));
  const parents = (tuning.job.warm_start?.parents ?? []).map((name) => ({
    name,
    label: name,
    path: taskPath(task, `/parents/${encodeURIComponent(name)}`),
  }));
  const groups = [...new Set(known.map(({ group }) => group))];
  return [
    { title: "Warm-started from", jobs: once(parents) },
    ...groups.map((title) => ({ title, jobs: once(known.filter(({ group }) => group === title)) })),
  ].filter(({ jobs }) => jobs.length > 0);
}

/** The known jobs of tasks: those of the same DAG first. */
export function ofTasks(task: TaskKey, rows: ListedJob[]): Known[] {
  const known = (mine: boolean): Known[] =>
    rows
      .filter((row) => (row.dag_id === task.dag_id) === mine)
      .map((row) => ({
        name: row.name,
        label: `${row.name} · ${mine ? "" : `${row.dag_id} · `}${row.task_id}${row.map_index >= 0 ? `[${row.map_index}]` : ""} · ${labelOf(row.created_at ?? row.announced, row.final_metric)}`,
        path: taskPath(row),
        group: mine ? `Of DAG ${task.dag_id}` : "Of other DAGs",
      }));
  return [...known(true), ...known(false)];
}

/** The known jobs of a connection. */
export const ofConnection = (connection: string, rows: AnyJob[]): Known[] =>
  rows.map((row) => ({
    name: row.name,
    label: `${row.name} · ${labelOf(row.created_at, row.final_metric)}`,
    path: taskPath({ connection, name: row.name }),
    group: `Of connection ${connection}`,
  }));

const labelOf = (started: number | null, best: number | null): string => `${time(started)}${best === null ? "" : ` · best ${number(best)}`}`;

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
    `and passed the best of ${loser.job.name} with training job ${passed} of ${winner.trainingJobs.length}.`
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
