/** When each training job waited and trained, by slot. Pure functions, no drawing. */

import type { TrainingJobRow, Tuning } from "./model";

export interface Bar {
  trainingJob: TrainingJobRow;
  /** From 0: training jobs of one slot followed each other. */
  slot: number;
  created: number;
  /** When it began to train, or ended without; equal to `created` if that is not known. */
  started: number;
  ended: number;
}

/** Every training job whose times are known, in a slot that was free; one that runs lasts until `now`. */
export function barsOf(tuning: Tuning, now: number): Bar[] {
  const free: number[] = [];
  return [...tuning.trainingJobs]
    .filter((trainingJob) => trainingJob.created !== null)
    .sort((a, b) => (a.created as number) - (b.created as number) || a.number - b.number)
    .map((trainingJob) => {
      const created = trainingJob.created as number;
      const running = !tuning.job.ended && trainingJob.ended === null;
      const ended = Math.max(created, trainingJob.ended ?? (running ? now : (trainingJob.started ?? created)));
      // Times come to a tenth of a second: the next one may seem to be created before the one before has ended.
      const found = free.findIndex((until) => until <= created + 0.15);
      const slot = found < 0 ? free.length : found;
      free[slot] = ended;
      const started = trainingJob.started ?? (running ? ended : created);
      return { trainingJob, slot, created, started: Math.min(Math.max(started, created), ended), ended };
    });
}

export interface Spent {
  status: string;
  seconds: number;
  /** Of all training time, from 0 to 1. */
  share: number;
}

/** What the training time went into, the largest first. */
export function spentOn(bars: Bar[]): Spent[] {
  const sums = new Map<string, number>();
  for (const { trainingJob, started, ended } of bars) sums.set(trainingJob.status, (sums.get(trainingJob.status) ?? 0) + ended - started);
  const total = [...sums.values()].reduce((sum, one) => sum + one, 0);
  return [...sums]
    .map(([status, seconds]) => ({ status, seconds, share: total ? seconds / total : 0 }))
    .filter(({ seconds }) => seconds > 0)
    .sort((a, b) => b.seconds - a.seconds);
}

/** How many trained at a time, on average, and the share of time that was spent waiting. */
export function parallelism(bars: Bar[]): { average: number; waiting: number } {
  const begin = Math.min(...bars.map(({ created }) => created));
  const end = Math.max(...bars.map(({ ended }) => ended));
  const trained = bars.reduce((sum, one) => sum + one.ended - one.started, 0);
  const waited = bars.reduce((sum, one) => sum + one.started - one.created, 0);
  return { average: end > begin ? trained / (end - begin) : 0, waiting: trained + waited ? waited / (trained + waited) : 0 };
}
