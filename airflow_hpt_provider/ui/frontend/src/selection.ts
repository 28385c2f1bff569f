/** Which training jobs are chosen in the charts: by a zoom on the objective chart, and by ranges on the parallel axes. */

import { place } from "./charts/options";
import { number, plural } from "./format";
import type { TrainingJobRow, Tuning } from "./model";

export type Range = [number, number];

export interface Selection {
  /** Of training jobs' numbers, both ends included; null: all. */
  zoom: Range | null;
  /** Ranges on the parallel axes, by the axis's id, in the axis's own scale. */
  brushed: Record<string, Range[]>;
}

export const ALL: Selection = { zoom: null, brushed: {} };
/** The ids of the parallel axes: no hyperparameter's name can be the objective's. */
export const OBJECTIVE_AXIS = "objective";
export const axisId = (name: string): string => `hyperparameter ${name}`;

export const isAll = ({ zoom, brushed }: Selection): boolean => !zoom && !Object.values(brushed).some((ranges) => ranges.length);

/** The numbers of the training jobs chosen; null: all. */
export function chosen(tuning: Tuning, selection: Selection): Set<number> | null {
  if (isAll(selection)) return null;
  const { zoom, brushed } = selection;
  const within = (trainingJob: TrainingJobRow): boolean =>
    Object.entries(brushed).every(([id, ranges]) => {
      const at = positionOn(tuning, trainingJob, id);
      return !ranges.length || (at !== null && ranges.some(([low, high]) => at >= low && at <= high));
    });
  const found = tuning.trainingJobs.filter((trainingJob) => (!zoom || (trainingJob.number >= zoom[0] && trainingJob.number <= zoom[1])) && within(trainingJob));
  return new Set(found.map((trainingJob) => trainingJob.number));
}

/** Where a training job crosses a parallel axis. */
function positionOn(tuning: Tuning, trainingJob: TrainingJobRow, id: string): number | null {
  if (id === OBJECTIVE_AXIS) return trainingJob.metric;
  const parameter = tuning.parameters.find(({ name }) => axisId(name) === id);
  const value = parameter ? (trainingJob.values[parameter.name] ?? null) : null;
  if (!parameter || value === null) return null;
  if (parameter.kind === "categorical") return (parameter.values ?? []).indexOf(String(value));
  return place(parameter, value) as number | null;
}

/** What is chosen, in words. */
export function described(tuning: Tuning, { zoom, brushed }: Selection, count: number): string {
  const parts = [
    ...(zoom ? [`#${zoom[0]} to #${zoom[1]}`] : []),
    ...Object.entries(brushed)
      .filter(([, ranges]) => ranges.length)
      .map(([id, ranges]) => `${nameOf(tuning, id)} ${ranges.map((range) => rangeText(tuning, id, range)).join(" or ")}`),
  ];
  return `${count} of ${plural(tuning.trainingJobs.length, "training job")}: ${parts.join(", ")}`;
}

const nameOf = (tuning: Tuning, id: string): string =>
  id === OBJECTIVE_AXIS ? (tuning.job.objective?.metric ?? "objective") : id.replace("hyperparameter ", "");

function rangeText(tuning: Tuning, id: string, [low, high]: Range): string {
  const parameter = tuning.parameters.find(({ name }) => axisId(name) === id);
  if (parameter?.kind === "categorical") {
    const words = (parameter.values ?? []).filter((_, i) => i >= low && i <= high);
    return words.join(", ") || "none";
  }
  const back = (at: number): number => (parameter?.scale === "reverse_log" ? 1 - 10 ** -at : at);
  return `${number(Number(back(low).toPrecision(3)))} to ${number(Number(back(high).toPrecision(3)))}`;
}
