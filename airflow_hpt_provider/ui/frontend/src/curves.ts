/** Learning curves as the server sends them (see ui/curve_reader.py), and by training job. */

import type { TrainingJobRow, Tuning } from "./model";

export interface CurveColumns {
  name: string[];
  /** 1 for the first value that was reported; a long curve has not all of them. */
  numbers: number[][];
  /** Since the training job began to train, of each value. */
  seconds: number[][];
  values: number[][];
}

export interface CurvesAnswer {
  metric?: string | null;
  curves: CurveColumns;
}

export type Point = [number, number];
/** What the x axis counts. */
export type Across = "values" | "seconds";

export interface TrainingJobCurve {
  trainingJob: TrainingJobRow;
  points: Point[];
}

/** The points of a curve: its values in their order, or over time. */
export const pointsOf = ({ numbers, seconds, values }: CurveColumns, i: number, across: Across): Point[] =>
  (values[i] ?? []).map((value, k): Point => [(across === "seconds" ? seconds : numbers)[i]?.[k] ?? k + 1, value]);

/** The curves of the training jobs chosen. */
export function curvesOf(tuning: Tuning, curves: CurveColumns, across: Across, chosen: Set<number> | null): TrainingJobCurve[] {
  const at = new Map(curves.name.map((name, i) => [name, i]));
  return tuning.trainingJobs.flatMap((trainingJob) => {
    const i = at.get(trainingJob.name);
    if (i === undefined || (chosen && !chosen.has(trainingJob.number))) return [];
    return [{ trainingJob, points: pointsOf(curves, i, across) }];
  });
}
