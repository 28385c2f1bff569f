/** Sorting of training jobs. */

import { valueOf } from "./filter";
import type { TrainingJobRow, Tuning } from "./model";

export interface Sorting {
  /** `metric`, `number`, `status`, `duration`, `headline`, or `values.NAME`. */
  column: string;
  descending: boolean;
}

/** What the best-first order is called. */
export const bestFirst = (tuning: Tuning): Sorting => ({ column: "metric", descending: !tuning.minimize });

/** Sorted; what has no value comes last whichever way, and ties stay in the order of creation. */
export function sorted(trainingJobs: TrainingJobRow[], { column, descending }: Sorting): TrainingJobRow[] {
  const value = valueOf(column);
  const sign = descending ? -1 : 1;
  return [...trainingJobs].sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === null || y === null) return x === y ? a.number - b.number : x === null ? 1 : -1;
    const order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y));
    return order * sign || a.number - b.number;
  });
}
