/** Metrics derived from a tuning job's training jobs: pure functions, no drawing. */

import type { Job, TrainingJobRow, Tuning } from "./model";

/** Whether one metric is better than another. */
export const better = (a: number, b: number, minimize: boolean): boolean => (minimize ? a < b : a > b);

/** The best training job so far; null if none has reported the objective. */
export function bestOf(tuning: Tuning): TrainingJobRow | null {
  let best: TrainingJobRow | null = null;
  for (const trainingJob of tuning.trainingJobs) {
    if (trainingJob.metric === null || trainingJob.status === "Failed") continue;
    if (best === null || better(trainingJob.metric, best.metric as number, tuning.minimize)) best = trainingJob;
  }
  return best;
}

/** After each training job that reported: its number, and the best objective until then. */
export function bestSoFar(tuning: Tuning): [number, number][] {
  const steps: [number, number][] = [];
  let best: number | null = null;
  for (const { number, metric, status } of tuning.trainingJobs) {
    if (metric === null || status === "Failed") continue;
    if (best === null || better(metric, best, tuning.minimize)) best = metric;
    steps.push([number, best]);
  }
  return steps;
}

/** Seconds from the start to the end, or to `now`; null if it has ended at an unknown time. */
export function tookSeconds({ ended, ended_at, created_at }: Job, now: number): number | null {
  const end = ended ? ended_at : now;
  return end === null ? null : Math.max(0, end - created_at);
}

/** Seconds that all instances have trained, which is what SageMaker bills; still running ones until `now`. */
export function billableSeconds(tuning: Tuning, now: number): number {
  const counts = new Map(tuning.job.instances.map((one) => [one.definition, one.count]));
  const usual = tuning.job.instances[0]?.count ?? 1;
  return tuning.trainingJobs.reduce((sum, { started, ended, definition }) => {
    if (started === null) return sum;
    return sum + Math.max(0, (ended ?? (tuning.job.ended ? started : now)) - started) * (counts.get(definition) ?? usual);
  }, 0);
}

/**
 * Seconds until the tuning job is done, if the rest takes as long as what has ended: null while nothing has, or if it
 * has no limit. Completion criteria may end it earlier.
 */
export function secondsLeft(tuning: Tuning, now: number): number | null {
  const { job, trainingJobs } = tuning;
  if (job.ended) return null;
  const durations = trainingJobs.filter((t) => t.ended !== null && t.created !== null);
  const byTime = job.max_seconds === null ? null : Math.max(0, job.created_at + job.max_seconds - now);
  if (!durations.length || job.max_training_jobs === null) return byTime;
  const typical = durations.reduce((sum, t) => sum + ((t.ended as number) - (t.created as number)), 0) / durations.length;
  const running = trainingJobs.filter((t) => t.ended === null && t.created !== null);
  const toLaunch = Math.max(0, job.max_training_jobs - trainingJobs.length);
  const rest = running.map((t) => Math.max(typical * 0.1, typical - (now - (t.created as number))));
  const width = Math.max(1, job.max_parallel ?? 1);
  const work = rest.reduce((sum, one) => sum + one, 0) + toLaunch * typical;
  const byTrainingJobs = Math.max(work / width, ...rest, 0);
  return byTime === null ? byTrainingJobs : Math.min(byTrainingJobs, byTime);
}

export interface FailureGroup {
  headline: string;
  trainingJobs: TrainingJobRow[];
  /** Hyperparameters that have one and the same value in all of them. */
  shared: [string, string | number][];
}

/** Failed training jobs by what their reasons say, the largest group first. */
export function failureGroups(trainingJobs: TrainingJobRow[]): FailureGroup[] {
  const groups = new Map<string, TrainingJobRow[]>();
  for (const trainingJob of trainingJobs) {
    if (trainingJob.status !== "Failed") continue;
    const headline = trainingJob.headline ?? "No reason given";
    groups.set(headline, [...(groups.get(headline) ?? []), trainingJob]);
  }
  return [...groups]
    .map(([headline, members]) => ({ headline, trainingJobs: members, shared: members.length > 1 ? shared(members) : [] }))
    .sort((a, b) => b.trainingJobs.length - a.trainingJobs.length);
}

function shared(trainingJobs: TrainingJobRow[]): [string, string | number][] {
  return Object.entries(trainingJobs[0]?.values ?? {}).filter(
    (entry): entry is [string, string | number] =>
      entry[1] !== null && trainingJobs.every((trainingJob) => trainingJob.values[entry[0]] === entry[1]),
  );
}

/**
 * A range that shows where most values are: a few that lie far out (diverged training jobs) do not squeeze the rest.
 * The best end is never cut.
 */
export function readableRange(values: number[], minimize: boolean): { min: number; max: number; cut: boolean } | null {
  if (!values.length) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] as number;
  const [low, high] = [at(0), at(1)];
  const spread = at(0.75) - at(0.25);
  let [min, max] = [low, high];
  if (spread > 0 && sorted.length >= 8) {
    if (minimize) max = Math.min(high, at(0.75) + 5 * spread);
    else min = Math.max(low, at(0.25) - 5 * spread);
  }
  const margin = (max - min || Math.abs(max) || 1) * 0.06;
  return { min: min - margin, max: max + margin, cut: min > low || max < high };
}
